"""Untrained models for tests."""

import torch

from hotfoot.generation.diffusion import DiffusionGenerator
from hotfoot.generation.generator import build_network
from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import DiffusionConfig, LineVAEConfig, Sampling
from hotfoot.model.network_config import preset
from hotfoot.model.vae import LineVAE
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.pose.skeletons import get_skeleton


def untrained_model(skeleton="body-18", **facts):
    """A tiny model with random weights; ``facts`` are fields of its configuration."""
    torch.manual_seed(0)
    shape = LineVAEConfig(width=16, blocks=1)
    channels = 2 * len(get_skeleton(skeleton)) * shape.latent_channels
    dit = build_network(preset("debug", channels, shape.rows, SpectralEncoder.width))
    torch.nn.init.normal_(dit.pose_out.weight, std=0.05)
    config = DiffusionConfig(
        **{
            "name": "tiny", "skeleton": skeleton, "frames": 64, "codec": CodecConfig(),
            "vae": shape, "dit": dit.config, "latent_mean": (0.0,) * 4, "latent_std": (1.0,) * 4,
            "sampling": Sampling(steps=2),
            **facts,
        }
    )  # fmt: skip
    return DiffusionGenerator(config, LineVAE(shape), dit)
