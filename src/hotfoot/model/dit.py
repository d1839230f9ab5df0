"""The dance transformer: pose patches and music tokens in one sequence, and its blocks.

A block is attention with rotary positions and a gated MLP, both modulated.
"""

import math
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.network_config import DiTConfig
from hotfoot.timebase import FRAMES_PER_COLUMN

L = TypeVar("L", bound=nn.Module)


def zeroed(layer: L) -> L:
    """The layer with zeros for weights, so that a branch that ends in it begins as nothing."""
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    return layer


class RMSNorm(nn.RMSNorm):
    """Root-mean-square norm that keeps the dtype of its input, under autocast too."""

    def forward(self, x: Tensor) -> Tensor:
        """Normed x, scaled by the weight."""
        return F.rms_norm(x, self.normalized_shape, self.weight.to(x.dtype), self.eps)


class Attention(nn.Module):
    """Self-attention with QK-norm, rotary positions and grouped keys."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.head_dim = config.width // config.heads
        self.sizes = [n * self.head_dim for n in (config.heads, config.kv_heads, config.kv_heads)]
        self.qkv = nn.Linear(config.width, sum(self.sizes), bias=False)
        self.q_norm = RMSNorm(self.head_dim, eps=1e-6)
        self.k_norm = RMSNorm(self.head_dim, eps=1e-6)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        """x [B, N, width] attends to itself; angles [N, head_dim / 2]."""
        b, n, _ = x.shape
        parts = self.qkv(x).split(self.sizes, dim=-1)
        q, k, v = (y.view(b, n, -1, self.head_dim).transpose(1, 2) for y in parts)
        q, k = rotate(self.q_norm(q), angles), rotate(self.k_norm(k), angles)
        y = attend(q, k, v.to(q.dtype))
        return self.out(y.transpose(1, 2).reshape(b, n, -1))


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of q [B, H, N, D] over k, v [B, H', N, D], H a multiple of H'.

    On CPUs short sequences go through plain matrix products: forward and backward take a fifth of
    the fused kernel's time at 64 tokens.
    """
    grouped = q.shape[1] != k.shape[1]
    if q.device.type == "cpu" and q.shape[2] <= 256 and not grouped:
        scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
        return scores.softmax(dim=-1) @ v
    return F.scaled_dot_product_attention(q, k, v, enable_gqa=grouped)


def joint_indices(rows: int, columns: int, music: int, time_shared: bool) -> tuple[Tensor, Tensor]:
    """Index triples of pose tokens [rows * columns, 3] and of music tokens [music, 3].

    Shared (paper): the pose token at row w and column t stands at (0, w, t), the music token of
    column t at (0, 0, t). Unshared, as in Lumina-Image 2.0: music token i at (i, 0, 0), pose tokens
    at (music, w, t). Pose tokens are in row-major order.
    """
    first = torch.tensor([0 if time_shared else music])
    at_pose = torch.cartesian_prod(first, torch.arange(rows), torch.arange(columns))
    at_music = torch.zeros(music, 3, dtype=torch.long)
    at_music[:, 2 if time_shared else 0] = torch.arange(music)
    return at_pose, at_music


def rotary_angles(indices: Tensor, axes: tuple[int, int, int], theta: float) -> Tensor:
    """Angles [N, head_dim / 2] of integer index triples [N, 3]; each axis has its own dims."""
    parts = []
    for axis, dims in enumerate(axes):
        exponent = torch.arange(0, dims, 2, dtype=torch.float32, device=indices.device) / dims
        parts.append(indices[:, axis, None].float() * theta**-exponent)
    return torch.cat(parts, dim=-1)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Rotate pairs (j, j + head_dim / 2) of x [B, heads, N, head_dim] by angles [N, head_dim / 2].

    Which dims pair up is a convention; halves are twice as fast as neighbors on CPUs.
    """
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)


class GatedMLP(nn.Module):
    """SwiGLU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x [..., width] to the same shape."""
        gate, value = self.up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * value)


class Block(nn.Module):
    """Attention and MLP, each normed, modulated by time and gated; starts as the identity."""

    def __init__(self, config: DiTConfig, modulated: bool = True) -> None:
        super().__init__()
        width, shared = config.width, config.joint_adaln
        self.norm1 = RMSNorm(width, eps=1e-6)
        self.attention = Attention(config)
        self.norm2 = RMSNorm(width, eps=1e-6)
        self.mlp = GatedMLP(width, config.mlp_width)
        self.table = nn.Parameter(torch.zeros(4 * width)) if modulated and shared else None
        own = modulated and not shared
        self.modulate = zeroed(nn.Linear(config.timestep_width, 4 * width)) if own else None

    def forward(self, x: Tensor, angles: Tensor, time: Tensor, shared: Tensor | None) -> Tensor:
        """Tokens [B, N, width] to the same shape; angles [N, head_dim / 2].

        Modulated by ``time`` [B, 1 or N, timestep_width] or ``shared`` [B, 1, 4 * width].
        """
        if self.table is not None and shared is not None:
            modulation = shared + self.table
        elif self.modulate is not None:
            modulation = self.modulate(time)
        else:
            x = x + self.attention(self.norm1(x), angles)
            return x + self.mlp(self.norm2(x))
        scale1, gate1, scale2, gate2 = modulation.chunk(4, dim=-1)
        x = x + gate1 * self.attention(self.norm1(x) * (1 + scale1), angles)
        return x + gate2 * self.mlp(self.norm2(x) * (1 + scale2))


class DanceDiT(nn.Module):
    """Joint-attention diffusion transformer over pose latents and music tokens.

    A pose token is a patch of noised latent, reference latent and mask, concatenated by channel.
    """

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        width, time = config.width, config.timestep_width
        cells = config.patch[0] * config.patch[1]
        token = (2 * config.latent_channels + FRAMES_PER_COLUMN) * cells
        self.pose_in = nn.Linear(token, width)
        self.pose_in_curved = _branch(token, config.embed_hidden, width)
        self.music_in = _mlp(config.music_width, width, width)
        self.no_music = nn.Parameter(torch.zeros(width))
        near = 3 * config.music_width
        self.music_beside = _branch(near, width, width) if config.music_beside else None
        self.music_condition = _mlp(near, width, time) if config.music_modulates else None
        if config.music_modulates:
            self.no_music_condition = nn.Parameter(torch.zeros(time))
        styles = 1 + len(config.styles)
        self.style_in = zeroed(nn.Embedding(styles, width)) if config.styles else None
        self.energy_in = _branch(2, width, width) if config.energy else None
        self.time_in = _mlp(256, time, time)
        self.shared_modulation = zeroed(nn.Linear(time, 4 * width)) if config.joint_adaln else None
        refiners = range(config.refiners)
        self.pose_refiners = nn.ModuleList(Block(config) for _ in refiners)
        self.music_refiners = nn.ModuleList(Block(config, modulated=False) for _ in refiners)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = RMSNorm(width, eps=1e-6)
        self.final_scale = zeroed(nn.Linear(time, width))
        self.pose_out = zeroed(nn.Linear(width, config.latent_channels * cells))
        self.pose_out_curved = _branch(width, config.embed_hidden, config.latent_channels * cells)

    def forward(
        self,
        x: Tensor,  # noised latent [B, C, R, U]
        t: Tensor,  # time [B] in 0 (data) .. 1 (noise)
        reference: Tensor,  # latent [B, C, R, U]
        mask: Tensor,  # [B, 8, R, U] of known frames
        music: Tensor,  # tokens [B, U, music_width]
        drop_music: Tensor | None = None,  # bool [B]: the learned empty token for all of music
        labels: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """The network's prediction (see ``DiTConfig.prediction``) of the shape of ``x``.

        ``labels`` are style [B], 1 + index among ``DiTConfig.styles`` or 0 for none, and energy
        [B], movement in octaves of the usual or NaN for none.
        """
        c = self.config
        grid = (x.shape[2] // c.patch[0], x.shape[3] // c.patch[1])
        pose = self._pose_tokens(torch.cat([x, reference, mask.to(x.dtype)], dim=1), labels)
        if self.music_beside is not None:
            added = self.music_beside(_with_neighbors(music))
            pose = pose + _at_poses(_unless(drop_music, added, added.new_zeros(())), grid)
        sound = _unless(drop_music, self.music_in(music), self.no_music)
        time, pose_time, token_time = self._conditions(t, music, drop_music, grid)
        shared = self.shared_modulation(time) if self.shared_modulation is not None else None
        at_pose, at_music = joint_indices(*grid, music.shape[1], c.time_shared)
        if c.time_shared:
            at_pose[:, 2] *= c.patch[1]
        indices = torch.cat([at_pose, at_music]).to(x.device)
        angles = rotary_angles(indices, c.rope_axes, c.rope_theta)
        cut = len(at_pose)
        for block in self.pose_refiners:
            pose = block(pose, angles[:cut], pose_time, shared)
        for block in self.music_refiners:
            sound = block(sound, angles[cut:], time, shared)
        tokens = torch.cat([pose, sound], dim=1)
        for block in self.blocks:
            tokens = block(tokens, angles, token_time, shared)
        pose = self.norm(tokens[:, :cut]) * (1 + self.final_scale(pose_time))
        out = self.pose_out(pose)
        if self.pose_out_curved is not None:
            out = out + self.pose_out_curved(pose)
        out = out.reshape(len(x), *grid, c.latent_channels, *c.patch)
        return out.permute(0, 3, 1, 4, 2, 5).reshape(x.shape)

    def _pose_tokens(self, cells: Tensor, labels: tuple[Tensor, Tensor] | None) -> Tensor:
        """Tokens [B, rows * columns / patch, width] of latent cells [B, C, R, U], conditioned."""
        pr, pc = self.config.patch
        b, _, rows, columns = cells.shape
        patches = cells.reshape(b, -1, rows // pr, pr, columns // pc, pc)
        patches = patches.permute(0, 2, 4, 1, 3, 5).reshape(b, (rows // pr) * (columns // pc), -1)
        pose = self.pose_in(patches)
        if self.pose_in_curved is not None:
            pose = pose + self.pose_in_curved(patches)
        style, energy = labels or (None, None)
        if self.style_in is not None and style is not None:
            pose = pose + self.style_in(style)[:, None]
        if self.energy_in is not None and energy is not None:
            given = energy.isfinite()
            value = torch.stack([torch.where(given, energy, 0), given], dim=-1).to(pose.dtype)
            pose = pose + self.energy_in(value)[:, None]
        return pose

    def _conditions(
        self, t: Tensor, music: Tensor, drop_music: Tensor | None, grid: tuple[int, int]
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Conditions of music tokens, of pose tokens and of all, [B, 1 or N, timestep_width].

        They are alike, time alone, unless music modulates pose tokens.
        """
        time = self.time_in(timestep_embedding(t))[:, None]
        if self.music_condition is None:
            time = F.silu(time)
            return time, time, time
        own = self.music_condition(_with_neighbors(music))
        own = _unless(drop_music, own, self.no_music_condition)
        pose = F.silu(time + _at_poses(own, grid))
        time = F.silu(time)
        return time, pose, torch.cat([pose, time.expand(-1, music.shape[1], -1)], dim=1)


def _with_neighbors(music: Tensor) -> Tensor:
    """Tokens [B, U, 3 * M] of columns before, of columns, of columns after, from [B, U, M]."""
    held = torch.cat([music[:, :1], music, music[:, -1:]], dim=1)
    return held.unfold(1, 3, 1).transpose(2, 3).flatten(2)


def _unless(drop: Tensor | None, kept: Tensor, instead: Tensor) -> Tensor:
    """What belongs to columns [B, U, D], and ``instead`` of it where ``drop`` [B]."""
    return kept if drop is None else torch.where(drop[:, None, None], instead.to(kept.dtype), kept)


def _at_poses(columns: Tensor, grid: tuple[int, int]) -> Tensor:
    """What belongs to columns [B, U, D], at each pose token [B, rows * columns, D] of a grid."""
    b, _, width = columns.shape
    return columns.reshape(b, grid[1], -1, width).mean(dim=2).repeat(1, grid[0], 1)


def _mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), nn.Linear(hidden, outputs))


def _branch(inputs: int, hidden: int, outputs: int) -> nn.Sequential | None:
    """Two layers that begin at zero; None without a hidden width."""
    if not hidden:
        return None
    last = zeroed(nn.Linear(hidden, outputs, bias=False))
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), last)


def timestep_embedding(t: Tensor, width: int = 256) -> Tensor:
    """Sinusoids [B, width] of t in 0..1, scaled by 1000 as is usual."""
    count = width // 2
    frequencies = torch.exp(-math.log(10_000) * torch.arange(count, device=t.device) / count)
    angles = 1000 * t.float()[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
