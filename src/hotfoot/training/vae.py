"""Train the line VAE on filmed motion."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from scipy.stats import rankdata
from torch import Tensor, nn

from hotfoot.baselines.raw import RawCoordinates
from hotfoot.data.cameras import CLEAN, DETECTOR, film
from hotfoot.data.mocap import MotionClip, load_clips, split_clips
from hotfoot.data.sources import Data
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import InputError, ModelError, OptionError
from hotfoot.files import replacing, save_text
from hotfoot.generation.generator import load_diffusion
from hotfoot.model.checkpoint import model_names
from hotfoot.model.codec import decode, to_lines
from hotfoot.model.config import LineVAEConfig, RawConfig
from hotfoot.model.published_vae import load_published, published_config
from hotfoot.model.vae import LineVAE, PoseVAE
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.loop import LoopConfig, fit
from hotfoot.training.recipes import VAERecipe, run_folder
from hotfoot.training.vae_loss import vae_loss
from hotfoot.validation import read_json

_FILMED = 160  # frames filmed at once; a window of them is used
_FILMS = 8


def draw_lines_batch(
    clips: list[MotionClip], rng: np.random.Generator, recipe: VAERecipe
) -> tuple[Tensor, Tensor]:
    """Lines [N, T] (bins, hot values) of random joints from several films.

    Some lines end in one value repeated, as reference images do.
    """
    centers, values = [], []
    for _ in range(_FILMS):
        joints = clips[rng.integers(len(clips))].joints
        begin = int(rng.integers(max(1, len(joints) - _FILMED)))
        style = CLEAN if rng.random() < recipe.clean else DETECTOR
        seen = film(joints[begin : begin + _FILMED], rng, style)
        begin = int(rng.integers(max(1, len(seen.xy) - recipe.frames + 1)))
        window = slice(begin, begin + recipe.frames)
        center, value = to_lines(seen.xy[window], seen.confidence[window], recipe.vae.bins)
        missing = recipe.frames - center.shape[1]
        if missing > 0:
            center, value = (
                np.pad(a, ((0, 0), (0, missing)), mode="edge") for a in (center, value)
            )
        if rng.random() < recipe.still:
            cut, at = int(rng.integers(recipe.frames - 8)), int(rng.integers(recipe.frames))
            center, value = center.copy(), value.copy()
            center[:, cut:], value[:, cut:] = center[:, at : at + 1], value[:, at : at + 1]
        centers.append(center)
        values.append(value)
    center, value = np.concatenate(centers), np.concatenate(values)
    pick = _pick_lines(center, value, rng, recipe)
    return torch.from_numpy(center[pick]), torch.from_numpy(value[pick])


def _pick_lines(
    center: NDArray[np.float32], value: NDArray[np.float32], rng: np.random.Generator,
    recipe: VAERecipe,
) -> NDArray[np.intp]:  # fmt: skip
    """Indices of the lines of a batch: some by speed, the rest by chance."""
    both_seen = (value[:, 1:] > 0) & (value[:, :-1] > 0)
    speed = (np.abs(np.diff(center, axis=1)) * both_seen).mean(axis=1) + 1e-3
    chance = recipe.fast * speed / speed.sum() + (1 - recipe.fast) / len(center)
    return rng.choice(len(center), min(recipe.lines, len(center)), replace=False, p=chance)


def train_vae(
    recipe: VAERecipe, motion: Path, folder: Path, begin_with: LineVAE | None = None
) -> LineVAE:
    """Train, or go on training, in ``folder``; returns the averaged model.

    ``begin_with`` gives the weights to begin with, and the network's shape.

    Raises:
        OptionError: the recipe trains a decoder alone and there is nothing to begin with.
    """
    if recipe.decoder_only and begin_with is None:
        raise OptionError(
            "this recipe trains a decoder for an encoder that is there",
            "Name the VAE to begin with (--begin-with).",
        )
    torch.manual_seed(recipe.seed)
    clips, held = split_clips(load_clips(motion))
    held = held or clips
    run_folder(recipe, folder, {"data": data_fingerprint(Data(motion))}).claim()
    if begin_with is not None:
        recipe = replace(recipe, vae=begin_with.config)
    model = LineVAE(recipe.vae)
    if begin_with is not None:
        model.load_state_dict(begin_with.state_dict())
    if recipe.decoder_only:
        model.patch.requires_grad_(False)
        model.encoder.requires_grad_(False)
    columns = recipe.frames // FRAMES_PER_COLUMN
    latent = (recipe.lines, recipe.vae.latent_channels, recipe.vae.rows, columns)

    def losses_at(_: nn.Module, step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([recipe.seed, step])
        center, value = draw_lines_batch(clips, rng, recipe)
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        noise = torch.randn(latent, generator=generator) * recipe.posterior_noise
        return vae_loss(model, center, value, recipe.kl_weight, noise)

    @torch.inference_mode()
    def validate(average: nn.Module) -> dict[str, float]:
        rng = np.random.default_rng(99)
        center, value = draw_lines_batch(held, rng, recipe)
        losses = vae_loss(average, center, value, 0.0, torch.zeros(latent))  # type: ignore[arg-type]
        return {f"held_out_{k}": float(v) for k, v in losses.items()}

    loop = LoopConfig(recipe.steps, recipe.learning_rate, 100, ema=0.99, weight_decay=1e-4)
    trained = fit(model, losses_at, folder, loop, validate)
    assert isinstance(trained, LineVAE)
    return trained


@dataclass(frozen=True)
class Reconstruction:
    """What is left of poses after encoding and decoding.

    Errors are in bins; ``seen_auc`` is the area under the curve of the decoded confidence, whether
    joints are still known to be seen.
    """

    mean: float
    median: float
    p99: float
    seen_auc: float


def measure_vae(
    vae: PoseVAE,
    motion: Path,
    films: int = 24,
    frames: int = 256,
    seed: int = 3,
) -> Reconstruction:
    """Errors on clean films of held-out clips, soft-argmax, which visit every clip in turn.

    Raises:
        InputError: no held-out clip is long enough.
    """
    codec = vae.codec
    clips = [c for c in split_clips(load_clips(motion))[1] if len(c.joints) >= frames]
    if not clips:
        raise InputError(f"no held-out clip in {motion} has {frames} frames", "Give more motion.")
    rng = np.random.default_rng(seed)
    errors, scores, labels = [], [], []
    for i in range(films):
        joints = clips[i % len(clips)].joints
        begin = int(rng.integers(len(joints) - frames + 1))
        shot = film(joints[begin : begin + frames], rng, CLEAN)
        lines = [torch.from_numpy(a)[None] for a in to_lines(shot.xy, shot.confidence, codec.bins)]
        with torch.inference_mode():
            image = vae.decode(vae.encode_lines(lines[0], lines[1]), lines[0].shape[1])
        xy, confidence = decode(image[0].numpy(), codec, method="soft-argmax")
        seen = shot.confidence > 0
        errors.append((np.abs(xy - shot.xy) * codec.bins)[seen].ravel())
        scores.append(confidence.ravel())
        labels.append(seen.ravel())
    error, score, label = (np.concatenate(a) for a in (errors, scores, labels))
    ones = int(label.sum())
    rank = rankdata(score)
    pairs = max(1, ones * (len(label) - ones))
    return Reconstruction(
        float(error.mean()),
        float(np.median(error)),
        float(np.percentile(error, 99)),
        float((rank[label].sum() - ones * (ones + 1) / 2) / pairs),
    )


def fingerprint(vae: PoseVAE) -> str:
    """SHA-256 that tells a VAE from others; the same in half and in single precision."""
    shape = {k: v for k, v in asdict(vae.config).items() if k != "source"}
    digest = hashlib.sha256(json.dumps(shape, sort_keys=True).encode())
    if isinstance(vae, nn.Module):
        for name, tensor in sorted(vae.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.half().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def save_vae(vae: LineVAE, folder: Path) -> None:
    """Write a VAE alone: ``vae.json`` and ``vae.safetensors``."""
    save_text(folder / "vae.json", json.dumps(asdict(vae.config), indent=2) + "\n")
    with replacing(folder / "vae.safetensors") as temporary:
        save_file({k: v.contiguous() for k, v in vae.state_dict().items()}, temporary)


def load_vae(source: str | Path, stretch: int = 3) -> PoseVAE:
    """A VAE folder of :func:`save_vae`, a published one's, that of a dance model, or ``raw``.

    ``stretch`` is for published VAEs: picture columns per frame.

    Raises:
        ModelError: neither, or damaged.
    """
    if str(source) == "raw":
        return RawCoordinates(RawConfig())
    folder = Path(source)
    if str(source) not in model_names() and (folder / "vae.json").exists():
        try:
            vae = LineVAE(read_json(LineVAEConfig, folder / "vae.json"))
            vae.load_state_dict(load_file(folder / "vae.safetensors"))
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ModelError(
                f"the VAE in {folder} is damaged ({error})", "Train or copy it again."
            ) from error
        return vae.eval()
    published = published_config(folder, stretch)
    if published is not None:
        return load_published(published)
    return load_diffusion(source).vae
