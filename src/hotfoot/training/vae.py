"""Train the line VAE on views of motion; measure, save and load VAEs."""

import copy
import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.random import Generator
from safetensors.torch import load_file, save_file
from scipy.stats import rankdata
from torch import Tensor, nn

from hotfoot.baselines.raw import RawCoordinates
from hotfoot.data.bodies import Joints, has_hands
from hotfoot.data.cameras import CLEAN, DETECTOR, body_view, render_view
from hotfoot.data.mocap import MotionClip, load_clips, split_clips
from hotfoot.data.samples import Floats
from hotfoot.data.sources import Data
from hotfoot.data.sources import fingerprint as data_fingerprint
from hotfoot.errors import InputError, ModelError, OptionError
from hotfoot.files import reading, replacing, save_text
from hotfoot.generation.generator import load_diffusion
from hotfoot.model.checkpoint import load_weights, model_names
from hotfoot.model.codec import decode, to_lines
from hotfoot.model.config import LineVAEConfig, PublishedVAEConfig, RawConfig
from hotfoot.model.published_vae import load_published, natural_codec, published_config
from hotfoot.model.vae import LineVAE, PoseVAE
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.loop import LoopConfig, Trainer
from hotfoot.training.losses import vae_loss
from hotfoot.training.recipe_types import CodecChanges, VAERecipe, VAESource
from hotfoot.training.recipes import run_folder
from hotfoot.validation import read_json, to_json

_VIEW_FRAMES = 160  # frames rendered at once; a window of them is used
_VIEWS = 8
_ROBUST = (0.003, 0.1)  # latents' noise that decoders must withstand, log-uniform
_NOISY, _LARGEST_NOISE = 0.3, 3 / 512  # share of framed views with noise, and its size
_CONFIG, _WEIGHTS = "vae.json", "vae.safetensors"


def draw_lines_batch(
    clips: list[MotionClip], rng: Generator, recipe: VAERecipe
) -> tuple[Tensor, Tensor]:
    """Lines [N, T] (bins, hot values) of random joints from several views, some picked by speed.

    Some end in one value repeated, as reference images do.
    """
    views = []
    for _ in range(_VIEWS):
        joints = clips[rng.integers(len(clips))].joints
        begin = int(rng.integers(max(1, len(joints) - _VIEW_FRAMES)))
        xy, confidence = _draw_view(joints[begin : begin + _VIEW_FRAMES], rng, recipe)
        begin = int(rng.integers(max(1, len(xy) - recipe.frames + 1)))
        window = slice(begin, begin + recipe.frames)
        lines = np.stack(to_lines(xy[window], confidence[window], recipe.vae.bins))
        missing = recipe.frames - lines.shape[-1]
        lines = np.pad(lines, ((0, 0), (0, 0), (0, missing)), mode="edge")
        if rng.random() < recipe.still:
            cut, at = int(rng.integers(recipe.frames - 8)), int(rng.integers(recipe.frames))
            lines[..., cut:] = lines[..., at : at + 1]
        views.append(lines)
    center, value = np.concatenate(views, axis=1)
    both_seen = (value[:, 1:] > 0) & (value[:, :-1] > 0)
    speed = (np.abs(np.diff(center, axis=1)) * both_seen).mean(axis=1) + 1e-3
    chance = recipe.fast * speed / speed.sum() + (1 - recipe.fast) / len(center)
    pick = rng.choice(len(center), min(recipe.lines, len(center)), replace=False, p=chance)
    return torch.from_numpy(center[pick]), torch.from_numpy(value[pick])


def _draw_view(joints: Joints, rng: Generator, recipe: VAERecipe) -> tuple[Floats, Floats]:
    """Keypoints [T, K, 2] and confidence [T, K] on a canvas, or in the square of a body."""
    if recipe.framed and rng.random() < recipe.framed:
        view = body_view(joints, 0, len(joints), rng, recipe.fps)
        xy = view.framing.into(view.xy)
        if rng.random() < _NOISY:
            sigma = rng.uniform(0, _LARGEST_NOISE)
            xy = np.clip(xy + rng.normal(0, sigma, xy.shape).astype(np.float32), 0, 1)
        return xy, view.confidence
    style = CLEAN if rng.random() < recipe.clean else DETECTOR
    seen = render_view(joints, rng, style, recipe.format)
    return seen.xy, seen.confidence


def train_vae(
    recipe: VAERecipe, motion: Path, folder: Path, begin_with: LineVAE | None = None
) -> LineVAE:
    """Train, or go on training, in ``folder``; returns the averaged model.

    ``begin_with`` gives the weights to begin with, and the network's shape. OptionError where the
    recipe trains a decoder alone and there is nothing to begin with.
    """
    if recipe.decoder_only and begin_with is None:
        raise OptionError(
            "this recipe trains a decoder for an encoder that is there",
            "Name the VAE to begin with (--begin-with).",
        )
    torch.manual_seed(recipe.seed)
    clips, held = split_clips(load_clips(motion, recipe.fps, has_hands(recipe.skeleton)))
    run_folder(recipe, folder, {"data": data_fingerprint(Data(motion))}).claim()
    model = LineVAE(recipe.vae)
    if begin_with is not None:
        model = copy.deepcopy(begin_with).requires_grad_(True)
        recipe = replace(recipe, vae=model.config)
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
        robust = None
        if recipe.robust:
            sigma = torch.empty(len(noise)).uniform_(*np.log(_ROBUST), generator=generator).exp()
            robust = sigma * (torch.rand(len(noise), generator=generator) < recipe.robust)
        return vae_loss(model, center, value, recipe.kl_weight, noise, recipe.read_weight, robust)

    @torch.inference_mode()
    def validate(_: int, average: nn.Module) -> dict[str, float]:
        rng = np.random.default_rng(99)
        center, value = draw_lines_batch(held or clips, rng, recipe)
        zero = torch.zeros(latent)
        losses = vae_loss(cast(LineVAE, average), center, value, 0.0, zero, recipe.read_weight)
        return {f"held_out_{k}": float(v) for k, v in losses.items()}

    loop = LoopConfig(recipe.steps, recipe.learning_rate, 100, ema=0.99, weight_decay=1e-4)
    return cast(LineVAE, Trainer(model, folder, loop).fit(losses_at, validate))


@dataclass(frozen=True)
class Reconstruction:
    """What is left of poses after encoding and decoding; errors in bins."""

    mean: float
    median: float
    p99: float
    seen_auc: float  # area under the curve of decoded confidence: are seen joints still known?


def measure_vae(
    vae: PoseVAE, motion: Path, views: int = 24, frames: int = 256, seed: int = 3
) -> Reconstruction:
    """Errors on clean views of held-out clips in turn; InputError where none is long enough."""
    codec = vae.codec
    clips = [c for c in split_clips(load_clips(motion))[1] if len(c.joints) >= frames]
    if not clips:
        raise InputError(f"no held-out clip in {motion} has {frames} frames", "Give more motion.")
    rng = np.random.default_rng(seed)
    errors, scores, labels = [], [], []
    for i in range(views):
        joints = clips[i % len(clips)].joints
        begin = int(rng.integers(len(joints) - frames + 1))
        view = render_view(joints[begin : begin + frames], rng, CLEAN)
        lines = [torch.from_numpy(a)[None] for a in to_lines(view.xy, view.confidence, codec.bins)]
        with torch.inference_mode():
            image = vae.decode(vae.encode_lines(lines[0], lines[1]), lines[0].shape[1])
        xy, confidence = decode(image[0].numpy(), codec, method="soft-argmax")
        seen = view.confidence > 0
        errors.append((np.abs(xy - view.xy) * codec.bins)[seen].ravel())
        scores.append(confidence.ravel())
        labels.append(seen.ravel())
    error, score, label = (np.concatenate(a) for a in (errors, scores, labels))
    ones = int(label.sum())
    above = rankdata(score)[label].sum() - ones * (ones + 1) / 2
    auc = above / max(1, ones * (len(label) - ones))
    found = (error.mean(), np.median(error), np.percentile(error, 99), auc)
    return Reconstruction(*map(float, found))


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
    save_text(folder / _CONFIG, to_json(vae.config))
    with replacing(folder / _WEIGHTS) as temporary:
        save_file({k: v.contiguous() for k, v in vae.state_dict().items()}, temporary)


def load_vae(wanted: VAESource | str | Path, codec: CodecChanges | None = None) -> PoseVAE:
    """A VAE folder of :func:`save_vae`, a published one's, that of a dance model, or ``raw``.

    ``codec`` changes how a published VAE's pictures are drawn; ours have their own way.
    ModelError where nothing is there, or it is damaged.
    """
    at = wanted if isinstance(wanted, VAESource) else VAESource(source=str(wanted))
    if at.source == "raw":
        return RawCoordinates(RawConfig())
    folder = Path(at.source)
    if at.source not in model_names() and (folder / _CONFIG).exists():
        vae = LineVAE(read_json(LineVAEConfig, folder / _CONFIG))
        with reading(folder / _WEIGHTS, "is damaged", "Copy it again.", ModelError):
            tensors = load_file(folder / _WEIGHTS)
        load_weights(vae, tensors, folder)
        return vae.eval()
    published = (
        PublishedVAEConfig(at.kind, at.source, at.stretch)
        if at.kind else published_config(folder, at.stretch)
    )  # fmt: skip
    if published is not None:
        natural = natural_codec()
        return load_published(published, codec.apply(natural) if codec else natural)
    return load_diffusion(at.source).vae


def load_line_vae(source: str | Path) -> LineVAE:
    """As :func:`load_vae`; OptionError where it is no VAE of ours."""
    vae = load_vae(source)
    if vae.config.kind != "lines":
        raise OptionError(f"{source} has a VAE of another kind", "Give a VAE of hotfoot train vae.")
    return cast(LineVAE, vae)
