"""Changes that recipes make to codecs and networks: fields that differ, None for the others."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from hotfoot.model.codec import CodecConfig, Decoding
from hotfoot.model.network_config import DiTConfig
from hotfoot.validation import validated

_Count = Annotated[int, Field(ge=1, le=65_536)]


@validated
@dataclass(frozen=True, kw_only=True)
class CodecChanges:
    """Fields of :class:`CodecConfig` that differ from the VAE's own; None for those that do not.

    How lines are drawn (profile_sigma, polarity, value_range) is free for published VAEs only;
    ours draw what they were trained on.
    """

    profile_sigma: Annotated[float, Field(ge=0, le=32)] | None = None
    polarity: Literal["light", "dark"] | None = None
    value_range: tuple[float, float] | None = None
    # Stiffer than for detected poses: a generated column holds more than one place.
    decoding: Decoding | None = "lattice"
    motion_penalty: Annotated[float, Field(ge=0, le=1e3)] | None = 0.03
    motion_band: Annotated[int, Field(ge=1, le=4096)] | None = 32
    visible_above: Annotated[float, Field(gt=0, lt=1)] | None = None
    confidence_from: Literal["window", "column"] | None = None

    def apply(self, codec: CodecConfig) -> CodecConfig:
        """The codec with these changes."""
        return replace(codec, **given(self))


@validated
@dataclass(frozen=True, kw_only=True)
class NetworkChanges:
    """Fields of the network's configuration that differ from the preset's; None for the others.

    ``patch_rows`` is the height of a pose token in rows of the latent grid.
    """

    width: _Count | None = None
    depth: Annotated[int, Field(ge=1, le=128)] | None = None
    heads: _Count | None = None
    kv_heads: _Count | None = None
    mlp_width: _Count | None = None
    patch_rows: _Count | None = None
    rope_axes: tuple[_Count, _Count, _Count] | None = None
    rope_theta: Annotated[float, Field(gt=1, le=1e9)] | None = None
    time_shared: bool | None = None
    refiners: Annotated[int, Field(ge=0, le=16)] | None = None
    prediction: Literal["velocity", "data"] | None = None
    embed_hidden: Annotated[int, Field(ge=0, le=65_536)] | None = None
    music_beside: bool | None = None
    music_modulates: bool | None = None
    joint_adaln: bool | None = None
    timestep_width: _Count | None = None

    def apply(self, config: DiTConfig) -> DiTConfig:
        """The configuration with these changes."""
        changes = given(self)
        if "patch_rows" in changes:
            changes["patch"] = (changes.pop("patch_rows"), config.patch[1])
        if self.time_shared is False:
            changes = {"music_beside": False, "music_modulates": False, **changes}
        return replace(config, **changes)


def given(changes: Any) -> dict[str, Any]:
    """Fields that are not None."""
    return {k: v for k, v in asdict(changes).items() if v is not None}
