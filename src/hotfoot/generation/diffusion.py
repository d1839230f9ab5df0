"""Our generator: a transformer draws latents of one-hot pose images, a VAE decodes them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hotfoot.baselines.edge import EdgeDecoder
from hotfoot.model.codec import decode, to_lines
from hotfoot.model.config import DiffusionConfig
from hotfoot.model.dit import DanceDiT
from hotfoot.model.flow import VelocityFn, interpolate, schedule, solve, velocity_from_data
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
from hotfoot.model.vae import PoseVAE, compose_reference, known_mask
from hotfoot.pose.framing import Framing, body_framing, completed
from hotfoot.pose.sequence import PoseSequence

Network = DanceDiT | EdgeDecoder


@dataclass(frozen=True, eq=False)
class Sampled:
    """Latents of a segment, and what the decoder must know besides."""

    latent: Tensor  # [V, C', R, U], standardized
    framing: Framing  # where on the canvas its poses are
    shown: NDArray[np.bool_]  # joints [K] that the dance shows


class DiffusionGenerator(nn.Module):
    """A VAE of one-hot images, a network and the statistics of the latents; a ``Generator``."""

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

    def plan(self, frames: int) -> tuple[Segment, ...]:
        """Segments of the length that it was trained on."""
        return plan_segments(frames, self.config.frames, self.config.overlap)

    @torch.inference_mode()
    def sample(
        self, conditions: Conditions, segment: Segment, known: Poses, options: SamplingOptions,
        initial: InitialPoses | None, on_step: OnStep,
    ) -> Sampled:  # fmt: skip
        """Latents of one segment, from noise or from initial poses."""
        pose, framing = conditions.reference, Framing()
        shown = np.ones(self.config.points, bool)
        if self.config.framing == "body":
            framing, shown, pose = body_framing(pose), pose.confidence[0] > 0, completed(pose)
        reference, mask = self._reference(pose, framing, segment, known)
        seeds = [segment_seed(options.seed, v, segment.index) for v in range(len(reference))]
        chance = [torch.Generator().manual_seed(seed) for seed in seeds]
        noise = torch.stack([torch.randn(reference.shape[1:], generator=g) for g in chance])
        noise = noise.to(reference.device)
        times = schedule(options.steps, options.shift)
        if initial is not None:
            begin = 1 - initial.strength
            times = (begin, *(t for t in times if t < begin - 1e-6))
            part = initial.poses.frames(slice(segment.start, segment.stop))
            # A network of framed bodies has always seen whole ones, also from behind.
            seen = np.ones_like(part.confidence) if framing.size else part.confidence
            lines = to_lines(framing.into(part.xy), seen, self.config.codec.bins)
            each = zip(*(torch.from_numpy(line)[:, None] for line in lines), strict=True)
            latent = torch.cat([self._encode(*one) for one in each])  # images are large
            noise = interpolate(latent, noise, torch.full((1,), begin, device=noise.device))
        steps = len(times) - 1
        velocity = self._velocity(reference, mask, segment, conditions, options.guidance)
        latent = solve(velocity, noise, times, options.solver, lambda done: on_step(done, steps))
        return Sampled(latent, framing, shown)

    @torch.inference_mode()
    def decode(self, sampled: Sampled, known: Poses, options: SamplingOptions) -> Poses:
        """Poses of latents; the path of each coordinate continues the known frames."""
        codec, points = self.config.codec, self.config.points
        xy, confidence = [], []
        for v, latent in enumerate(sampled.latent[:, None]):  # one at a time: images are large
            start = None
            if known.xy.shape[1]:
                placed = sampled.framing.into(known.xy[v])
                center, value = to_lines(placed, known.confidence[v], codec.bins)
                start = np.where(value[:, 0] > 0, center[:, 0], np.nan).astype(np.float32)
            image = self.vae.decode(latent * self.latent_std + self.latent_mean, 2 * points)[0]
            at, sure = decode(image.float().cpu().numpy(), codec, start=start)
            seen = (sure >= codec.visible_above) & sampled.shown
            kept = np.where(seen, sure, 0) if options.confidence == "values" else seen
            xy.append(sampled.framing.out_of(at))
            confidence.append(kept.astype(np.float32))
        return Poses(np.stack(xy), np.stack(confidence))

    def _encode(self, center: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] to standardized latents [B, C', R, T / 8]."""
        device = self.latent_mean.device
        latent = self.vae.encode_lines(center.to(device), value.to(device))
        return (latent - self.latent_mean) / self.latent_std

    def _reference(
        self, pose: PoseSequence, framing: Framing, segment: Segment, known: Poses
    ) -> tuple[Tensor, Tensor]:
        """Latents [V, C', R, U] and mask [V, 8, R, U] of the reference image."""
        bins, count = self.config.codec.bins, len(known.xy)
        different = count if segment.known else 1  # else all variations share one reference image
        shown = pose.confidence[:1] * float(self.config.reference)
        static = to_lines(framing.into(pose.normalized[:1]), shown, bins)
        lines = to_lines(framing.into(known.xy[:different]), known.confidence[:different], bins)
        center, value = (
            compose_reference(
                torch.from_numpy(line),
                torch.from_numpy(still[:, 0]).expand(different, -1),
                segment.length,
            )
            for line, still in zip(lines, static, strict=True)
        )
        reference = self._encode(center, value).expand(count, -1, -1, -1)
        mask = known_mask(segment.known, *reference.shape[2:]).expand(count, -1, -1, -1)
        return reference, mask.to(reference.device)

    def _velocity(
        self, reference: Tensor, mask: Tensor, segment: Segment, conditions: Conditions,
        guidance: float,
    ) -> VelocityFn:  # fmt: skip
        """Velocity of one segment by classifier-free guidance (Ho and Salimans, 2022).

        Both sides of it, with music and without, in one pass.
        """
        config, count, device = self.config, len(reference), reference.device
        styles = config.styles
        tokens = torch.from_numpy(conditions.tokens[segment.columns]).to(device)
        music = tokens.expand(count, -1, -1)
        sides = 1 if guidance == 1 else 2
        tiled = [a.repeat(sides, *[1] * (a.ndim - 1)) for a in (reference, mask, music)]
        drop = torch.arange(sides, device=device).repeat_interleave(count) > 0
        # As the network takes them: 0 is no style, NaN no energy.
        label = 1 + styles.index(conditions.style) if conditions.style in styles else 0
        octaves = torch.nan if conditions.energy is None else conditions.energy
        labels = torch.where(drop, 0, label), torch.where(drop, torch.nan, octaves)

        def velocity(x: Tensor, t: float) -> Tensor:
            x = x.repeat(sides, 1, 1, 1)
            time = torch.full((len(x),), t, device=device)
            with torch.autocast(device.type, torch.bfloat16, enabled=use_bf16(x)):
                out = self.dit(x, time, *tiled, drop, labels).float()
            if config.dit.prediction == "data":
                out = velocity_from_data(x, out, time)
            if sides == 1:
                return out
            with_music, without = out.tensor_split(2)
            return without + guidance * (with_music - without)

        return velocity


def use_bf16(x: Tensor) -> bool:
    """On GPUs, and on processors that multiply it natively; others take twenty times as long."""
    return x.device.type != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
