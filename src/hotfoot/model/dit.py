"""The dance transformer: pose patches and music tokens in one sequence."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.attention import Block, RMSNorm, joint_indices, rotary_angles, zeroed
from hotfoot.model.network_config import DiTConfig
from hotfoot.timebase import FRAMES_PER_COLUMN


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
        grid = (x.shape[2] // c.patch[0], x.shape[3] // c.patch[1])
        pose = self._pose_tokens(torch.cat([x, reference, mask.to(x.dtype)], dim=1), style, energy)
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

    def _pose_tokens(self, cells: Tensor, style: Tensor | None, energy: Tensor | None) -> Tensor:
        """Tokens [B, rows * columns / patch, width] of latent cells [B, C, R, U], conditioned."""
        pr, pc = self.config.patch
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
