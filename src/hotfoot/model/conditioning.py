"""Reference-pose conditioning: known frames, a static pose, and the mask that tells them apart.

The reference image shows the first N frames as they are (the dance continues them) and then one
static pose repeated (only the shape of the body counts). Paper, supplement.
"""

import torch
from torch import Tensor

from hotfoot.timebase import FRAMES_PER_COLUMN


def known_mask(known: int, rows: int, columns: int) -> Tensor:
    """Mask [8, rows, columns] of ``known`` leading frames.

    Channel p of column u is 1 if frame ``8 u + p`` is known. With q = N div 8 and r = N mod 8:
    the first q columns are 1 in all channels, column q in the first r channels. N is clamped to
    the segment.
    """
    frame = (
        torch.arange(columns)[None] * FRAMES_PER_COLUMN + torch.arange(FRAMES_PER_COLUMN)[:, None]
    )
    return (frame < known).float()[:, None].expand(-1, rows, -1).clone()


def compose_reference(known: Tensor, static: Tensor, frames: int) -> Tensor:
    """Lines of the reference image: ``known`` [..., N] first, ``static`` [...] repeated after.

    Works alike on line centers and on hot values.

    Returns:
        [..., frames].
    """
    count = min(known.shape[-1], frames)
    rest = static[..., None].expand(*static.shape, frames - count)
    return torch.cat([known[..., :count], rest], dim=-1)
