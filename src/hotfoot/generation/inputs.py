"""What a request brings in: the song, the reference pose, keyframes, a generator, a device."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from hotfoot.capture.reference import open_reference
from hotfoot.errors import AudioError, OptionError
from hotfoot.generation.options import DanceOptions
from hotfoot.model.generator import Generator
from hotfoot.music.audio import Song, open_song
from hotfoot.music.samples import AnySong, SampledSong, song_from_samples
from hotfoot.pose.references import check_reference
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence

SongInput = str | Path | tuple[Any, float] | AnySong
"""A path, samples with their rate in Hz ([N] or [channels, N]), or a song that is open."""
PoseInput = str | Path | PoseSequence
"""A built-in figure, a pose file, a photo, a video, or poses, whose first frame counts."""


def take_song(song: SongInput, options: DanceOptions) -> AnySong:
    """The song, or the part of it that is asked for.

    Raises:
        AudioError: it is neither a path nor samples with a rate, or cannot be danced to.
    """
    if isinstance(song, Song | SampledSong):
        return song
    if isinstance(song, str | Path):
        return open_song(Path(song), options.start, options.end)
    if isinstance(song, tuple) and len(song) == 2:
        samples, rate = song
        return song_from_samples(samples, rate, start_s=options.start, end_s=options.end)
    raise AudioError(
        f"the song is given as {type(song).__name__}",
        "Give the path of a sound file, or a tuple of samples [N] or [channels, N] and their rate.",
    )


def take_reference(
    reference: PoseInput, options: DanceOptions, skeleton: str
) -> tuple[PoseSequence, list[str]]:
    """One frame on the canvas that is asked for, and warnings.

    Raises:
        PoseError: nobody is seen, or only a part that cannot be danced by.
    """
    pose, name = _open_pose(reference, "the reference", skeleton)
    if options.size is not None:
        pose = pose.with_canvas(options.size)
    warnings = check_reference(pose, name)
    # Detectors are more or less sure; models know seen and not seen, unless values are asked for.
    seen = pose.confidence >= VISIBLE_FROM
    kept = np.where(seen, pose.confidence, 0) if options.confidence == "values" else seen
    return replace(pose, confidence=kept.astype(np.float32)), warnings


def take_keyframes(
    options: DanceOptions, duration_s: float, skeleton: str
) -> list[tuple[float, PoseSequence]]:
    """Seconds and poses that the dance passes through.

    Raises:
        OptionError: a time outside the dance.
        PoseError: a pose that cannot be read.
    """
    for second, _ in options.keyframes:
        if second > duration_s:
            raise OptionError(
                f"keyframes has one at {second:g} s",
                f"The dance lasts from 0 to {duration_s:.2f} s.",
            )
    return [(t, _open_pose(pose, "a keyframe", skeleton)[0]) for t, pose in options.keyframes]


def _open_pose(pose: PoseInput, called: str, skeleton: str) -> tuple[PoseSequence, str]:
    """One frame of this skeleton, and what to call it in messages."""
    if isinstance(pose, PoseSequence):
        return pose.frames(0, 1).to_skeleton(skeleton), called
    return open_reference(pose, skeleton=skeleton), Path(pose).name


def take_generator(model: str | Path | Generator, device: str) -> Generator:
    """A generator by name or folder; one that is loaded stays as it is.

    Raises:
        ModelError: none there, or damaged.
        OptionError: a device that torch cannot use.
    """
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
