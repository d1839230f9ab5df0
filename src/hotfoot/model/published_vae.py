"""Published image VAEs, frozen: three coordinate channels per RGB picture.

``diffusers`` (an extra) provides the classes; weights come from a local folder or the hub. TAEF2 is
a tiny VAE whose blocks at the coarsest level have a branch that ``diffusers`` lacks; it is added
here.
"""

import json
import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hotfoot.errors import DependencyError, ModelError
from hotfoot.model.codec import CodecConfig, draw_lines, pack_rgb, unpack_rgb
from hotfoot.model.config import PublishedVAEConfig
from hotfoot.pose.resample import linear, neighbors

CLASSES = ("AutoencoderKL", "AutoencoderTiny")
TAEF2: Final = "TAEF2"
_TAEF2_FILES = ("taef2_encoder.pth", "taef2_decoder.pth")


class PublishedVAE(nn.Module):
    """A frozen image VAE behind the interface of :class:`~hotfoot.model.vae.PoseVAE`.

    Args:
        autoencoder: ``AutoencoderKL`` or ``AutoencoderTiny``.
        codec: how lines are drawn. Natural-image VAEs want a Gaussian line, dark on white.
        config: where it is, and how many picture columns a frame has. A line that moves many bins
            per column is a row of dots, which such VAEs lose; drawn wider, it stays a line. The
            extra latent columns become channels, so there is still one column per 8 frames.
        stride: spatial stride of the autoencoder.
    """

    def __init__(
        self, autoencoder: Any, codec: CodecConfig, config: PublishedVAEConfig, stride: int = 8
    ) -> None:
        super().__init__()
        self.autoencoder = autoencoder.eval().requires_grad_(False)
        self.codec = codec
        self.config = config
        self.stride = stride
        self.stretch = config.stretch
        published = autoencoder.config
        self.depth = int(published.latent_channels)
        self.scale = float(getattr(published, "scaling_factor", None) or 1.0)
        self.shift = float(getattr(published, "shift_factor", None) or 0.0)

    def latent_channels(self, channels: int) -> int:
        """Latent channels of an image with so many channels."""
        return -(-channels // 3) * self.stretch * self.depth

    def latent_rows(self) -> int:
        """Height of the latent grid."""
        return self.codec.bins // self.stride

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
            folded = one.reshape(-1, self.stretch, self.depth, *one.shape[1:])
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


def natural_codec(sigma: float = 1.0) -> CodecConfig:
    """Codec for natural-image VAEs: Gaussian line, dark on white, values in -1..1."""
    return CodecConfig(
        profile_sigma=sigma,
        polarity="dark",
        value_range=(-1.0, 1.0),
        decoding="soft-argmax",
        confidence_from="window",
    )


def published_config(folder: Path, stretch: int = 3) -> PublishedVAEConfig | None:
    """The published VAE that lies in a folder (a class of ``diffusers``, or TAEF2), or None."""
    if (folder / _TAEF2_FILES[0]).is_file():
        return PublishedVAEConfig(TAEF2, str(folder), stretch)
    try:
        name = json.loads((folder / "config.json").read_text()).get("_class_name")
    except (OSError, ValueError, AttributeError):
        return None
    return PublishedVAEConfig(name, str(folder), stretch) if name in CLASSES else None


def load_published(config: PublishedVAEConfig, codec: CodecConfig | None = None) -> PublishedVAE:
    """A VAE in ``diffusers``' layout, from a local folder or the hub; see :class:`PublishedVAE`.

    TAEF2 comes from a folder with its two published weight files. Without ``codec``, lines are
    drawn as natural-image VAEs want them (:func:`natural_codec`).

    Raises:
        DependencyError: diffusers is not installed.
        ModelError: nothing that can be loaded.
    """
    codec = codec or natural_codec()
    if config.kind == TAEF2:
        return _load_taef2(config, codec)
    diffusers = _diffusers()
    try:
        autoencoder = getattr(diffusers, config.kind).from_pretrained(
            config.source, use_safetensors=True
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"no {config.kind} can be loaded from {config.source}",
            "Give a folder with config.json and diffusion_pytorch_model.safetensors, "
            "or a name on the hub while online.",
        ) from error
    stride = 2 ** (len(autoencoder.config.block_out_channels) - 1)
    return PublishedVAE(autoencoder, codec, config, stride)


def _load_taef2(config: PublishedVAEConfig, codec: CodecConfig) -> PublishedVAE:
    """TAEF2 from its two weight files: tensors only, loaded by key."""
    folder = Path(config.source)
    encoder, decoder = (folder / name for name in _TAEF2_FILES)
    diffusers = _diffusers()
    autoencoder = diffusers.AutoencoderTiny(
        latent_channels=32,
        encoder_block_out_channels=(64, 64, 64, 64),
        decoder_block_out_channels=(64, 64, 64, 64),
        num_encoder_blocks=(1, 3, 3, 3),
        num_decoder_blocks=(3, 3, 3, 1),
    )
    for layers, coarse in (
        (autoencoder.encoder.layers, range(11, 14)),
        (autoencoder.decoder.layers, range(2, 5)),
    ):
        for i in coarse:
            layers[i] = _PooledBlock(layers[i])
    # The published decoder counts its input clamp as layer 0.
    for part, path, offset in (
        (autoencoder.encoder, encoder, 0),
        (autoencoder.decoder, decoder, 1),
    ):
        try:
            tensors = torch.load(path, weights_only=True, map_location="cpu")
            part.layers.load_state_dict({_renumber(k, offset): v for k, v in tensors.items()})
        except (OSError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
            raise ModelError(
                f"{Path(path).name} does not hold TAEF2's weights",
                "Give the published taef2_encoder.pth and taef2_decoder.pth.",
            ) from error
    return PublishedVAE(autoencoder.float(), codec, replace(config, source=str(folder.resolve())))


def _renumber(key: str, offset: int) -> str:
    layer, rest = key.split(".", 1)
    return f"{int(layer) - offset}.{rest}"


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


def _diffusers() -> Any:
    try:
        import diffusers
    except ImportError as error:
        raise DependencyError(
            "published VAEs need the package diffusers", "Install it: pip install 'hotfoot[vae]'"
        ) from error
    return diffusers
