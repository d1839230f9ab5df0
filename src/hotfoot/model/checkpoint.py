"""A dance model: VAE + transformer + the facts needed to use them, and its folder on disk.

A model folder holds ``config.json`` (schema version and everything to rebuild), one
``model.safetensors`` and a model card ``README.md``. No pickle is ever read.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hotfoot.baselines.codes import CodesDancer
from hotfoot.baselines.common import BaselineConfig
from hotfoot.baselines.folder import KINDS, baseline_config, load_baseline
from hotfoot.baselines.raw import RawConfig, RawCoordinates
from hotfoot.baselines.retrieval import Retrieval
from hotfoot.errors import HotfootError, ModelError
from hotfoot.generation.generator import Network, NetworkConfig, build_network, network_config
from hotfoot.model.codec import CodecConfig
from hotfoot.model.config import Sampling
from hotfoot.model.vae import LineVAE, LineVAEConfig, PoseVAE
from hotfoot.music.tokens import ENCODERS
from hotfoot.pose.skeletons import get_skeleton

SCHEMA = 1
_BUILT_IN = Path(__file__).resolve().parent.parent / "models"
DEFAULT_MODEL = "default"
_OWN_VAES = ("lines", "raw")  # kinds whose tensors live in the model's own file


@dataclass(frozen=True)
class ModelConfig:
    """Everything that rebuilds a model.

    Attributes:
        name: shown in results.
        skeleton: keypoint order.
        fps: frame rate of the training data.
        frames: frames of a segment; a multiple of 8.
        overlap: known frames that a later segment begins with.
        codec: how images are drawn and decoded.
        vae: ``{"kind": "lines", ...}`` with the fields of LineVAEConfig, or
            ``{"kind": "raw"}`` (coordinates as they are), or
            ``{"kind": "AutoencoderKL" | "AutoencoderTiny" | "TAEF2", "source": folder or hub name,
            "stretch": picture columns per frame}``.
        dit: shape of the transformer.
        music: name of the music encoder.
        latent_mean: per VAE channel.
        latent_std: per VAE channel.
        sampling: defaults.
        reference: whether it is shown the static reference pose.
        license: of the weights.
    """

    name: str
    skeleton: str
    fps: float
    frames: int
    overlap: int
    codec: CodecConfig
    vae: dict[str, Any]
    dit: NetworkConfig
    music: str
    latent_mean: tuple[float, ...]
    latent_std: tuple[float, ...]
    sampling: Sampling = field(default_factory=Sampling)
    reference: bool = True
    license: str = "Apache-2.0"

    def to_json(self) -> str:
        """The text of ``config.json``."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, indent=2) + "\n"


class DanceModel(nn.Module):
    """A loaded model, ready to generate."""

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, config: ModelConfig, vae: PoseVAE, dit: Network) -> None:
        super().__init__()
        self.config = config
        self.vae = vae
        self.dit = dit
        channels = 2 * len(get_skeleton(config.skeleton))
        repeat = vae.latent_channels(channels) // len(config.latent_mean)
        self.register_buffer(
            "latent_mean", torch.tensor(config.latent_mean).repeat(repeat)[:, None, None], False
        )
        self.register_buffer(
            "latent_std", torch.tensor(config.latent_std).repeat(repeat)[:, None, None], False
        )

    @property
    def channels(self) -> int:
        """Coordinate channels of the one-hot image."""
        return 2 * len(get_skeleton(self.config.skeleton))

    def encode(self, center: Tensor, value: Tensor) -> Tensor:
        """Lines [B, C, T] to standardized latents."""
        return (self.vae.encode_lines(center, value) - self.latent_mean) / self.latent_std

    def decode(self, latent: Tensor) -> Tensor:
        """Standardised latents to one-hot images [B, C, W, T]."""
        return self.vae.decode(latent * self.latent_std + self.latent_mean, self.channels)


def save_model(model: DanceModel, folder: Path, card: str) -> None:
    """Write a model folder; tensors in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {k: v.half().contiguous() for k, v in model.state_dict().items()}
    if model.config.vae["kind"] not in _OWN_VAES:  # published weights stay where they are
        tensors = {k: v for k, v in tensors.items() if not k.startswith("vae.")}
    temporary = folder / "model.tmp"
    save_file(tensors, temporary, metadata={"format": "pt"})
    temporary.chmod(0o644)  # safetensors writes files for their owner alone
    temporary.replace(folder / "model.safetensors")
    (folder / "config.json").write_text(model.config.to_json())
    (folder / "README.md").write_text(card)


def model_names() -> list[str]:
    """Models that ship with the package."""
    return sorted(p.parent.name for p in _BUILT_IN.glob("*/config.json"))


def model_folder(name: str | Path) -> Path:
    """Folder of a built-in name or of a path.

    Raises:
        ModelError: neither.
    """
    if str(name) in model_names():
        return _BUILT_IN / str(name)
    folder = Path(name)
    if folder.is_dir():
        return folder
    raise ModelError(
        f"no model '{name}'", f"Give a model folder or one of: {', '.join(model_names())}."
    )


def read_config(folder: Path) -> ModelConfig | BaselineConfig:
    """Parse ``config.json`` of a model folder, strictly.

    Raises:
        ModelError: missing, not JSON, newer schema, missing or unknown fields.
    """
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError:
        raise ModelError(
            f"{folder} holds no config.json",
            "A model folder has config.json and model.safetensors.",
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is not valid JSON", "Copy the model again.") from error
    schema = raw.pop("schema", None) if isinstance(raw, dict) else None
    if not isinstance(schema, int) or schema < 1:
        raise ModelError(f"{path} has no schema number", "It is not a hotfoot model.")
    if schema > SCHEMA:
        raise ModelError(
            f"{path} has schema {schema}; this hotfoot reads up to {SCHEMA}",
            "Upgrade: pip install -U hotfoot",
        )
    try:
        if raw.get("kind") in KINDS:
            return baseline_config(raw)
        codec = dict(raw["codec"])
        codec["value_range"] = tuple(codec["value_range"])
        fields = {
            **raw,
            "dit": network_config(dict(raw["dit"])),
            "codec": CodecConfig(**codec),
            "sampling": Sampling(**raw["sampling"]),
            "latent_mean": tuple(float(v) for v in raw["latent_mean"]),
            "latent_std": tuple(float(v) for v in raw["latent_std"]),
        }
        return ModelConfig(**fields)
    except (KeyError, TypeError, ValueError, HotfootError) as error:
        raise ModelError(
            f"{path} does not describe a model ({error})", "Copy the model again."
        ) from error


def load_dancer(
    name: str | Path = DEFAULT_MODEL, device: str = "cpu"
) -> DanceModel | Retrieval | CodesDancer:
    """Load anything that dances: a model like ours, or a baseline.

    Raises:
        ModelError: see :func:`load_model`.
    """
    folder = model_folder(name)
    config = read_config(folder)
    if isinstance(config, BaselineConfig):
        return load_baseline(config, folder)
    return load_model(name, device)


def load_model(name: str | Path = DEFAULT_MODEL, device: str = "cpu") -> DanceModel:
    """Load a built-in model or a model folder of the one-hot kind or its ablations.

    Raises:
        ModelError: missing, extra, wrong-shape or damaged tensors; see also :func:`read_config`.
    """
    folder = model_folder(name)
    config = read_config(folder)
    if isinstance(config, BaselineConfig):
        raise ModelError(f"{name} is a baseline of another kind", "Give a dance transformer.")
    if config.skeleton != "body-18":
        raise ModelError(
            f"the model dances {config.skeleton}", "This version dances body-18 models."
        )
    if config.music not in ENCODERS:
        raise ModelError(
            f"the model needs the music encoder '{config.music}'",
            f"Installed: {', '.join(ENCODERS)}.",
        )
    try:
        vae = _build_vae(config, folder)
        dit = build_network(config.dit)
    except TypeError as error:
        raise ModelError(
            f"{folder / 'config.json'} does not describe a model ({error})", "Copy the model again."
        ) from error
    model = DanceModel(config, vae, dit)
    expected = {
        k: v
        for k, v in model.state_dict().items()
        if config.vae["kind"] in _OWN_VAES or not k.startswith("vae.")
    }
    tensors = _read_tensors(folder / "model.safetensors")
    _check_tensors(tensors, expected, folder)
    model.load_state_dict({k: v.float() for k, v in tensors.items()}, strict=False)
    return model.to(device).eval().requires_grad_(False)


def _build_vae(config: ModelConfig, folder: Path) -> Any:
    fields = dict(config.vae)
    kind = fields.pop("kind", None)
    if kind == "lines":
        return LineVAE(LineVAEConfig(**fields))
    if kind == "raw":
        return RawCoordinates(RawConfig(**fields))
    from hotfoot.model.published_vae import load_published

    source = fields.get("source", "")
    local = folder / source
    path = local if local.is_dir() else source
    return load_published(path, str(kind), config.codec, int(fields.get("stretch", 3)))


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.exists():
        raise ModelError(
            f"{path.parent} holds no {path.name}",
            "A model folder has config.json and model.safetensors.",
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error})", "Copy the model again.") from error


def _check_tensors(tensors: dict[str, Tensor], expected: dict[str, Tensor], folder: Path) -> None:
    missing = sorted(expected.keys() - tensors.keys())
    extra = sorted(tensors.keys() - expected.keys())
    wrong = sorted(
        k for k in expected.keys() & tensors.keys() if expected[k].shape != tensors[k].shape
    )
    bad = sorted(k for k in tensors if not torch.isfinite(tensors[k].float()).all())
    for what, names in (
        ("is missing tensors", missing),
        ("has tensors that do not belong", extra),
        ("has tensors of the wrong shape", wrong),
        ("has tensors with NaN or infinity", bad),
    ):
        if names:
            shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            raise ModelError(
                f"{folder / 'model.safetensors'} {what}: {shown}",
                "config.json and model.safetensors must come from the same training.",
            )
