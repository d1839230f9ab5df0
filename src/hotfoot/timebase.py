"""All conversions between seconds, frames and latent columns live here.

Frame ``i`` of a sequence at ``fps`` shows the instant ``i / fps``; the first frame is at time 0.
A latent column covers :data:`FRAMES_PER_COLUMN` consecutive frames; one music token covers one
column, so a token lasts ``FRAMES_PER_COLUMN / fps`` seconds whatever the fps.
"""

import math

FRAMES_PER_COLUMN = 8
"""Temporal stride of the VAE (paper, supplement)."""


def frames_in(duration_s: float, fps: float) -> int:
    """Number of frames of ``duration_s`` seconds: ``round(duration_s * fps)``, at least 1."""
    return max(1, math.floor(duration_s * fps + 0.5))
