"""The one request, of Python and of the command line: what is asked of a dance, and its inputs."""

import itertools
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from hotfoot.capture.people import open_reference
from hotfoot.choreography.arrange import STYLES
from hotfoot.errors import AudioError, OptionError
from hotfoot.model.config import GeneratorConfig, PostStep
from hotfoot.model.generator import Generator, SamplingOptions, segment_seed
from hotfoot.music.audio import AnySong, SampledSong, Song, open_song, song_from_samples
from hotfoot.pose.references import check_reference
from hotfoot.pose.sequence import PoseSequence
from hotfoot.validation import validated

PoseInput = str | Path | PoseSequence
"""A built-in figure, a pose file, a photo, a video, or poses, whose first frame counts."""

SongInput = str | Path | tuple[Any, float] | AnySong
"""A path, samples with their rate in Hz ([N] or [channels, N]), or a song that is open."""

Keyframes = list[tuple[float, PoseSequence]]
"""Seconds, and the poses that the dance passes through there."""

_Side = Annotated[int, Field(ge=16, le=4096)]
_Count = Annotated[int, Field(ge=1, le=64)]
_Second = Annotated[float, Field(ge=0, lt=1e6)]
_APART_S = 0.1


@validated
class DanceOptions:
    """A request.

    Attributes:
        seed: same seed, same dance.
        variations: so many dances, each different.
        best_of: make so many and keep the one most on the beat.
        start, end: the part of the song, in seconds; None is its end.
        fps: frames per second of the result; None is the model's.
        size: (width, height) of the canvas; None is the reference's.
        steps: denoising steps, more is finer and slower; None is the model's.
        guidance: weight of the music, 1 is plain; None is the model's.
        keyframes: (second, pose) pairs to pass through: files, built-in figures, PoseSequences.
        loop, mirror: end where it begins; exchange left and right.
        style: of the dance; None for any.
        energy: size of movement, 1 as learned.
        draft: how far the choreographer's draft leads, 0 to 1 (it alone); None is the model's.
        post: repairs to run afterwards, in this order, of
            :data:`hotfoot.generation.postprocess.STEPS`; None is the model's.
        confidence: of keypoints: 0 and 1, or values in 0..1 as the reference and the network say.
    """

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    variations: _Count = 1
    best_of: _Count = 1
    start: _Second = 0.0
    end: _Second | None = None
    fps: Annotated[float, Field(ge=1, le=240)] | None = None
    size: Annotated[tuple[_Side, _Side], Field(strict=False)] | None = None
    steps: Annotated[int, Field(ge=1, le=1000)] | None = None
    guidance: Annotated[float, Field(ge=0, le=20)] | None = None
    keyframes: Annotated[tuple[tuple[_Second, PoseInput], ...], Field(strict=False)] = ()
    loop: bool = False
    mirror: bool = False
    style: str | None = None
    energy: Annotated[float, Field(ge=0.25, le=1.5)] = 1.0
    draft: Annotated[float, Field(ge=0, le=1)] | None = None
    post: Annotated[tuple[PostStep, ...], Field(strict=False)] | None = None
    confidence: Literal["binary", "values"] = "binary"

    def __post_init__(self) -> None:
        if self.variations > 1 and self.best_of > 1:
            raise ValueError("variations and best_of are both above 1: ask for one of them")
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"end is {self.end:g}: it must lie after start, {self.start:g}")
        if self.size is not None and max(self.size) > 8 * min(self.size):
            raise ValueError(f"size is {self.size}: one side may be at most 8 times the other")
        times = sorted(t for t, _ in self.keyframes)
        if any(b - a < _APART_S for a, b in itertools.pairwise(times)):
            raise ValueError(f"keyframes: two are within {_APART_S} s of each other")

    def to_json(self) -> dict[str, Any]:
        """What a result remembers of the request; poses are named, not copied."""
        named = [(t, "poses" if isinstance(p, PoseSequence) else str(p)) for t, p in self.keyframes]
        facts = asdict(self) | {"keyframes": named}
        return {k: v for k, v in facts.items() if v is not None}

    def sampling(self, config: GeneratorConfig, fingerprint: int = 0) -> SamplingOptions:
        """Numbers of the run: what is asked for, else what the model likes.

        The song's ``fingerprint`` enters the seed, so that one seed dances songs differently.
        """
        likes = config.sampling
        return SamplingOptions(
            seed=segment_seed(self.seed, fingerprint, 0),
            variations=max(self.variations, self.best_of),
            steps=likes.steps if self.steps is None else self.steps,
            guidance=likes.guidance if self.guidance is None else self.guidance,
            shift=likes.shift,
            solver=likes.solver,
            confidence=self.confidence,
        )

    def style_warnings(self, strength: float) -> list[str]:
        """What the user should know of a style that the network knows and drafts do not."""
        if not strength or self.style is None or self.style in STYLES:
            return []
        return [
            f"the draft is danced freestyle: it knows {', '.join(STYLES)}; with draft 0 the "
            f"network dances {self.style} by itself"
        ]

    def draft_for(self, config: GeneratorConfig) -> float:
        """How far a draft leads a generator; OptionError if it cannot dance what is asked for."""
        strength = config.sampling.draft if self.draft is None else self.draft
        if self.draft is None and self.style in STYLES and self.style not in config.styles:
            strength = max(strength, config.sampling.style_draft)
        if strength and not config.takes_initial_poses:
            raise OptionError(
                f"draft is {strength:g}: {config.name} does not dance from drafts", "Leave it out."
            )
        known = tuple(dict.fromkeys((*(STYLES if strength else ()), *config.styles)))
        if self.style is not None and self.style not in known:
            hint = f"{config.name} knows no styles without a draft: raise draft."
            if known:
                hint = f"{config.name} knows {', '.join(known)}."
            raise OptionError(f"style is '{self.style}'", hint)
        return strength


def take_song(song: SongInput, options: DanceOptions) -> AnySong:
    """The song, or the part of it that is asked for; AudioError if it cannot be danced to."""
    if isinstance(song, Song | SampledSong):
        return song
    if isinstance(song, str | Path):
        return open_song(Path(song), options.start, options.end)
    if isinstance(song, tuple) and len(song) == 2:
        return song_from_samples(*song, start_s=options.start, end_s=options.end)
    raise AudioError(
        f"the song is given as {type(song).__name__}",
        "Give the path of a sound file, or a tuple of samples [N] or [channels, N] and their rate.",
    )


def take_reference(
    reference: PoseInput, options: DanceOptions, skeleton: str
) -> tuple[PoseSequence, list[str]]:
    """One frame on the canvas that is asked for, and warnings; PoseError if it cannot dance."""
    pose = _open_pose(reference, skeleton)
    if options.size is not None:
        pose = pose.with_canvas(options.size)
    name = "the reference" if isinstance(reference, PoseSequence) else Path(reference).name
    warnings = check_reference(pose, name)
    # Detectors are more or less sure; models know seen and not seen, unless values are asked for.
    shown = pose.binary()
    if options.confidence == "values":
        shown = replace(shown, confidence=shown.confidence * pose.confidence)
    return shown, warnings


def take_keyframes(options: DanceOptions, duration_s: float, skeleton: str) -> Keyframes:
    """Opened keyframes; OptionError for a time outside the dance, PoseError for a wrong pose."""
    late = [t for t, _ in options.keyframes if t > duration_s]
    if late:
        lasts = f"The dance lasts from 0 to {duration_s:.2f} s."
        raise OptionError(f"keyframes has one at {late[0]:g} s", lasts)
    return [(t, _open_pose(pose, skeleton)) for t, pose in options.keyframes]


def _open_pose(pose: PoseInput, skeleton: str) -> PoseSequence:
    if isinstance(pose, PoseSequence):
        return pose.frames(0, 1).to_skeleton(skeleton)
    return open_reference(pose, skeleton=skeleton)


def take_generator(model: str | Path | Generator, device: str) -> Generator:
    """A generator by name or folder (ModelError if damaged); one that is loaded stays as it is."""
    if not isinstance(model, str | Path):
        return model
    check_device(device)
    from hotfoot.generation.generator import load_generator

    return load_generator(model, device)


def check_device(device: str) -> None:
    """Raise OptionError unless torch can compute there."""
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise OptionError(
            f"device is '{device}': it cannot be used ({str(error).splitlines()[0]})",
            "Allowed: cpu, or cuda, cuda:1, mps where this torch and this machine have them.",
        ) from error
