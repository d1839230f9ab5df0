"""The dance transformer: pose patches and music tokens in one sequence.

In: noised latent, reference latent and mask, concatenated by channel; music tokens; time. Out: for
every latent cell the clean latent or the velocity.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.network_config import DiTConfig
from hotfoot.model.rope import joint_indices, rotary_angles, rotate
from hotfoot.timebase import FRAMES_PER_COLUMN


class RMSNorm(nn.RMSNorm):
    """Root-mean-square norm that keeps the dtype of its input, under autocast too."""

    def forward(self, x: Tensor) -> Tensor:
        """Normed x, scaled by the weight."""
        weight = self.weight.to(x.dtype) if self.weight is not None else None
        return F.rms_norm(x, self.normalized_shape, weight, self.eps)


class Attention(nn.Module):
    """Self-attention with QK-norm, rotary positions and grouped keys."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads = config.heads, config.kv_heads
        self.head_dim = config.width // config.heads
        self.qkv = nn.Linear(
            config.width, (config.heads + 2 * config.kv_heads) * self.head_dim, bias=False
        )
        self.q_norm = RMSNorm(self.head_dim, eps=1e-6)
        self.k_norm = RMSNorm(self.head_dim, eps=1e-6)
        self.out = nn.Linear(config.width, config.width, bias=False)

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        """x [B, N, width] attends to itself; angles [N, head_dim / 2]."""
        b, n, _ = x.shape
        sizes = [h * self.head_dim for h in (self.heads, self.kv_heads, self.kv_heads)]
        q, k, v = self.qkv(x).split(sizes, dim=-1)
        q, k, v = (y.view(b, n, -1, self.head_dim).transpose(1, 2) for y in (q, k, v))
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
        self.norm1 = RMSNorm(config.width, eps=1e-6)
        self.attention = Attention(config)
        self.norm2 = RMSNorm(config.width, eps=1e-6)
        self.mlp = GatedMLP(config.width, config.mlp_width)
        self.table: nn.Parameter | None = None
        self.modulate: nn.Linear | None = None
        if modulated and config.joint_adaln:
            self.table = nn.Parameter(torch.zeros(4 * config.width))
        elif modulated:
            self.modulate = nn.Linear(config.timestep_width, 4 * config.width)
            nn.init.zeros_(self.modulate.weight)
            nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, angles: Tensor, time: Tensor, shared: Tensor | None) -> Tensor:
        """``time`` [B, timestep_width]; ``shared`` [B, 4 * width] with ``joint_adaln``."""
        if self.table is not None and shared is not None:
            modulation = shared + self.table
        elif self.modulate is not None:
            modulation = self.modulate(time)
        else:
            x = x + self.attention(self.norm1(x), angles)
            return x + self.mlp(self.norm2(x))
        scale1, gate1, scale2, gate2 = modulation[:, None].chunk(4, dim=-1)
        x = x + gate1 * self.attention(self.norm1(x) * (1 + scale1), angles)
        return x + gate2 * self.mlp(self.norm2(x) * (1 + scale2))


class DanceDiT(nn.Module):
    """Joint-attention diffusion transformer over pose latents and music tokens."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        cells = config.patch[0] * config.patch[1]
        token = (2 * config.latent_channels + FRAMES_PER_COLUMN) * cells
        self.pose_in = nn.Linear(token, config.width)
        self.pose_in_curved = _branch(token, config.embed_hidden, config.width)
        self.music_in = nn.Sequential(
            nn.Linear(config.music_width, config.width),
            nn.SiLU(),
            nn.Linear(config.width, config.width),
        )
        self.no_music = nn.Parameter(torch.zeros(config.width))
        self.music_beside = (
            _branch(3 * config.music_width, config.width, config.width)
            if config.music_beside
            else None
        )
        self.style_in: nn.Embedding | None = None
        if config.styles:
            self.style_in = nn.Embedding(1 + len(config.styles), config.width)
            nn.init.zeros_(self.style_in.weight)
        self.energy_in = _branch(2, config.width, config.width) if config.energy else None
        self.time_in = nn.Sequential(
            nn.Linear(256, config.timestep_width),
            nn.SiLU(),
            nn.Linear(config.timestep_width, config.timestep_width),
        )
        self.shared_modulation: nn.Linear | None = None
        if config.joint_adaln:
            self.shared_modulation = nn.Linear(config.timestep_width, 4 * config.width)
            nn.init.zeros_(self.shared_modulation.weight)
            nn.init.zeros_(self.shared_modulation.bias)
        self.pose_refiners = nn.ModuleList(Block(config) for _ in range(config.refiners))
        self.music_refiners = nn.ModuleList(
            Block(config, modulated=False) for _ in range(config.refiners)
        )
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = RMSNorm(config.width, eps=1e-6)
        self.final_scale = nn.Linear(config.timestep_width, config.width)
        self.pose_out = nn.Linear(config.width, config.latent_channels * cells)
        self.pose_out_curved = _branch(
            config.width, config.embed_hidden, config.latent_channels * cells
        )
        for layer in (self.final_scale, self.pose_out):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        reference: Tensor,
        mask: Tensor,
        music: Tensor,
        drop_music: Tensor | None = None,
        style: Tensor | None = None,
        energy: Tensor | None = None,
    ) -> Tensor:
        """The network's prediction (see ``DiTConfig.prediction``) of the shape of ``x``.

        Args:
            x: noised latent [B, C, R, U].
            t: time [B] in 0 (data) .. 1 (noise).
            reference: reference latent [B, C, R, U].
            mask: known-frame mask [B, 8, R, U].
            music: tokens [B, U, music_width].
            drop_music: bool [B]; True replaces all music tokens by the learned empty one.
            style: [B] 1 + index among ``DiTConfig.styles``, 0 for none.
            energy: [B] size of movement in octaves of the usual one, NaN for none.
        """
        c = self.config
        b, _, rows, columns = x.shape
        (pr, pc) = c.patch
        grid = (rows // pr, columns // pc)
        pose = self._pose_tokens(torch.cat([x, reference, mask.to(x.dtype)], dim=1), style, energy)
        sound = self.music_in(music)
        if self.music_beside is not None:
            pose = pose + self._beside(music, drop_music, grid)
        if drop_music is not None:
            sound = torch.where(drop_music[:, None, None], self.no_music.to(sound.dtype), sound)
        time = F.silu(self.time_in(timestep_embedding(t)))
        shared = self.shared_modulation(time) if self.shared_modulation is not None else None
        at_pose, at_music = joint_indices(*grid, music.shape[1], c.time_shared)
        if pc > 1 and c.time_shared:
            at_pose[:, 2] *= pc
        indices = torch.cat([at_pose, at_music]).to(x.device)
        angles = rotary_angles(indices, c.rope_axes, c.rope_theta)
        cut = len(at_pose)
        for block in self.pose_refiners:
            pose = block(pose, angles[:cut], time, shared)
        for block in self.music_refiners:
            sound = block(sound, angles[cut:], time, shared)
        tokens = torch.cat([pose, sound], dim=1)
        for block in self.blocks:
            tokens = block(tokens, angles, time, shared)
        pose = self.norm(tokens[:, :cut]) * (1 + self.final_scale(time))[:, None]
        out = self.pose_out(pose)
        if self.pose_out_curved is not None:
            out = out + self.pose_out_curved(pose)
        out = out.reshape(b, *grid, c.latent_channels, pr, pc)
        return out.permute(0, 3, 1, 4, 2, 5).reshape(b, c.latent_channels, rows, columns)

    def _pose_tokens(self, cells: Tensor, style: Tensor | None, energy: Tensor | None) -> Tensor:
        """Tokens [B, rows * columns / patch, width] of latent cells [B, C, R, U], conditioned."""
        (pr, pc) = self.config.patch
        b, _, rows, columns = cells.shape
        patches = cells.reshape(b, -1, rows // pr, pr, columns // pc, pc)
        patches = patches.permute(0, 2, 4, 1, 3, 5).reshape(b, (rows // pr) * (columns // pc), -1)
        pose = self.pose_in(patches)
        if self.pose_in_curved is not None:
            pose = pose + self.pose_in_curved(patches)
        if self.style_in is not None and style is not None:
            pose = pose + self.style_in(style)[:, None]
        if self.energy_in is not None and energy is not None:
            given = energy.isfinite()
            value = torch.stack([torch.where(given, energy, 0), given], dim=-1).to(pose.dtype)
            pose = pose + self.energy_in(value)[:, None]
        return pose

    def _beside(self, music: Tensor, drop_music: Tensor | None, grid: tuple[int, int]) -> Tensor:
        """What is added to pose tokens [B, rows * columns, width]: the sound of their columns."""
        assert self.music_beside is not None
        before = torch.cat([music[:, :1], music[:, :-1]], dim=1)
        after = torch.cat([music[:, 1:], music[:, -1:]], dim=1)
        added = self.music_beside(torch.cat([before, music, after], dim=-1))
        if drop_music is not None:
            added = torch.where(drop_music[:, None, None], torch.zeros_like(added), added)
        added = added.unflatten(1, (grid[1], -1)).mean(dim=2)
        return added.repeat(1, grid[0], 1)


def _branch(inputs: int, hidden: int, outputs: int) -> nn.Sequential | None:
    """Two layers that begin at zero; None without a hidden width."""
    if not hidden:
        return None
    last = nn.Linear(hidden, outputs, bias=False)
    nn.init.zeros_(last.weight)
    return nn.Sequential(nn.Linear(inputs, hidden), nn.SiLU(), last)


def timestep_embedding(t: Tensor, width: int = 256) -> Tensor:
    """Sinusoids [B, width] of t in 0..1, scaled by 1000 as is usual."""
    frequencies = torch.exp(
        -math.log(10_000) * torch.arange(width // 2, device=t.device) / (width // 2)
    )
    angles = 1000 * t.float()[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
