"""Blocks of the transformer: attention with rotary positions, a gated MLP, modulation."""

from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.network_config import DiTConfig

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
