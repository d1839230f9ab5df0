"""Published image VAEs, frozen: three coordinate channels per RGB picture.

``diffusers`` (an extra) has the classes; it lacks a branch of TAEF2, a tiny VAE, added here.
"""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hotfoot.errors import ModelError, needing
from hotfoot.model.codec import CodecConfig, draw_lines, pack_rgb, unpack_rgb
from hotfoot.model.config import PublishedVAEConfig
from hotfoot.model.vae import PoseVAE
from hotfoot.pose.resample import linear, neighbors

_TAEF2_FILES = ("taef2_encoder.pth", "taef2_decoder.pth")


class PublishedVAE(PoseVAE):
    """A frozen image VAE of three coordinate channels per picture.

    A line that moves many bins per picture column is a row of dots, which such VAEs lose; drawn
    ``config.stretch`` columns to a frame, it stays a line. The extra latent columns become
    channels, so there is still one column per 8 frames.
    """

    def __init__(self, autoencoder: Any, codec: CodecConfig, config: PublishedVAEConfig) -> None:
        published = autoencoder.config
        rows = codec.bins // 2 ** (len(published.block_out_channels) - 1)
        depth = config.stretch * published.latent_channels
        super().__init__(config, codec, depth, rows, together=3)
        self.autoencoder = autoencoder.eval().requires_grad_(False)
        self.stretch = config.stretch
        self.scale = float(getattr(published, "scaling_factor", None) or 1.0)
        self.shift = float(getattr(published, "shift_factor", None) or 0.0)

    @torch.inference_mode()
    def encode_lines(self, center: Tensor, value: Tensor) -> Tensor:
        """See :class:`~hotfoot.model.vae.PoseVAE`. Pictures pass one by one, to save memory."""
        out = []
        for lines, hot in zip(center.cpu().numpy(), value.cpu().numpy(), strict=True):
            wide = draw_lines(*stretch_lines(lines, hot, self.stretch), self.codec)
            pictures = torch.from_numpy(pack_rgb(wide, self.codec))
            latents = torch.cat([self._encode(p[None].to(center.device)) for p in pictures])
            # [P, depth, R, U * s] -> [P * s * depth, R, U]
            folded = latents.reshape(*latents.shape[:3], -1, self.stretch)
            out.append(folded.permute(0, 4, 1, 2, 3).flatten(0, 2))
        return torch.stack(out)

    def _encode(self, picture: Tensor) -> Tensor:
        encoded = self.autoencoder.encode(picture)
        latent = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        return (latent - self.shift) * self.scale

    @torch.inference_mode()
    def decode(self, latent: Tensor, channels: int) -> Tensor:
        """See :class:`~hotfoot.model.vae.PoseVAE`."""
        images = []
        for one in latent:
            folded = one.unflatten(0, (-1, self.stretch, self._depth // self.stretch))
            parts = folded.permute(0, 2, 3, 4, 1).flatten(-2)
            pictures = [
                self.autoencoder.decode(p[None] / self.scale + self.shift).sample[0].float()
                for p in parts
            ]
            packed = torch.stack(pictures)[..., :: self.stretch].cpu().numpy()
            images.append(torch.from_numpy(unpack_rgb(packed, channels, self.codec)))
        return torch.stack(images).to(latent.device)


def stretch_lines(
    center: NDArray[np.float32], value: NDArray[np.float32], stretch: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Lines [C, T] drawn ``stretch`` times as wide, [C, T * stretch].

    Column ``stretch * t`` is frame ``t``; between two frames that are both seen the line is
    straight, else the nearer frame is held.
    """
    frames = center.shape[1]
    at = np.arange(frames * stretch) / stretch
    before, after, w = neighbors(at, frames)
    near = np.where(w < 0.5, before, after)
    both = (value[:, before] > 0) & (value[:, after] > 0)
    between = linear(center.T, at).T
    return np.where(both, between, center[:, near]).astype(np.float32), value[:, near]


def natural_codec() -> CodecConfig:
    """Codec for natural-image VAEs: Gaussian line, dark on white, values in -1..1."""
    return CodecConfig(
        polarity="dark", value_range=(-1.0, 1.0), decoding="soft-argmax", confidence_from="window"
    )


def published_config(folder: Path, stretch: int = 3) -> PublishedVAEConfig | None:
    """The published VAE that lies in a folder (a class of ``diffusers``, or TAEF2), or None."""
    if (folder / _TAEF2_FILES[0]).is_file():
        return PublishedVAEConfig("TAEF2", str(folder), stretch)
    try:
        name = json.loads((folder / "config.json").read_text()).get("_class_name")
    except (OSError, ValueError, AttributeError):
        return None
    known = name in ("AutoencoderKL", "AutoencoderTiny")
    return PublishedVAEConfig(name, str(folder), stretch) if known else None


def load_published(config: PublishedVAEConfig, codec: CodecConfig) -> PublishedVAE:
    """A VAE in ``diffusers``' layout, from a local folder or the hub.

    TAEF2 comes from a folder with its two published weight files.

    Raises:
        DependencyError: diffusers is not installed.
        ModelError: nothing that can be loaded.
    """
    with needing(
        "published VAEs need the package diffusers", "Install it: pip install 'hotfoot[vae]'"
    ):
        import diffusers
    if config.kind == "TAEF2":
        folder = Path(config.source)
        autoencoder = _load_taef2(diffusers.AutoencoderTiny, folder)
        config = replace(config, source=str(folder.resolve()))
    else:
        try:
            kind = getattr(diffusers, config.kind)
            autoencoder = kind.from_pretrained(config.source, use_safetensors=True)
        except (OSError, ValueError) as error:
            raise ModelError(
                f"no {config.kind} can be loaded from {config.source}",
                "Give a folder with config.json and diffusion_pytorch_model.safetensors, "
                "or a name on the hub while online.",
            ) from error
    return PublishedVAE(autoencoder, codec, config)


def _load_taef2(tiny: Any, folder: Path) -> Any:
    """TAEF2 from its two weight files: tensors only, loaded by key."""
    autoencoder = tiny(latent_channels=32)
    encoder, decoder = autoencoder.encoder.layers, autoencoder.decoder.layers
    for layers, coarse in ((encoder, range(11, 14)), (decoder, range(2, 5))):
        for i in coarse:
            layers[i] = _PooledBlock(layers[i])
    # The published decoder counts its input clamp as layer 0.
    parts = (encoder, nn.Sequential(nn.Identity(), *decoder))
    for name, part in zip(_TAEF2_FILES, parts, strict=True):
        try:
            part.load_state_dict(torch.load(folder / name, weights_only=True, map_location="cpu"))
        except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
            raise ModelError(
                f"{name} does not hold TAEF2's weights",
                "Give the published taef2_encoder.pth and taef2_decoder.pth.",
            ) from error
    return autoencoder.float()


class _PooledBlock(nn.Module):
    """A block of the tiny autoencoder whose input first gets a GroupNorm branch added."""

    def __init__(self, block: Any) -> None:
        super().__init__()
        self.conv, self.skip, self.fuse = block.conv, block.skip, block.fuse
        width = block.conv[0].in_channels
        self.pool = nn.Sequential(
            nn.Conv2d(width, 256, 1, bias=False),
            nn.GroupNorm(4, 256),
            nn.ReLU(),
            nn.Conv2d(256, width, 1, bias=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.pool(x)
        return self.fuse(self.conv(x) + self.skip(x))
