"""Load anything that dances, by the kinds in its configuration, and save it."""

from dataclasses import replace
from pathlib import Path

from torch import Tensor, from_numpy

from hotfoot.baselines.codes import CodesGenerator, CodesNetwork
from hotfoot.baselines.edge import EdgeDecoder
from hotfoot.baselines.raw import RawCoordinates
from hotfoot.baselines.retrieval import RetrievalGenerator
from hotfoot.errors import ModelError
from hotfoot.generation.diffusion import DiffusionGenerator, Network
from hotfoot.model.checkpoint import (
    CONFIG,
    DEFAULT_MODEL,
    half_precision,
    load_weights,
    model_folder,
    read_config,
    read_tensors,
    write_model,
)
from hotfoot.model.config import CodesConfig, DiffusionConfig, PublishedVAEConfig, RetrievalConfig
from hotfoot.model.dit import DanceDiT
from hotfoot.model.generator import Generator
from hotfoot.model.network_config import NetworkConfig
from hotfoot.model.published_vae import load_published
from hotfoot.model.vae import LineVAE, PoseVAE
from hotfoot.music.encoders import ENCODERS


def build_network(config: NetworkConfig) -> Network:
    """The network of a configuration, with fresh weights."""
    return DanceDiT(config) if config.kind == "dit" else EdgeDecoder(config)


def load_generator(name: str | Path = DEFAULT_MODEL, device: str = "cpu") -> Generator:
    """A built-in model or a model folder of any kind; ModelError where it is missing or wrong."""
    folder = model_folder(name)
    config = read_config(folder)
    if config.music not in ENCODERS:
        raise ModelError(
            f"{folder / CONFIG}: music is '{config.music}', an encoder that is not here",
            f"Installed: {', '.join(ENCODERS)}.",
        )
    if isinstance(config, DiffusionConfig):
        model = DiffusionGenerator(config, _build_vae(config, folder), build_network(config.dit))
        published = isinstance(config.vae, PublishedVAEConfig)
        load_weights(model, read_tensors(folder), folder, "vae." if published else "")
        return model.to(device).eval().requires_grad_(False)
    tensors = read_tensors(folder)
    if isinstance(config, CodesConfig):
        network = CodesNetwork(config)
        load_weights(network, tensors, folder)
        return CodesGenerator(config, network)
    assert isinstance(config, RetrievalConfig)
    names = sorted(k.removesuffix(".xy") for k in tensors if k.endswith(".xy"))
    try:
        clips = [(tensors[f"{n}.xy"].float(), tensors[f"{n}.stops"].double()) for n in names]
    except KeyError as error:
        raise ModelError(f"{folder} is missing the tensor {error}", "Make it again.") from error
    return RetrievalGenerator(config, [(xy.numpy(), stops.numpy()) for xy, stops in clips])


def load_diffusion(name: str | Path = DEFAULT_MODEL, device: str = "cpu") -> DiffusionGenerator:
    """As :func:`load_generator`, with ModelError also for what is no VAE with a transformer."""
    model = load_generator(name, device)
    if not isinstance(model, DiffusionGenerator):
        raise ModelError(f"{name} is a baseline of another kind", "Give a diffusion model.")
    return model


def save_diffusion(model: DiffusionGenerator, folder: Path, card: str) -> None:
    """Write a model folder; the weights of a published VAE stay where they are."""
    published = isinstance(model.config.vae, PublishedVAEConfig)
    tensors = model.state_dict().items()
    own = {k: v for k, v in tensors if not (published and k.startswith("vae."))}
    write_model(folder, model.config, half_precision(own), card)


def save_codes(model: CodesGenerator, folder: Path, card: str) -> None:
    """Write a model folder of the quantized-codes baseline."""
    write_model(folder, model.config, half_precision(model.network.state_dict()), card)


def save_retrieval(model: RetrievalGenerator, folder: Path, card: str) -> None:
    """Write a model folder of the retrieval baseline: its clips are its weights."""
    tensors: dict[str, Tensor] = {}
    for i, (xy, stops) in enumerate(model.bank):
        tensors[f"{i:04d}.xy"] = from_numpy(xy).half()
        tensors[f"{i:04d}.stops"] = from_numpy(stops).float()
    write_model(folder, model.config, tensors, card)


def _build_vae(config: DiffusionConfig, folder: Path) -> PoseVAE:
    if config.vae.kind == "lines":
        return LineVAE(config.vae)
    if config.vae.kind == "raw":
        return RawCoordinates(config.vae)
    beside = folder / config.vae.source
    published = replace(config.vae, source=str(beside)) if beside.is_dir() else config.vae
    vae = load_published(published, config.codec)
    made = (vae.latent_channels(2 * config.points), vae.rows)
    if made != (config.dit.latent_channels, config.dit.rows):
        raise ModelError(
            f"{folder}: the VAE of {published.source} makes latents of {made[0]} x {made[1]}, the "
            f"transformer takes {config.dit.latent_channels} x {config.dit.rows}",
            "Give the VAE that it was trained with.",
        )
    return vae
