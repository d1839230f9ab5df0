"""The method, in one screen: a song and a reference pose in, dances out."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from hotfoot.generation.beat_lock import sync_score
from hotfoot.generation.initial import choreographed_start
from hotfoot.generation.options import (
    DanceOptions,
    PoseInput,
    SongInput,
    take_generator,
    take_keyframes,
    take_reference,
    take_song,
)
from hotfoot.generation.postprocess import PostContext, finish, postprocess
from hotfoot.generation.result import Dance, describe
from hotfoot.generation.stitch import joined_poses, stitch
from hotfoot.model.checkpoint import DEFAULT_MODEL
from hotfoot.model.generator import (
    Conditions,
    Generator,
    InitialPoses,
    Poses,
    SamplingOptions,
    Segment,
)
from hotfoot.music.analysis import SongAnalysis, analyze_song
from hotfoot.music.audio import AnySong
from hotfoot.music.encoders import get_encoder
from hotfoot.pose.references import DEFAULT_FIGURE
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import frames_in
from hotfoot.validation import build

Progress = Callable[[str, int, int], None]
"""``progress(stage, done, total)``."""


def dance(song: SongInput, reference: PoseInput = DEFAULT_FIGURE, **request: Any) -> Dance:
    """Dance to a song: the first of :func:`dances`, which takes the same arguments."""
    return dances(song, reference, **request)[0]


def dances(
    song: SongInput,
    reference: PoseInput = DEFAULT_FIGURE,
    *,
    model: str | Path | Generator = DEFAULT_MODEL,
    options: DanceOptions | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    **fields: Any,
) -> list[Dance]:
    """Dances of ``round(duration * fps)`` frames: ``variations``, or the best of ``best_of``.

    Args:
        song: path of any sound file, or samples with their rate, ``(samples, rate)``.
        reference: built-in figure, pose file, photo, video, or poses (the first frame counts).
        model: name, folder, or a loaded generator.
        options: the request.
        device: torch device.
        progress: called with stage, done, total.
        **fields: of :class:`~hotfoot.generation.options.DanceOptions`, instead of or besides it.

    Raises:
        InputError: anything wrong with the song, the reference, the model or an option.
    """
    asked = replace(options, **fields) if options else build(DanceOptions, fields)
    laps = [perf_counter()]
    opened = take_song(song, asked)
    generator = take_generator(model, device)
    config = generator.config
    strength = asked.draft_for(config)
    pose, warnings = take_reference(reference, asked, config.skeleton)
    warnings += asked.style_warnings(strength)
    body = pose.mirrored() if asked.mirror else pose
    laps.append(perf_counter())

    analysis = analyze_song(opened)
    duration = analysis.features.duration_s
    keyframes = take_keyframes(asked, duration, config.skeleton)
    laps.append(perf_counter())
    frames = frames_in(duration, config.fps)
    plan = generator.plan(frames)
    conditions = condition(generator, opened, analysis, plan, body, asked)
    sampling = asked.sampling(config, analysis.fingerprint)
    initial = choreographed_start(conditions, plan[-1].stop, config.fps, sampling, strength)
    poses = generate(generator, conditions, plan, sampling, initial, progress)
    laps.append(perf_counter())
    timings = dict(zip(("model", "music", "sampling"), np.diff(laps).tolist(), strict=True))
    said = (*analysis.features.warnings, *warnings)
    context = PostContext(analysis, body, asked.energy, config.sampling.smoothing(strength))
    steps = config.sampling.post if asked.post is None else asked.post
    known = describe(opened, asked, config, analysis)
    made = []
    for v, joined in enumerate(joined_poses(poses, conditions, config, frames)):
        finished = finish(postprocess(joined, steps, context), asked, keyframes, duration)
        moves = initial.choreography[v] if initial else ()
        facts = replace(known, seams=finished.seams, variation=v, choreography=moves)
        made.append(Dance(finished.poses, pose, opened, facts, said, timings))
    if asked.best_of > 1:
        return [max(made, key=lambda d: sync_score(d.poses, d.beats))]
    return made


def condition(
    generator: Generator, song: AnySong, analysis: SongAnalysis, plan: tuple[Segment, ...],
    reference: PoseSequence, asked: DanceOptions,
) -> Conditions:  # fmt: skip
    """Music tokens for the whole plan, one per latent column, and everything beside them."""
    config = generator.config
    encoder = get_encoder(config.music)
    tokens = encoder.encode(song, analysis, plan[-1].columns.stop, config.fps)
    energy = None if asked.energy == 1 else float(np.log2(asked.energy))
    return Conditions(analysis, tokens, reference, asked.style, energy)


def generate(
    generator: Generator,
    conditions: Conditions,
    plan: tuple[Segment, ...],
    sampling: SamplingOptions,
    initial: InitialPoses | None = None,
    progress: Progress | None = None,
) -> Poses:
    """Sample, decode and stitch, segment after segment; each continues what is there already."""
    nothing = np.zeros((sampling.variations, 0, generator.config.points, 2), np.float32)
    poses = Poses(nothing, nothing[..., 0])
    for segment in plan:

        def on_step(done: int, total: int, index: int = segment.index) -> None:
            if progress is not None:
                progress("dancing", index * total + done, len(plan) * total)

        known = poses.frames(slice(segment.start, None))
        sampled = generator.sample(conditions, segment, known, sampling, initial, on_step)
        poses = stitch(poses, segment, generator.decode(sampled, known, sampling))
    return poses
