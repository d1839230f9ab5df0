"""Blocks of the transformer: attention with rotary positions, a gated MLP, modulation."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.network_config import DiTConfig
from hotfoot.model.rope import rotate


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
        """Tokens [B, N, width] to the same shape.

        Args:
            x: the tokens.
            angles: rotary angles [N, head_dim / 2].
            time: conditions [B, 1 or N, timestep_width].
            shared: [B, 1, 4 * width] with ``joint_adaln``.
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
