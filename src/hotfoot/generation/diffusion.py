"""Our generator: a transformer draws latents of one-hot pose images, a VAE decodes them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hotfoot.baselines.edge import EdgeDecoder
from hotfoot.model.codec import decode, to_lines
from hotfoot.model.conditioning import compose_reference, known_mask
from hotfoot.model.config import DiffusionConfig
from hotfoot.model.dit import DanceDiT
from hotfoot.model.flow import guided, interpolate, schedule, solve, velocity_from_data
from hotfoot.model.generator import (
    Conditions,
    InitialPoses,
    OnStep,
    Poses,
    SamplingOptions,
    Segment,
    plan_segments,
    segment_seed,
)
from hotfoot.model.vae import PoseVAE
from hotfoot.pose.framing import Framing, body_framing, completed
from hotfoot.pose.sequence import PoseSequence

Network = DanceDiT | EdgeDecoder


@dataclass(frozen=True, eq=False)
class Sampled:
    """Latents [V, C', R, U] of a segment, and what the decoder must know besides.

    Attributes:
        latent: standardized.
        framing: where on the canvas its poses are.
        shown: joints [K] that the dance shows.
    """

    latent: Tensor
    framing: Framing
    shown: NDArray[np.bool_]


class DiffusionGenerator(nn.Module):
    """A VAE, a transformer and the statistics of the latents; a ``Generator``.

    Args:
        config: facts.
        vae: encodes and decodes one-hot images.
        dit: the transformer, or the EDGE-style decoder on raw coordinates.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: DiffusionConfig, vae: PoseVAE, dit: Network) -> None:
        super().__init__()
        self.config = config
        self.vae = vae
        self.dit = dit
        repeat = vae.latent_channels(2 * config.points) // len(config.latent_mean)
        for name in ("latent_mean", "latent_std"):
            values = torch.tensor(getattr(config, name)).repeat(repeat)[:, None, None]
            self.register_buffer(name, values, persistent=False)

    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] to standardized latents [B, C', R, T / 8]."""
        return (self.vae.encode_lines(center, value) - self.latent_mean) / self.latent_std

    def decode_latent(self, latent: Tensor) -> Tensor:
        """Standardized latents [B, C', R, U] to one-hot images [B, C, W, 8 U]."""
        return self.vae.decode(latent * self.latent_std + self.latent_mean, 2 * self.config.points)

    def plan(self, frames: int) -> tuple[Segment, ...]:
        """Segments of the length that it was trained on."""
        return plan_segments(frames, self.config.frames, self.config.overlap)

    @torch.inference_mode()
    def sample(
        self, conditions: Conditions, segment: Segment, known: Poses, options: SamplingOptions,
        initial: InitialPoses | None, on_step: OnStep,
    ) -> Sampled:  # fmt: skip
        """Latents of one segment, from noise or from initial poses."""
        device = self.latent_mean.device
        framing, pose, shown = self._framing(conditions.reference)
        reference, mask = self._reference(pose, framing, segment, known)
        tokens = torch.from_numpy(conditions.tokens[segment.columns]).to(device)
        music = tokens.expand(len(reference), -1, -1)
        noise = self._noise(reference, segment, options)
        times = schedule(options.steps, options.shift)
        if initial is not None:
            begin = 1 - initial.strength
            times = (begin, *(t for t in times if t < begin - 1e-6))
            part = initial.poses.frames(slice(segment.start, segment.stop))
            latent = self._encode(part, framing)
            t = torch.full((len(noise),), times[0], device=device)
            noise = interpolate(latent, noise, t)
        steps = len(times) - 1
        velocity = self._velocity(reference, mask, music, conditions, options.guidance)
        latent = solve(velocity, noise, times, options.solver, lambda done: on_step(done, steps))
        return Sampled(latent, framing, shown)

    @torch.inference_mode()
    def decode(self, sampled: Sampled, known: Poses, options: SamplingOptions) -> Poses:
        """Poses of latents; the path of each coordinate continues the known frames."""
        codec = self.config.codec
        xy, confidence = [], []
        for v in range(len(sampled.latent)):  # one at a time: images are large
            start = None
            if known.xy.shape[1]:
                placed = sampled.framing.into(known.xy[v])
                center, value = to_lines(placed, known.confidence[v], codec.bins)
                start = np.where(value[:, 0] > 0, center[:, 0], np.nan).astype(np.float32)
            image = self.decode_latent(sampled.latent[v : v + 1])[0].float().cpu().numpy()
            at, sure = decode(image, codec, start=start)
            seen = (sure >= codec.visible_above) & sampled.shown
            kept = np.where(seen, sure, 0) if options.confidence == "values" else seen
            xy.append(sampled.framing.out_of(at))
            confidence.append(kept.astype(np.float32))
        return Poses(np.stack(xy), np.stack(confidence))

    def _framing(self, pose: PoseSequence) -> tuple[Framing, PoseSequence, NDArray[np.bool_]]:
        """Where poses are drawn, the reference as the network sees it, the joints that it shows."""
        if self.config.framing == "canvas":
            return Framing(), pose, np.ones(self.config.points, bool)
        return body_framing(pose), completed(pose), pose.confidence[0] > 0

    def _reference(
        self, pose: PoseSequence, framing: Framing, segment: Segment, known: Poses
    ) -> tuple[Tensor, Tensor]:
        """Latents [V, C', R, U] and mask [V, 8, R, U] of the reference image."""
        bins, device, count = self.config.codec.bins, self.latent_mean.device, len(known.xy)
        shown = pose.confidence[:1] * float(self.config.reference)
        static = [line[:, 0] for line in to_lines(framing.into(pose.normalized[:1]), shown, bins)]
        lines = to_lines(framing.into(known.xy), known.confidence, bins)
        center, value = (
            compose_reference(
                torch.from_numpy(line), torch.from_numpy(still).expand(count, -1), segment.length
            ).to(device)
            for line, still in zip(lines, static, strict=True)
        )
        alike = segment.known == 0  # then all variations share one reference image
        reference = (
            self.encode_lines(center[:1], value[:1]) if alike else self.encode_lines(center, value)
        )
        reference = reference.expand(count, -1, -1, -1)
        mask = known_mask(segment.known, *reference.shape[2:]).expand(count, -1, -1, -1)
        return reference, mask.to(device)

    def _noise(self, like: Tensor, segment: Segment, options: SamplingOptions) -> Tensor:
        """Initial noise of the shape of ``like``, from the seed alone."""
        parts = []
        for v in range(len(like)):
            generator = torch.Generator().manual_seed(segment_seed(options.seed, v, segment.index))
            parts.append(torch.randn(like.shape[1:], generator=generator))
        return torch.stack(parts).to(like.device)

    def _encode(self, poses: Poses, framing: Framing) -> Tensor:
        """Latents [V, C', R, U] of poses."""
        lines = to_lines(framing.into(poses.xy), poses.confidence, self.config.codec.bins)
        device = self.latent_mean.device
        center, value = (torch.from_numpy(line).to(device) for line in lines)
        return torch.cat(
            [self.encode_lines(center[v : v + 1], value[v : v + 1]) for v in range(len(center))]
        )

    def _velocity(
        self, reference: Tensor, mask: Tensor, music: Tensor, conditions: Conditions,
        guidance: float,
    ) -> Callable[[Tensor, float], Tensor]:  # fmt: skip
        """Guided velocity function of one segment; both sides of the guidance in one pass."""
        count, device = len(reference), reference.device
        style, energy = self._labels(conditions, device)

        def evaluate(x: Tensor, t: float, drop: Tensor) -> Tensor:
            repeat = len(drop) // count
            tiled = [a.repeat(repeat, *[1] * (a.ndim - 1)) for a in (x, reference, mask, music)]
            time = torch.full((len(drop),), t, device=device)
            labels = torch.where(drop, 0, style), torch.where(drop, torch.nan, energy)
            with torch.autocast(device.type, torch.bfloat16, enabled=_use_bf16(x)):
                out = self.dit(tiled[0], time, *tiled[1:], drop, *labels).float()
            if self.config.dit.prediction == "data":
                return velocity_from_data(tiled[0], out, time)
            return out

        keep = torch.zeros(count, dtype=torch.bool, device=device)
        if guidance == 1:
            return lambda x, t: evaluate(x, t, keep)
        both = torch.cat([keep, ~keep])

        def sides(x: Tensor, t: float) -> tuple[Tensor, Tensor]:
            conditional, unconditional = evaluate(x, t, both).tensor_split(2)
            return conditional, unconditional

        return guided(sides, guidance)

    def _labels(self, conditions: Conditions, device: torch.device) -> tuple[Tensor, Tensor]:
        """Style (0 for none) and energy (NaN for none) as the transformer takes them, [1] each."""
        styles = self.config.styles
        style = 1 + styles.index(conditions.style) if conditions.style in styles else 0
        energy = torch.nan if conditions.energy is None else conditions.energy
        return torch.tensor([style], device=device), torch.tensor([energy], device=device)


def _use_bf16(x: Tensor) -> bool:
    """bf16 on GPUs, and on processors that multiply it natively (AVX-512 bf16, AMX)."""
    return x.device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
