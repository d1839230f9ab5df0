"""The networks that a dance model may hold, by the kind in their configuration."""

from __future__ import annotations

from typing import Any

from hotfoot.baselines.edge import EdgeConfig, EdgeDecoder
from hotfoot.model.config import DiTConfig, preset
from hotfoot.model.dit import DanceDiT

NetworkConfig = DiTConfig | EdgeConfig
Network = DanceDiT | EdgeDecoder


def build_network(config: NetworkConfig) -> Network:
    """The network of a configuration, with fresh weights."""
    return EdgeDecoder(config) if isinstance(config, EdgeConfig) else DanceDiT(config)


def network_config(fields: dict[str, Any]) -> NetworkConfig:
    """A configuration from the fields of ``config.json``.

    Raises:
        TypeError, KeyError: fields that do not fit.
    """
    if fields.get("kind") == "edge":
        return EdgeConfig(**fields)
    rows = ("patch", "rope_axes", "styles")
    shape: dict[str, Any] = {k: tuple(v) if k in rows else v for k, v in fields.items()}
    return DiTConfig(**shape)


def named_network(name: str, latent_channels: int, rows: int, music_width: int) -> NetworkConfig:
    """A preset of the dance transformer, or ``edge``.

    Raises:
        OptionError: unknown name.
    """
    if name == "edge":
        return EdgeConfig(latent_channels, rows, music_width)
    return preset(name, latent_channels, rows, music_width)
