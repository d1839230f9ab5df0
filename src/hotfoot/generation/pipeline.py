"""The public ``dance()``: song and reference in, dance out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotfoot.capture.reference import open_reference
from hotfoot.choreography.arrange import STYLES
from hotfoot.errors import OptionError
from hotfoot.generation.beat_lock import lock_to_beats
from hotfoot.generation.energy import movement_gain, scaled_movement
from hotfoot.generation.plan import plan_segments, planned_columns
from hotfoot.generation.result import Dance
from hotfoot.music.audio import open_song
from hotfoot.music.tokens import ENCODERS, analyze_song, encode_song
from hotfoot.pose.proportions import keep_proportions
from hotfoot.pose.references import DEFAULT_FIGURE, check_reference
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.smoothing import smoothed, without_flicker
from hotfoot.timebase import frames_in

if TYPE_CHECKING:
    from hotfoot.baselines.codes import CodesDancer
    from hotfoot.baselines.common import BaselineConfig
    from hotfoot.baselines.retrieval import Retrieval
    from hotfoot.generation.initial import Draft
    from hotfoot.generation.sampler import SamplingOptions
    from hotfoot.model.checkpoint import DanceModel, ModelConfig
    from hotfoot.music.tokens import SongAnalysis

    AnyDancer = DanceModel | Retrieval | CodesDancer

Progress = Callable[[str, int, int], None]
"""``progress(stage, done, total)``."""


def dance(
    song: str | Path,
    reference: str | Path | PoseSequence = DEFAULT_FIGURE,
    *,
    model: str | Path | AnyDancer = "default",
    seed: int = 0,
    start: float = 0.0,
    end: float | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    mirror: bool = False,
    beat_lock: bool = True,
    energy: float = 1.0,
    draft: float | None = None,
    style: str | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Dance:
    """Dance to a song.

    Args:
        song: any sound file.
        reference: built-in figure, pose file, photo, video, or a pose (its first frame counts).
        model: name, folder, or a loaded model.
        seed: same seed, same dance.
        start: seconds of the song to begin at.
        end: seconds of the song to end at.
        fps: frames per second of the result; default is the model's.
        size: (width, height) of the canvas; default is the reference's.
        steps: denoising steps; more is finer and slower.
        guidance: weight of the music, 1 is plain.
        mirror: exchange left and right.
        beat_lock: retime the dance so that its accents fall on beats.
        energy: size of movement, 1 as learned; either way it is larger where the song is loud.
        draft: how far the choreographer's draft leads: 0 is noise alone (the paper's method), 1 the
            draft itself; default is the model's.
        style: of the draft (freestyle, hip-hop, latin, disco, jumpstyle, lyrical) and of the
            network, which may know more (``model.config.dit.styles``).
        device: torch device.
        progress: called with stage, done, total.

    Returns:
        The dance, ``round(duration * fps)`` frames.

    Raises:
        InputError: anything wrong with the song, the reference, the model or an option.
    """
    return variations(
        song, reference, 1, model=model, seed=seed, start=start, end=end, fps=fps, size=size,
        steps=steps, guidance=guidance, mirror=mirror, beat_lock=beat_lock, energy=energy,
        draft=draft, style=style, device=device, progress=progress,
    )[0]  # fmt: skip


def variations(
    song: str | Path,
    reference: str | Path | PoseSequence = DEFAULT_FIGURE,
    count: int = 2,
    *,
    model: str | Path | AnyDancer = "default",
    seed: int = 0,
    start: float = 0.0,
    end: float | None = None,
    fps: float | None = None,
    size: tuple[int, int] | None = None,
    steps: int | None = None,
    guidance: float | None = None,
    mirror: bool = False,
    beat_lock: bool = True,
    energy: float = 1.0,
    draft: float | None = None,
    style: str | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[Dance]:
    """Several dances to one song, generated side by side. Arguments as for :func:`dance`."""
    check_options(count, seed, fps, size, steps, guidance, energy, draft)
    check_device(device)
    say = progress or (lambda stage, done, total: None)
    opened = open_song(Path(song), start, end)
    pose, warnings = _reference(reference, size)
    from hotfoot.baselines.codes import CodesDancer
    from hotfoot.baselines.retrieval import Retrieval
    from hotfoot.generation.sampler import SamplingOptions, baseline_dances, generate
    from hotfoot.model.checkpoint import DanceModel, load_dancer

    clock = [time.perf_counter()]
    loaded = (
        model
        if isinstance(model, DanceModel | Retrieval | CodesDancer)
        else load_dancer(model, device)
    )
    config = loaded.config
    strength = check_style(style, draft, config)
    clock.append(time.perf_counter())
    say("listening", 0, 1)
    analysis = analyze_song(opened)
    say("listening", 1, 1)
    clock.append(time.perf_counter())
    duration = analysis.features.duration_s
    made = frames_in(duration, config.fps)
    plan = plan_segments(made, config.frames, config.overlap)
    encoder = ENCODERS[config.music]()
    music = encode_song(encoder, opened, analysis, planned_columns(plan), config.fps)
    chosen = config.sampling
    options = SamplingOptions(
        seed=seed,
        variations=count,
        steps=steps or chosen.steps,
        guidance=chosen.guidance if guidance is None else guidance,
        shift=chosen.shift,
        solver=chosen.solver,  # type: ignore[arg-type]
        style=style,
        energy=None if energy == 1 else float(np.log2(energy)),
    )
    if mirror:
        pose = pose.mirrored()

    def tick(done: int, total: int) -> None:
        say("dancing", done, total)

    if isinstance(loaded, DanceModel):
        drafts = None
        if strength:
            frames = plan[-1].start + plan[-1].length
            drafts = _drafts(
                analysis,
                frames,
                config.fps,
                pose,
                options,
                style if style in STYLES else "freestyle",
                strength,
            )
            if style is not None and style not in STYLES:
                warnings.append(
                    f"the draft is danced freestyle: it knows {', '.join(STYLES)}; with --draft 0 "
                    f"the network dances {style} by itself"
                )
        generated = generate(
            loaded, plan, music, pose.normalized[0], pose.confidence[0], options, tick, drafts
        )
    else:
        generated = baseline_dances(loaded, analysis, music, made, pose, options, tick)
    clock.append(time.perf_counter())
    stages = ("model", "music", "sampling")
    timings = {s: b - a for s, a, b in zip(stages, clock[:-1], clock[1:], strict=True)}
    dances = []
    for v in range(count):
        poses = PoseSequence(
            generated.xy[v, :made] * np.asarray(pose.canvas, np.float32),
            generated.confidence[v, :made],
            config.fps,
            pose.canvas,
            config.skeleton,
        )
        poses = smoothed(without_flicker(poses), chosen.smoothing(strength))
        gain = movement_gain(analysis.features.loudness_db, made, config.fps, energy)
        poses = scaled_movement(poses, gain)
        poses = keep_proportions(poses, pose)
        seams = tuple(s for s in generated.seams if s < made)
        if beat_lock:
            poses, seams = lock_to_beats(poses, analysis.rhythm.beats, seams)
        if mirror:
            poses = poses.mirrored()
        if fps is not None and fps != config.fps:
            poses = _exactly(poses.resampled(fps), frames_in(duration, fps))
            seams = tuple(round(s * fps / config.fps) for s in seams)
        dances.append(
            Dance(
                poses=poses,
                reference=pose.mirrored() if mirror else pose,
                beats=analysis.rhythm.beats,
                seams=seams,
                seed=seed,
                variation=v,
                model=config.name,
                song=opened,
                tempo_bpm=analysis.rhythm.tempo_bpm,
                warnings=(*analysis.features.warnings, *warnings),
                timings=timings,
            )
        )
    return dances


def _reference(
    reference: str | Path | PoseSequence, size: tuple[int, int] | None
) -> tuple[PoseSequence, list[str]]:
    if isinstance(reference, PoseSequence):
        pose, name = reference.frames(0, 1).to_skeleton("body-18"), "the reference"
    else:
        pose, name = open_reference(reference), Path(reference).name
    if size is not None:
        pose = pose.with_canvas(size)
    warnings = check_reference(pose.confidence[0], pose.normalized[0], name)
    # Detectors are more or less sure; the model knows seen and not seen.
    seen = (pose.confidence >= VISIBLE_FROM).astype(np.float32)
    return replace(pose, confidence=seen), warnings


def _drafts(
    analysis: SongAnalysis, frames: int, fps: float, pose: PoseSequence, options: SamplingOptions,
    style: str, strength: float,
) -> Draft:  # fmt: skip
    """A draft for each variation."""
    from hotfoot.generation.initial import Draft, draft_dance
    from hotfoot.generation.sampler import segment_seed

    made = [
        draft_dance(analysis, frames, fps, pose, segment_seed(options.seed, v, -1), style)
        for v in range(options.variations)
    ]
    xy, confidence = (np.stack(parts) for parts in zip(*made, strict=True))
    return Draft(xy, confidence, strength)


def _exactly(poses: PoseSequence, frames: int) -> PoseSequence:
    if len(poses) == frames:
        return poses
    index = np.minimum(np.arange(frames), len(poses) - 1)
    return replace(poses, keypoints=poses.keypoints[index], confidence=poses.confidence[index])


def check_style(
    style: str | None, draft: float | None, config: ModelConfig | BaselineConfig
) -> float:
    """How far drafts lead this model; OptionError for a style that nothing here can dance.

    The choreographer gives its styles to drafts, and networks know those they were trained with.
    """
    if not hasattr(config, "dit"):
        if draft is not None or style is not None:
            raise OptionError(
                f"{config.name} does not dance from drafts", "Leave --draft and --style away."
            )
        return 0.0
    strength = config.sampling.draft if draft is None else draft
    own = tuple(getattr(config.dit, "styles", ()))
    known = tuple(dict.fromkeys((*(STYLES if strength else ()), *own)))
    if style is not None and style not in known:
        raise OptionError(
            f"unknown style '{style}'" if known else "--style without a draft",
            f"{config.name} knows {', '.join(known)}."
            if known
            else "Only drafts have styles here: raise --draft, or take another model.",
        )
    return strength


def check_device(device: str) -> None:
    """Raise OptionError unless torch can compute there."""
    import torch

    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise OptionError(
            f"--device {device} cannot be used ({str(error).splitlines()[0]})",
            "Allowed: cpu, or cuda, cuda:1, mps where this torch and this machine have them.",
        ) from error


def check_options(
    count: int,
    seed: int,
    fps: float | None,
    size: tuple[int, int] | None,
    steps: int | None,
    guidance: float | None,
    energy: float = 1.0,
    draft: float | None = None,
) -> None:
    """Raise OptionError for values that make no sense."""
    if not 1 <= count <= 64:
        raise OptionError(f"{count} variations asked for", "Allowed: 1 to 64.")
    if not 0 <= seed < 2**63:
        raise OptionError(f"--seed is {seed}", "Allowed: 0 to 2^63 - 1.")
    if fps is not None and not (np.isfinite(fps) and 1 <= fps <= 240):
        raise OptionError(f"--fps is {fps:g}", "Allowed: 1 to 240.")
    if size is not None and not (
        min(size) >= 16 and max(size) <= 4096 and max(size) <= 8 * min(size)
    ):
        raise OptionError(
            f"--size is {size[0]}x{size[1]}",
            "Allowed: sides of 16 to 4096 pixels, one at most 8 times the other.",
        )
    if steps is not None and not 1 <= steps <= 1000:
        raise OptionError(f"--steps is {steps}", "Allowed: 1 to 1000.")
    if guidance is not None and not (np.isfinite(guidance) and 0 <= guidance <= 20):
        raise OptionError(f"--guidance is {guidance:g}", "Allowed: 0 to 20.")
    if not (np.isfinite(energy) and 0.25 <= energy <= 1.5):
        raise OptionError(f"--energy is {energy:g}", "Allowed: 0.25 to 1.5; 1 is as learned.")
    if draft is not None and not (np.isfinite(draft) and 0 <= draft <= 1):
        raise OptionError(f"--draft is {draft:g}", "Allowed: 0 (noise alone) to 1 (the draft).")
