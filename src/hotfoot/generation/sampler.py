"""Generate poses for a planned song: segment after segment in time, variations side by side."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hotfoot.baselines.codes import CodesDancer
from hotfoot.baselines.retrieval import Retrieval
from hotfoot.generation.generator import NetworkConfig
from hotfoot.generation.initial import Draft
from hotfoot.generation.plan import SegmentPlan
from hotfoot.generation.stitch import lead_in
from hotfoot.model.checkpoint import DanceModel
from hotfoot.model.codec import decode, to_lines
from hotfoot.model.conditioning import compose_reference, known_mask
from hotfoot.model.config import DiTConfig
from hotfoot.model.flow import Method, guided, interpolate, schedule, solve, velocity_from_data
from hotfoot.music.tokens import SongAnalysis
from hotfoot.pose.sequence import PoseSequence

Progress = Callable[[int, int], None]
"""``progress(done, total)`` in denoising steps."""


@dataclass(frozen=True)
class SamplingOptions:
    """Numbers of a run; ``style`` and ``energy`` (octaves) are told to networks that know them."""

    seed: int
    variations: int
    steps: int
    guidance: float
    shift: float
    solver: Method = "euler"
    style: str | None = None
    energy: float | None = None


@dataclass(frozen=True, eq=False)
class Generated:
    """Normalized poses [V, T, K, 2], confidence [V, T, K] and the frames where segments join."""

    xy: NDArray[np.float32]
    confidence: NDArray[np.float32]
    seams: tuple[int, ...]


def segment_seed(seed: int, variation: int, segment: int) -> int:
    """Seed of the noise of one segment: 63 bits of a hash, alike on every machine."""
    digest = hashlib.sha256(f"{seed}/{variation}/{segment}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


@torch.inference_mode()
def generate(
    model: DanceModel,
    plan: list[SegmentPlan],
    music: NDArray[np.float32],
    reference_xy: NDArray[np.float32],
    reference_confidence: NDArray[np.float32],
    options: SamplingOptions,
    progress: Progress | None = None,
    draft: Draft | None = None,
) -> Generated:
    """Dance a plan, from noise or from a draft.

    Args:
        model: the model.
        plan: segments, in order.
        music: tokens [columns, width] for the whole plan, computed once.
        reference_xy: static pose [K, 2], normalized by the canvas.
        reference_confidence: [K].
        options: seed, variations, steps, guidance.
        progress: called after each denoising step.
        draft: poses to begin from instead of from noise alone, for the whole plan.
    """
    config = model.config
    device = model.latent_mean.device
    count = options.variations
    total = plan[-1].start + plan[-1].length
    points = len(reference_confidence)
    xy = np.zeros((count, total, points, 2), np.float32)
    confidence = np.zeros((count, total, points), np.float32)
    shown = reference_confidence * float(config.reference)
    static = [a[:, 0] for a in to_lines(reference_xy[None], shown[None], config.codec.bins)]
    times = schedule(options.steps, options.shift)
    if draft is not None:
        begin = 1 - draft.strength
        times = (begin, *(t for t in times if t < begin - 1e-6))
    steps = len(times) - 1
    all_steps = max(1, steps * len(plan))
    for number, part in enumerate(plan):
        known = slice(part.start, part.start + part.known)
        lines = to_lines(xy[:, known], confidence[:, known], config.codec.bins)
        center, value = (
            compose_reference(
                torch.from_numpy(line),
                torch.from_numpy(still).expand(count, -1),
                part.length,
            ).to(device)
            for line, still in zip(lines, static, strict=True)
        )
        same = part.known == 0  # then all variations share one reference image
        reference = model.encode(center[:1], value[:1]) if same else model.encode(center, value)
        reference = reference.expand(count, -1, -1, -1)
        rows, columns = reference.shape[2:]
        mask = known_mask(part.known, rows, columns).expand(count, -1, -1, -1).to(device)
        first = part.first_column
        tokens = torch.from_numpy(music[first : first + columns]).to(device)
        noise = torch.stack(
            [
                torch.randn(
                    reference.shape[1:],
                    generator=torch.Generator().manual_seed(segment_seed(options.seed, v, number)),
                )
                for v in range(count)
            ]
        ).to(device)

        def tick(step: int, number: int = number) -> None:
            if progress is not None:
                progress(number * steps + step, all_steps)

        velocity = _velocity(model, reference, mask, tokens.expand(count, -1, -1), options)
        if draft is not None:
            noise = interpolate(
                _encoded(model, draft, part), noise, torch.full((count,), times[0], device=device)
            )
        latent = solve(velocity, noise, times, options.solver, tick)
        for v in range(count):
            start = None
            if part.known:
                seen = value[v, :, 0].cpu().numpy() > 0
                start = np.where(seen, center[v, :, 0].cpu().numpy(), np.nan).astype(np.float32)
            # One at a time: images are large.
            image = model.decode(latent[v : v + 1])[0].float().cpu().numpy()
            new_xy, new_conf = decode(image, config.codec, start=start)
            new_conf = (new_conf >= config.codec.visible_above).astype(np.float32)
            fresh = slice(part.start + part.known, part.start + part.length)
            xy[v, fresh] = lead_in(new_xy, new_conf, xy[v, known], confidence[v, known])
            confidence[v, fresh] = new_conf[part.known :]
    seams = tuple(p.start + p.known for p in plan[1:])
    return Generated(xy, confidence, seams)


def _encoded(model: DanceModel, draft: Draft, part: SegmentPlan) -> Tensor:
    """Latents [V, C, R, U] of a draft's segment."""
    frames = slice(part.start, part.start + part.length)
    bins, device = model.config.codec.bins, model.latent_mean.device
    out = []
    for xy, confidence in zip(draft.xy[:, frames], draft.confidence[:, frames], strict=True):
        lines = to_lines(xy, confidence, bins)
        center, value = (torch.from_numpy(line)[None].to(device) for line in lines)
        out.append(model.encode(center, value))
    return torch.cat(out)


def baseline_dances(
    dancer: Retrieval | CodesDancer,
    analysis: SongAnalysis,
    music: NDArray[np.float32],
    frames: int,
    reference: PoseSequence,
    options: SamplingOptions,
    progress: Progress | None = None,
) -> Generated:
    """Dance with a baseline; it makes the whole song at once, one variation after the other."""
    made: list[NDArray[np.float32]] = []
    seams: tuple[int, ...] = ()
    for v in range(options.variations):
        seed = segment_seed(options.seed, v, 0)
        if isinstance(dancer, Retrieval):
            rng = np.random.default_rng(seed)
            xy, seams = dancer.dance_variation(analysis, frames, reference, rng)
        else:
            xy = dancer.dance_variation(music, frames, reference, seed)
        made.append((xy / np.asarray(reference.canvas)).astype(np.float32))
        if progress is not None:
            progress(v + 1, options.variations)
    xy = np.stack(made)
    shown = np.broadcast_to(reference.confidence[0] > 0, xy.shape[:3])
    return Generated(xy, shown.astype(np.float32), seams)


def _velocity(
    model: DanceModel, reference: Tensor, mask: Tensor, music: Tensor, options: SamplingOptions
) -> Callable[[Tensor, float], Tensor]:
    """Guided velocity function of one segment; both sides of the guidance in one pass."""
    count = len(reference)
    dit, predicts_data = model.dit, model.config.dit.prediction == "data"
    wishes = _wishes(model.config.dit, options, reference.device)

    def evaluate(x: Tensor, t: float, drop: Tensor) -> Tensor:
        repeat = len(drop) // count
        tiled = [a.repeat(repeat, *[1] * (a.ndim - 1)) for a in (x, reference, mask, music)]
        time = torch.full((len(drop),), t, device=x.device)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=_use_bf16(x)):
            told = [torch.where(drop, none, w) for w, none in zip(wishes, _NO_WISH, strict=False)]
            out = dit(tiled[0], time, tiled[1], tiled[2], tiled[3], drop, *told).float()
        return velocity_from_data(tiled[0], out, time) if predicts_data else out

    keep = torch.zeros(count, dtype=torch.bool, device=reference.device)
    if options.guidance == 1:
        return lambda x, t: evaluate(x, t, keep)
    both = torch.cat([keep, ~keep])
    halves: dict[float, tuple[Tensor, Tensor]] = {}

    def conditional(x: Tensor, t: float) -> Tensor:
        return halves.pop(t)[0] if t in halves else evaluate(x, t, keep)

    def unconditional(x: Tensor, t: float) -> Tensor:
        halves[t] = evaluate(x, t, both).tensor_split(2)  # type: ignore[assignment]
        return halves[t][1]

    return guided(conditional, unconditional, options.guidance)


_NO_WISH = (0, float("nan"))


def _wishes(
    config: NetworkConfig, options: SamplingOptions, device: torch.device
) -> tuple[Tensor, ...]:
    """Style and energy as the network is told them, [1] each; nothing for networks without."""
    if not isinstance(config, DiTConfig):
        return ()
    known = options.style in config.styles
    style = 1 + config.styles.index(str(options.style)) if known else _NO_WISH[0]
    energy = _NO_WISH[1] if options.energy is None else options.energy
    return torch.tensor([style], device=device), torch.tensor([energy], device=device)


def _use_bf16(x: Tensor) -> bool:
    """bf16 on GPUs, and on processors that multiply it natively (AVX-512 bf16, AMX)."""
    return x.device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
