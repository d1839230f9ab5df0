"""Train the line VAE on filmed motion."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hotfoot.corpus.cameras import DETECTOR, film
from hotfoot.corpus.mocap import MotionClip, load_clips, split_clips
from hotfoot.dancer.model import load_model, model_names
from hotfoot.errors import ModelError
from hotfoot.onehot.codec import to_lines
from hotfoot.timebase import FRAMES_PER_COLUMN
from hotfoot.training.loop import LoopConfig, fit
from hotfoot.training.recipes import VAERecipe, keep_recipe
from hotfoot.vae.lines import LineVAE, LineVAEConfig, vae_loss

_FILMED = 160  # frames filmed at once; a window of them is used
_FILMS = 8


def draw_lines_batch(
    clips: list[MotionClip], rng: np.random.Generator, recipe: VAERecipe
) -> tuple[Tensor, Tensor]:
    """Lines [N, T] (bins, hot values) of random joints from several films.

    Some lines end in one value repeated, as reference images do.
    """
    centres, values = [], []
    for _ in range(_FILMS):
        joints = clips[rng.integers(len(clips))].joints
        begin = int(rng.integers(max(1, len(joints) - _FILMED)))
        seen = film(joints[begin : begin + _FILMED], rng, DETECTOR)
        begin = int(rng.integers(max(1, len(seen.xy) - recipe.frames + 1)))
        window = slice(begin, begin + recipe.frames)
        centre, value = to_lines(seen.xy[window], seen.confidence[window], recipe.vae.bins)
        missing = recipe.frames - centre.shape[1]
        if missing > 0:
            centre, value = (
                np.pad(a, ((0, 0), (0, missing)), mode="edge") for a in (centre, value)
            )
        if rng.random() < recipe.still:
            cut, at = int(rng.integers(recipe.frames - 8)), int(rng.integers(recipe.frames))
            centre, value = centre.copy(), value.copy()
            centre[:, cut:], value[:, cut:] = centre[:, at : at + 1], value[:, at : at + 1]
        centres.append(centre)
        values.append(value)
    centre, value = np.concatenate(centres), np.concatenate(values)
    pick = rng.permutation(len(centre))[: recipe.lines]
    return torch.from_numpy(centre[pick]), torch.from_numpy(value[pick])


def train_vae(recipe: VAERecipe, motion: Path, folder: Path) -> LineVAE:
    """Train, or go on training, in ``folder``; returns the averaged model."""
    keep_recipe(recipe, folder)
    torch.manual_seed(recipe.seed)
    clips, held = split_clips(load_clips(motion))
    held = held or clips
    model = LineVAE(recipe.vae)
    columns = recipe.frames // FRAMES_PER_COLUMN
    latent = (recipe.lines, recipe.vae.latent_channels, recipe.vae.rows, columns)

    def losses_at(step: int) -> dict[str, Tensor]:
        rng = np.random.default_rng([recipe.seed, step])
        centre, value = draw_lines_batch(clips, rng, recipe)
        generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        return vae_loss(
            model, centre, value, recipe.kl_weight, torch.randn(latent, generator=generator)
        )

    @torch.inference_mode()
    def validate(average: nn.Module) -> dict[str, float]:
        rng = np.random.default_rng(99)
        centre, value = draw_lines_batch(held, rng, recipe)
        losses = vae_loss(average, centre, value, 0.0, torch.zeros(latent))  # type: ignore[arg-type]
        return {f"held_out_{k}": float(v) for k, v in losses.items()}

    loop = LoopConfig(recipe.steps, recipe.learning_rate, 100, ema=0.99, weight_decay=1e-4)
    trained = fit(model, losses_at, folder, loop, validate)
    assert isinstance(trained, LineVAE)
    return trained


def save_vae(vae: LineVAE, folder: Path) -> None:
    """Write a VAE alone: ``vae.json`` and ``vae.safetensors``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vae.json").write_text(json.dumps(asdict(vae.config), indent=2) + "\n")
    save_file({k: v.contiguous() for k, v in vae.state_dict().items()}, folder / "vae.safetensors")


def load_vae(source: str | Path) -> LineVAE:
    """A VAE folder of :func:`save_vae`, or the VAE of a dance model.

    Raises:
        ModelError: neither, or damaged.
    """
    folder = Path(source)
    if str(source) not in model_names() and (folder / "vae.json").exists():
        try:
            vae = LineVAE(LineVAEConfig(**json.loads((folder / "vae.json").read_text())))
            vae.load_state_dict(load_file(folder / "vae.safetensors"))
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise ModelError(f"the VAE in {folder} is damaged ({error})") from error
        return vae.eval()
    loaded = load_model(source).vae
    if not isinstance(loaded, LineVAE):
        raise ModelError(
            f"the VAE of {source} is not ours", "Give a VAE folder from hotfoot train."
        )
    return loaded
