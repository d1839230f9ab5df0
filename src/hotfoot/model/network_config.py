"""Shapes of the dance transformer, and named presets."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hotfoot.errors import OptionError
from hotfoot.validation import validated

_Count = Annotated[int, Field(ge=1, le=65_536)]
_Width = Annotated[int, Field(ge=1, le=32_768)]
_Depth = Annotated[int, Field(ge=1, le=128)]


@validated
class DiTConfig:
    """Everything that fixes the transformer's shape.

    With ``time_shared``, music has the poses' time axis (paper); without is the ablation.
    ``joint_adaln`` is one modulation network for all blocks plus a table per block (fewer
    parameters) instead of one network per block. ``embed_hidden`` is the hidden width of a
    nonlinear branch beside the linear maps into and out of pose tokens, 0 for none: latents of
    one-hot images lie on a curved surface, of which a linear map from a model narrower than the
    token loses a part, a curved one need not. With ``music_beside``, the music of a pose token's
    own columns and of their neighbors is added to the token, as short training does not find the
    way through attention alone; with ``music_modulates``, it scales and gates the token in every
    block, beside time.
    """

    latent_channels: _Count
    rows: _Count
    music_width: _Width
    width: _Width = 384
    depth: _Depth = 8
    heads: _Count = 6
    kv_heads: _Count = 6  # grouped-query attention; equal to heads for none
    mlp_width: _Width = 1024
    patch: tuple[_Count, _Count] = (8, 1)  # rows and columns of a pose token
    rope_axes: tuple[_Count, _Count, _Count] = (16, 16, 32)  # rotary dims of the index axes
    rope_theta: Annotated[float, Field(gt=1, le=1e9)] = 1000.0
    time_shared: bool = True
    joint_adaln: bool = True
    # Extra blocks on pose tokens alone, as many on music tokens alone (as in Lumina-Image 2.0).
    refiners: Annotated[int, Field(ge=0, le=16)] = 0
    timestep_width: _Width = 384
    # The clean latent gives the velocity, and is better where a token is wider than the model.
    prediction: Literal["velocity", "data"] = "data"
    embed_hidden: Annotated[int, Field(ge=0, le=65_536)] = 0
    music_beside: bool = False
    music_modulates: bool = False
    styles: tuple[str, ...] = ()  # that it is conditioned on
    energy: bool = False  # whether it is conditioned on the size of movement
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
class EdgeConfig:
    """Shape of the EDGE-style decoder, a baseline on raw coordinates."""

    latent_channels: _Count  # 16 per coordinate channel
    rows: Literal[1]
    music_width: _Width
    width: _Width = 192
    depth: _Depth = 6
    heads: _Count = 4
    mlp_width: _Width = 512
    velocity_weight: Annotated[float, Field(ge=0, le=1000)] = 1.0  # in the loss
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

# Width, depth, heads, width of the MLP, and what else differs.
_PRESETS: dict[str, tuple[int, int, int, int, dict[str, Any]]] = {
    "debug": (64, 2, 2, 128, {"rope_axes": (8, 8, 16)}),
    "light": (
        256, 6, 4, 512, {"joint_adaln": False, "music_beside": True, "music_modulates": True},
    ),
    "mini": (192, 6, 3, 512, {"embed_hidden": 768}),
    "small": (384, 8, 6, 1024, {"embed_hidden": 1536, "music_beside": True}),
    "base": (768, 12, 12, 2048, {}),
    "paper": (
        2304, 26, 24, 9216,
        {"kv_heads": 8, "rope_axes": (32, 32, 32), "rope_theta": 10000.0, "joint_adaln": False,
         "refiners": 2, "timestep_width": 1024, "prediction": "velocity"},
    ),
}  # fmt: skip


def preset(name: str, latent_channels: int, rows: int, music_width: int) -> DiTConfig | EdgeConfig:
    """A named shape for a latent grid and a music encoder.

    ``debug`` is for tests; ``light``, the default, is for latents of one row on CPUs, ``small`` for
    deeper ones; ``mini`` is for ablations on CPUs, ``base`` wants a GPU, ``edge`` is the EDGE-style
    baseline, ``paper`` is Lumina-Image 2.0's transformer (2.6 B parameters). Raises OptionError
    for an unknown name.
    """
    grid = (latent_channels, rows, music_width)
    if name == "edge":
        return EdgeConfig(*grid)  # type: ignore[arg-type]
    if name not in _PRESETS:
        raise OptionError(
            f"unknown preset '{name}'", "Known: debug, light, mini, small, base, edge, paper."
        )
    width, depth, heads, mlp_width, changes = _PRESETS[name]
    quarter, two = max(1, rows // 4), 2 if rows % 2 == 0 else 1
    tall = {"small": quarter, "base": quarter, "paper": two}.get(name, rows)
    rest: dict[str, Any] = {"kv_heads": heads, "timestep_width": width, "patch": (tall, 1)}
    return DiTConfig(*grid, width, depth, heads, mlp_width=mlp_width, **rest | changes)
