"""Codes: quantized pose columns and a causal transformer, in the manner of Bailando (2022).

Our own writing from the paper: upper and lower body each have a codebook of 8-frame columns, and a
transformer that attends only to the past predicts both codes of the next column from the music and
the codes so far. No reinforcement learning on beats. Movement is about the hips, in body heights.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.baselines.whole_song import Drawn, WholeSongGenerator
from hotfoot.model.config import CodesConfig
from hotfoot.model.generator import Conditions
from hotfoot.pose.body import SHOULDER_HEIGHT
from hotfoot.pose.proportions import retargeted
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import FRAMES_PER_COLUMN

UPPER = (0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17)
LOWER = (8, 9, 10, 11, 12, 13)


class ColumnVQ(nn.Module):
    """Vector-quantized autoencoder of frame sequences [B, T, D], one code per 8 frames."""

    def __init__(self, numbers: int, config: CodesConfig) -> None:
        super().__init__()
        w = config.width
        self.encoder = nn.Sequential(
            nn.Conv1d(numbers, w, 4, 2, 1), nn.SiLU(), nn.Conv1d(w, w, 4, 2, 1), nn.SiLU(),
            nn.Conv1d(w, w, 4, 2, 1), nn.SiLU(), nn.Conv1d(w, config.code_width, 3, 1, 1),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            nn.Conv1d(config.code_width, w, 3, 1, 1), nn.SiLU(),
            nn.ConvTranspose1d(w, w, 4, 2, 1), nn.SiLU(),
            nn.ConvTranspose1d(w, w, 4, 2, 1), nn.SiLU(),
            nn.ConvTranspose1d(w, w, 4, 2, 1), nn.SiLU(), nn.Conv1d(w, numbers, 3, 1, 1),
        )  # fmt: skip
        self.book = nn.Buffer(torch.randn(config.codes, config.code_width) * 0.1)
        self.mass = nn.Buffer(torch.ones(config.codes))

    def encode(self, frames: Tensor) -> Tensor:
        """Codes [B, T / 8] of frames [B, T, D]."""
        return self._nearest(self.encoder(frames.transpose(1, 2)).transpose(1, 2))

    def decode(self, codes: Tensor) -> Tensor:
        """Frames [B, 8 U, D] of codes [B, U]."""
        return self.decoder(self.book[codes].transpose(1, 2)).transpose(1, 2)

    def _nearest(self, z: Tensor) -> Tensor:
        square = z.square().sum(-1, keepdim=True) - 2 * z @ self.book.T
        return (square + self.book.square().sum(-1)).argmin(dim=-1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Reconstruction and commitment loss; in training the codebook follows (EMA).

        Codes that nobody uses are put where encodings are.
        """
        z = self.encoder(frames.transpose(1, 2)).transpose(1, 2).float()
        codes = self._nearest(z)
        quantized = self.book[codes]
        if self.training:
            self._follow(z.detach().flatten(0, 1), codes.flatten())
        passed = z + (quantized - z).detach()
        rebuilt = self.decoder(passed.transpose(1, 2)).transpose(1, 2)
        return rebuilt, F.mse_loss(z, quantized.detach())

    @torch.no_grad()
    def _follow(self, z: Tensor, codes: Tensor, decay: float = 0.97) -> None:
        counts = torch.bincount(codes, minlength=len(self.book)).float()
        sums = torch.zeros_like(self.book).index_add_(0, codes, z)
        self.mass.mul_(decay).add_(counts, alpha=1 - decay)
        used = counts > 0
        means = sums[used] / counts[used, None]
        self.book[used] = self.book[used].lerp(means, 1 - decay)
        dead = self.mass < 0.02
        self.book[dead] = z[torch.arange(int(dead.sum())) * 7919 % len(z)]
        self.mass[dead] = 1.0


class _CausalBlock(nn.Module):
    def __init__(self, config: CodesConfig) -> None:
        super().__init__()
        w = config.width
        self.heads = config.heads
        self.norm1, self.norm2 = nn.LayerNorm(w), nn.LayerNorm(w)
        self.qkv, self.out = nn.Linear(w, 3 * w), nn.Linear(w, w)
        self.feed = nn.Sequential(nn.Linear(w, 4 * w), nn.GELU(), nn.Linear(4 * w, w))

    def forward(self, x: Tensor) -> Tensor:
        b, n, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        ahead = torch.ones(n, n, dtype=torch.bool, device=x.device).triu(1)
        scores = scores.masked_fill(ahead, float("-inf"))
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(b, n, w))
        return x + self.feed(self.norm2(x))


class CodeTransformer(nn.Module):
    """Logits of both codes of every next column, from the codes before it and its own music."""

    def __init__(self, config: CodesConfig) -> None:
        super().__init__()
        self.config = config
        w = config.width
        self.upper = nn.Embedding(config.codes + 1, w)  # the last one means: nothing yet
        self.lower = nn.Embedding(config.codes + 1, w)
        self.music = nn.Sequential(nn.Linear(config.music_width, w), nn.SiLU(), nn.Linear(w, w))
        self.place = nn.Parameter(torch.zeros(config.frames // FRAMES_PER_COLUMN, w))
        self.blocks = nn.ModuleList(_CausalBlock(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(w)
        self.heads = nn.Linear(w, 2 * config.codes)

    def forward(self, upper: Tensor, lower: Tensor, music: Tensor) -> tuple[Tensor, Tensor]:
        """Logits [B, U, codes] twice; ``upper`` and ``lower`` [B, U] are the columns before."""
        x = self.upper(upper) + self.lower(lower) + self.music(music)
        x = x + self.place[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return tuple(self.heads(self.norm(x)).chunk(2, dim=-1))


class CodesNetwork(nn.Module):
    """Both autoencoders and the transformer."""

    def __init__(self, config: CodesConfig) -> None:
        super().__init__()
        self.config = config
        self.vq_upper = ColumnVQ(2 * len(UPPER), config)
        self.vq_lower = ColumnVQ(2 * len(LOWER) + 2, config)
        self.transformer = CodeTransformer(config)

    def split(self, bodies: Tensor, root: Tensor) -> tuple[Tensor, Tensor]:
        """Frames of both parts from poses about the hips [B, T, 18, 2] and paths [B, T, 2].

        The lower body carries the velocity of the hips, times ten to be of its size.
        """
        step = torch.diff(root, dim=1, prepend=root[:, :1]) * 10
        upper = bodies[:, :, list(UPPER)].flatten(2)
        lower = torch.cat([bodies[:, :, list(LOWER)].flatten(2), step], dim=-1)
        return upper, lower

    def join(self, upper: Tensor, lower: Tensor) -> tuple[Tensor, Tensor]:
        """The inverse: poses about the hips and paths from zero."""
        b, frames, _ = upper.shape
        bodies = upper.new_zeros(b, frames, 18, 2)
        bodies[:, :, list(UPPER)] = upper.reshape(b, frames, -1, 2)
        bodies[:, :, list(LOWER)] = lower[..., :-2].reshape(b, frames, -1, 2)
        return bodies, torch.cumsum(lower[..., -2:] / 10, dim=1)


def about_the_hips(xy: Tensor, seen: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Poses about the hips in body heights, paths, and which segments can be used.

    Of keypoints [B, T, 18, 2] in units of the canvas height, and whether they are seen [B, T, 18].
    """
    root = xy[:, :, [8, 11]].mean(dim=2)

    def long(a: int, b: int) -> Tensor:
        return torch.quantile((xy[:, :, a] - xy[:, :, b]).norm(dim=-1), 0.9, dim=1)

    height = torch.maximum(long(2, 8), long(5, 11)) + torch.maximum(long(8, 9), long(11, 12))
    height = (height + torch.maximum(long(9, 10), long(12, 13))) / SHOULDER_HEIGHT
    usable = seen[:, :, 1:14].float().mean(dim=(1, 2)) > 0.97
    scale = height.clamp(min=1e-3)[:, None, None]
    bodies = (xy - root[:, :, None]) / scale[..., None]
    # Points of the face that are hidden stay at the neck.
    bodies = torch.where(seen[..., None] > 0, bodies, bodies[:, :, 1:2])
    return bodies.clamp(-1.5, 1.5), (root - root.mean(dim=1, keepdim=True)) / scale, usable


class CodesGenerator(WholeSongGenerator):
    """Dances code after code."""

    def __init__(self, config: CodesConfig, network: CodesNetwork) -> None:
        self.config = config
        self.network = network.eval().requires_grad_(False)

    @torch.inference_mode()
    def draw(self, conditions: Conditions, frames: int, seed: int) -> Drawn:
        """Each code is drawn from what the transformer expects next."""
        net, reference = self.network, conditions.reference
        music = torch.from_numpy(conditions.tokens)[None, : -(-frames // FRAMES_PER_COLUMN)]
        upper, lower = self._codes(music, seed)
        bodies, root = net.join(net.vq_upper.decode(upper), net.vq_lower.decode(lower))
        path = root[0].numpy()
        # Velocities add up; nobody may walk out of the picture.
        drift = np.linspace(0, 1, len(path))[:, None] * path[-1]
        path = np.clip(path - drift, -0.35, 0.35)
        xy = ((bodies[0].numpy() + path[:, None])[:frames] * 500).astype(np.float32)
        seen = np.ones(xy.shape[:2], np.float32)
        poses = PoseSequence(xy, seen, self.config.fps, reference.canvas)
        return retargeted(poses, reference).keypoints, []

    def _codes(self, music: Tensor, seed: int) -> tuple[Tensor, Tensor]:
        """Codes [1, U] of both parts for tokens [1, U, width]."""
        generator = torch.Generator().manual_seed(seed)
        context = self.config.frames // FRAMES_PER_COLUMN
        empty = self.config.codes
        parts = [empty], [empty]
        for u in range(music.shape[1]):
            first = max(0, u + 1 - context)
            # In training every window begins with nothing.
            before = [torch.tensor([[empty, *c[first + 1 : u + 1]]]) for c in parts]
            logits = self.network.transformer(*before, music[:, first : u + 1])
            for codes, row in zip(parts, logits, strict=True):
                chance = row[0, -1].float().softmax(-1)
                codes.append(int(torch.multinomial(chance, 1, generator=generator)))
        upper, lower = (torch.tensor([codes[1:]]) for codes in parts)
        return upper, lower
