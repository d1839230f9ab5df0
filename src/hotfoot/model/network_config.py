"""Shapes of the dance transformer, and named presets."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from hotfoot.errors import OptionError
from hotfoot.validation import validated

_Count = Annotated[int, Field(ge=1, le=65_536)]
_Width = Annotated[int, Field(ge=1, le=32_768)]
_Depth = Annotated[int, Field(ge=1, le=128)]


@validated
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
        music_beside: add the music of a pose token's own columns and of their neighbors to the
            token, besides attending to it. Short training does not find the way through attention
            alone. Needs ``time_shared``.
        music_modulates: the music of a pose token's own columns and of their neighbors scales and
            gates the token in every block, beside time. Needs ``time_shared`` and no
            ``joint_adaln``.
        styles: names of the styles that it is conditioned on; none for a model without.
        energy: whether it is conditioned on the size of movement.
        kind: tells it from other networks.
    """

    latent_channels: _Count
    rows: _Count
    music_width: _Width
    width: _Width = 384
    depth: _Depth = 8
    heads: _Count = 6
    kv_heads: _Count = 6
    mlp_width: _Width = 1024
    patch: tuple[_Count, _Count] = (8, 1)
    rope_axes: tuple[_Count, _Count, _Count] = (16, 16, 32)
    rope_theta: Annotated[float, Field(gt=1, le=1e9)] = 1000.0
    time_shared: bool = True
    joint_adaln: bool = True
    refiners: Annotated[int, Field(ge=0, le=16)] = 0
    timestep_width: _Width = 384
    prediction: Literal["velocity", "data"] = "data"
    embed_hidden: Annotated[int, Field(ge=0, le=65_536)] = 0
    music_beside: bool = False
    music_modulates: bool = False
    styles: tuple[str, ...] = ()
    energy: bool = False
    kind: Literal["dit"] = "dit"

    def __post_init__(self) -> None:
        if self.width % self.heads or self.heads % self.kv_heads:
            raise ValueError(
                f"width {self.width}, heads {self.heads}, kv_heads {self.kv_heads}: width must be "
                "a multiple of heads, heads of kv_heads"
            )
        head = self.width // self.heads
        if sum(self.rope_axes) != head or any(a % 2 for a in self.rope_axes):
            raise ValueError(f"rope_axes {self.rope_axes}: three even numbers that sum to {head}")
        if self.music_beside and not self.time_shared:
            raise ValueError("music_beside needs time_shared: music has no column otherwise")
        if self.music_modulates and (self.joint_adaln or not self.time_shared):
            raise ValueError("music_modulates needs time_shared and no joint_adaln")
        if self.rows % self.patch[0]:
            raise ValueError(f"patch {self.patch}: its height must divide the {self.rows} rows")
        if len(set(self.styles)) != len(self.styles):
            raise ValueError("styles: each may be named once")


@validated
@dataclass(frozen=True)
class EdgeConfig:
    """Shape of the EDGE-style decoder, a baseline on raw coordinates.

    Attributes:
        latent_channels: of raw coordinates, 16 per coordinate channel.
        rows: 1.
        music_width: width of a music token.
        width: of the tokens.
        depth: decoder layers.
        heads: of attention.
        mlp_width: hidden width.
        velocity_weight: of the loss on velocities.
        prediction: always the data.
        styles: none.
        energy: no.
        kind: tells it from other networks.
    """

    latent_channels: _Count
    rows: Literal[1]
    music_width: _Width
    width: _Width = 192
    depth: _Depth = 6
    heads: _Count = 4
    mlp_width: _Width = 512
    velocity_weight: Annotated[float, Field(ge=0, le=1000)] = 1.0
    prediction: Literal["data"] = "data"
    styles: tuple[()] = ()
    energy: Literal[False] = False
    kind: Literal["edge"] = "edge"

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} must be a multiple of heads {self.heads}")
        if self.latent_channels % 16:
            raise ValueError("latent_channels: raw coordinates have 16 per channel")


NetworkConfig = Annotated[DiTConfig | EdgeConfig, Field(discriminator="kind")]
"""A network by the ``kind`` in its configuration."""


def preset(name: str, latent_channels: int, rows: int, music_width: int) -> DiTConfig | EdgeConfig:
    """A named shape for a latent grid and a music encoder.

    ``debug`` is for tests; ``light``, the default, is for latents of one row on CPUs, ``small`` for
    deeper ones; ``mini`` is for ablations on CPUs, ``base`` wants a GPU, ``edge`` is the EDGE-style
    baseline, ``paper`` is Lumina-Image 2.0's transformer (2.6 B parameters).

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
    if name == "light":
        return DiTConfig(
            **grid, width=256, depth=6, heads=4, kv_heads=4, mlp_width=512, patch=whole,
            joint_adaln=False, timestep_width=256, music_beside=True, music_modulates=True,
        )  # fmt: skip
    if name == "mini":
        return DiTConfig(
            **grid, width=192, depth=6, heads=3, kv_heads=3, mlp_width=512, patch=whole,
            timestep_width=192, embed_hidden=768,
        )  # fmt: skip
    if name == "small":
        return DiTConfig(**grid, patch=quarter, embed_hidden=1536, music_beside=True)
    if name == "edge":
        return EdgeConfig(latent_channels, rows, music_width)  # type: ignore[arg-type]
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
    raise OptionError(
        f"unknown preset '{name}'", "Known: debug, light, mini, small, base, edge, paper."
    )
