"""Shapes of the dance transformer, and named presets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hotfoot.errors import OptionError


@dataclass(frozen=True)
class DiTConfig:
    """Everything that fixes the transformer's shape.

    Attributes:
        latent_channels: channels of the pose latent.
        rows: height of the latent grid.
        music_width: width of a music token.
        width: model width.
        depth: joint blocks.
        heads: attention heads.
        kv_heads: key/value heads (grouped-query attention); equal to ``heads`` for none.
        mlp_width: hidden width of the gated MLP.
        patch: (rows, columns) of a pose token.
        rope_axes: rotary dimensions of the three index axes; they sum to width / heads.
        rope_theta: base of the rotary frequencies.
        time_shared: music shares the time axis of the poses (paper); False is the ablation.
        joint_adaln: one modulation network for all blocks plus a table per block (fewer
            parameters), instead of one network per block.
        refiners: extra blocks on pose tokens alone, and as many on music tokens alone, before the
            joint ones (as in Lumina-Image 2.0).
        timestep_width: width of the timestep embedding.
        prediction: what the network puts out, the velocity or the clean latent (from which the
            velocity follows; better where a token has more numbers than the model is wide).
        embed_hidden: hidden width of a nonlinear branch beside the linear maps into and out of
            pose tokens; 0 for none. Latents of one-hot images lie on a curved surface: a linear map
            from a model narrower than the token loses a part of every pose, a curved one need not.
        music_beside: hear the music of a pose token's own columns and of their neighbors directly,
            added to the token, besides attending to it. Short training does not find the way
            through attention alone. Needs ``time_shared``.
        styles: names of the styles that it may be asked for; none for a model without.
        energy: whether it may be asked for a size of movement.
    """

    latent_channels: int
    rows: int
    music_width: int
    width: int = 384
    depth: int = 8
    heads: int = 6
    kv_heads: int = 6
    mlp_width: int = 1024
    patch: tuple[int, int] = (8, 1)
    rope_axes: tuple[int, int, int] = (16, 16, 32)
    rope_theta: float = 1000.0
    time_shared: bool = True
    joint_adaln: bool = True
    refiners: int = 0
    timestep_width: int = 384
    prediction: Literal["velocity", "data"] = "data"
    embed_hidden: int = 0
    music_beside: bool = False
    styles: tuple[str, ...] = ()
    energy: bool = False

    def __post_init__(self) -> None:
        if self.width % self.heads or self.heads % self.kv_heads:
            raise OptionError(
                f"width {self.width}, heads {self.heads}, kv_heads {self.kv_heads}",
                "width must be a multiple of heads, heads of kv_heads.",
            )
        if sum(self.rope_axes) != self.width // self.heads or any(a % 2 for a in self.rope_axes):
            raise OptionError(
                f"rope_axes {self.rope_axes}",
                f"Expected three even numbers that sum to {self.width // self.heads}.",
            )
        if self.music_beside and not self.time_shared:
            raise OptionError(
                "music_beside without time_shared", "Music has no place beside poses then."
            )
        if self.rows % self.patch[0]:
            raise OptionError(
                f"{self.rows} rows do not divide into patches of {self.patch[0]}",
                "The patch height must divide the rows.",
            )


def preset(name: str, latent_channels: int, rows: int, music_width: int) -> DiTConfig:
    """A named shape for a latent grid and a music encoder.

    ``debug`` is for tests, ``mini`` for ablations on CPUs, ``small`` is the default and fits CPUs,
    ``base`` wants a GPU, ``paper`` is Lumina-Image 2.0's transformer (2.6 B parameters).

    Raises:
        OptionError: unknown name.
    """
    grid: dict[str, Any] = {
        "latent_channels": latent_channels,
        "rows": rows,
        "music_width": music_width,
    }
    whole, quarter = (rows, 1), (max(1, rows // 4), 1)
    if name == "debug":
        return DiTConfig(
            **grid, width=64, depth=2, heads=2, kv_heads=2, mlp_width=128, patch=whole,
            rope_axes=(8, 8, 16), timestep_width=64,
        )  # fmt: skip
    if name == "mini":
        return DiTConfig(
            **grid, width=192, depth=6, heads=3, kv_heads=3, mlp_width=512, patch=whole,
            timestep_width=192, embed_hidden=768,
        )  # fmt: skip
    if name == "small":
        return DiTConfig(**grid, patch=quarter, embed_hidden=1536, music_beside=True)
    if name == "base":
        return DiTConfig(
            **grid, width=768, depth=12, heads=12, kv_heads=12, mlp_width=2048,
            patch=quarter, timestep_width=768,
        )  # fmt: skip
    if name == "paper":
        return DiTConfig(
            **grid, width=2304, depth=26, heads=24, kv_heads=8, mlp_width=9216,
            patch=(2 if rows % 2 == 0 else 1, 1), rope_axes=(32, 32, 32), rope_theta=10000.0,
            joint_adaln=False, refiners=2, timestep_width=1024, prediction="velocity",
        )  # fmt: skip
    raise OptionError(f"unknown preset '{name}'", "Known: debug, mini, small, base, paper.")


@dataclass(frozen=True)
class Sampling:
    """How a model likes to be sampled; options of ``dance`` override it.

    Attributes:
        steps: denoising steps.
        guidance: weight of the music.
        shift: of the schedule, above 1 for more steps near noise.
        solver: euler, midpoint or heun.
        draft: share of the way from noise to data that the choreographer's draft takes over; 0
            begins with noise alone, 1 keeps the draft.
        smoothing_s: standard deviation of the smoothing over time, in seconds, from noise alone.
        smoothing_draft_s: the same for a draft alone; between them it is in proportion. A network
            is rougher the less there is to lead it. None is as from noise.
    """

    steps: int = 10
    guidance: float = 1.0
    shift: float = 1.0
    solver: str = "euler"
    draft: float = 0.0
    smoothing_s: float = 0.06
    smoothing_draft_s: float | None = None

    def smoothing(self, draft: float) -> float:
        """Seconds of smoothing for what begins from this much of a draft, 0 to 1."""
        led = self.smoothing_s if self.smoothing_draft_s is None else self.smoothing_draft_s
        return (1 - draft) * self.smoothing_s + draft * led
