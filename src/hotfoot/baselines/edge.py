"""A baseline: a transformer decoder over frames, in the manner of EDGE (Tseng et al., 2023).

Our own writing from the paper: every frame is a token of raw coordinates; decoder layers attend to
themselves and to the music, and are modulated by FiLM from the time of diffusion and the pooled
music; the clean data are predicted, with a loss on velocities. Known frames and the reference pose
enter as they do in our own model.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hotfoot.model.dit import attend, timestep_embedding, zeroed
from hotfoot.model.network_config import EdgeConfig
from hotfoot.timebase import FRAMES_PER_COLUMN


class _Film(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = zeroed(nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.layer(condition)[:, None].chunk(2, dim=-1)
        return x * (1 + scale) + shift


class _Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, memory: Tensor) -> Tensor:
        parts = (self.query(x), *self.key_value(memory).chunk(2, dim=-1))
        q, k, v = (y.unflatten(-1, (self.heads, -1)).transpose(1, 2) for y in parts)
        return self.out(attend(q, k, v).transpose(1, 2).flatten(2))


class _Layer(nn.Module):
    """Self-attention, attention to music, feed-forward; each normed before and FiLMed after."""

    def __init__(self, config: EdgeConfig) -> None:
        super().__init__()
        w = config.width
        self.norms = nn.ModuleList(nn.LayerNorm(w) for _ in range(3))
        self.films = nn.ModuleList(_Film(w) for _ in range(3))
        self.own = _Attention(w, config.heads)
        self.music = _Attention(w, config.heads)
        self.feed = nn.Sequential(
            nn.Linear(w, config.mlp_width), nn.GELU(), nn.Linear(config.mlp_width, w)
        )

    def forward(self, x: Tensor, memory: Tensor, condition: Tensor) -> Tensor:
        normed = self.norms[0](x)
        x = x + self.films[0](self.own(normed, normed), condition)
        x = x + self.films[1](self.music(self.norms[1](x), memory), condition)
        return x + self.films[2](self.feed(self.norms[2](x)), condition)


class EdgeDecoder(nn.Module):
    """Same arguments and result as :class:`~hotfoot.model.dit.DanceDiT`, on raw coordinates."""

    def __init__(self, config: EdgeConfig) -> None:
        super().__init__()
        self.config = config
        numbers = config.latent_channels // FRAMES_PER_COLUMN
        w = config.width
        self.frame_in = nn.Linear(2 * numbers + 1, w)
        self.music_in = nn.Linear(config.music_width, w)
        self.music_layers = nn.TransformerEncoder(
            nn.TransformerEncoderLayer(
                w, config.heads, config.mlp_width, 0.0, "gelu", batch_first=True, norm_first=True
            ),
            2,
            enable_nested_tensor=False,
        )
        self.no_music = nn.Parameter(torch.zeros(w))
        self.time_in = nn.Sequential(nn.Linear(256, w), nn.SiLU(), nn.Linear(w, w))
        self.pooled_in = nn.Sequential(nn.LayerNorm(w), nn.Linear(w, w), nn.SiLU(), nn.Linear(w, w))
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(w)
        self.frame_out = nn.Linear(w, numbers)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        reference: Tensor,
        mask: Tensor,
        music: Tensor,
        drop_music: Tensor | None = None,
        labels: tuple[Tensor, Tensor] | None = None,
    ) -> Tensor:
        """The clean latent of the shape of ``x`` [B, C, 1, U]; EDGE knows no ``labels``."""
        known = mask[:, :, 0].transpose(1, 2).reshape(len(x), -1, 1).to(x.dtype)
        frames = torch.cat([frames_of(x), frames_of(reference), known], dim=-1)
        at, width = torch.arange(frames.shape[1], device=x.device), self.config.width
        middle = at[::FRAMES_PER_COLUMN] + 3.5  # of the columns
        hidden = self.frame_in(frames) + timestep_embedding(at / 1000, width)
        memory = self.music_in(music) + timestep_embedding(middle / 1000, width)
        memory = self.music_layers(memory)
        if drop_music is not None:
            none = self.no_music.to(memory.dtype)
            memory = torch.where(drop_music[:, None, None], none, memory)
        condition = self.time_in(timestep_embedding(t)) + self.pooled_in(memory.mean(dim=1))
        condition = F.silu(condition)
        for layer in self.layers:
            hidden = layer(hidden, memory, condition)
        cells = self.frame_out(self.norm(hidden)).unflatten(1, (-1, FRAMES_PER_COLUMN))
        return cells.permute(0, 3, 2, 1).reshape(x.shape)


def frames_of(latent: Tensor) -> Tensor:
    """Raw latents [B, 8 n, 1, U] as frames [B, 8 U, n]."""
    cells = latent.reshape(len(latent), -1, FRAMES_PER_COLUMN, latent.shape[-1])
    return cells.permute(0, 3, 2, 1).flatten(1, 2)


def velocity_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Squared error of the differences between frames, per example [B]."""
    error = frames_of(predicted).diff(dim=1) - frames_of(target).diff(dim=1)
    return error.square().mean(dim=(1, 2))
