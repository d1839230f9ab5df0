"""Three-axis rotary position embedding, and who stands where on the axes."""

import torch
from torch import Tensor


def joint_indices(rows: int, columns: int, music: int, time_shared: bool) -> tuple[Tensor, Tensor]:
    """Index triples of pose tokens [rows * columns, 3] and of music tokens [music, 3].

    Shared (paper): the pose token at row w and column t stands at (0, w, t), the music token of
    column t at (0, 0, t). Unshared, as in Lumina-Image 2.0: music token i at (i, 0, 0), pose tokens
    at (music, w, t). Pose tokens are in row-major order.
    """
    w = torch.arange(rows).repeat_interleave(columns)
    t = torch.arange(columns).repeat(rows)
    zero = torch.zeros_like(t)
    u = torch.arange(music)
    still = torch.zeros_like(u)
    if time_shared:
        return torch.stack([zero, w, t], -1), torch.stack([still, still, u], -1)
    return torch.stack([zero + music, w, t], -1), torch.stack([u, still, still], -1)


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
