"""What a request brings in: the song, the reference pose, keyframes, a generator, a device."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from hotfoot.capture.reference import open_reference
from hotfoot.errors import AudioError, OptionError
from hotfoot.generation.options import DanceOptions, PoseInput
from hotfoot.model.generator import Generator
from hotfoot.music.audio import AnySong, SampledSong, Song, open_song, song_from_samples
from hotfoot.pose.references import check_reference
from hotfoot.pose.sequence import PoseSequence

SongInput = str | Path | tuple[Any, float] | AnySong
"""A path, samples with their rate in Hz ([N] or [channels, N]), or a song that is open."""

Keyframes = list[tuple[float, PoseSequence]]
"""Seconds, and the poses that the dance passes through there."""


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
