"""The reference image (paper, supplement) and the mask of its known frames.

It shows known frames, which the dance continues, and then one static pose, for the body's shape.
"""

import torch
from torch import Tensor

from hotfoot.timebase import FRAMES_PER_COLUMN


def known_mask(known: int, rows: int, columns: int) -> Tensor:
    """Mask [8, rows, columns]: channel p of column u is 1 if frame ``8 u + p`` is known."""
    frame = torch.arange(columns * FRAMES_PER_COLUMN).reshape(columns, FRAMES_PER_COLUMN).T
    return (frame < known).float()[:, None].repeat(1, rows, 1)


def compose_reference(known: Tensor, static: Tensor, frames: int) -> Tensor:
    """Line centers or hot values [..., frames]: ``known`` [..., N], then ``static`` [...] held."""
    held = static[..., None].expand(*static.shape, frames)
    return torch.cat([known, held], dim=-1)[..., :frames]
