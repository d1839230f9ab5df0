"""Shards of encoded training samples on disk: latents, reference latents, tokens.

Separate processes draw and encode samples while the trainer trains. Shard ``i`` depends only on the
recipe's seed and ``i``; a shard appears under its name only when it is complete.
"""

import multiprocessing
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from itertools import groupby
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from hotfoot.data.dances import DancePlan, DanceSource, load_dances, make_dances
from hotfoot.data.samples import Floats, Sample, SampleSource
from hotfoot.data.sources import Data, open_source
from hotfoot.data.styles import style_index
from hotfoot.errors import HotfootError, TrainingError
from hotfoot.files import make_folder, reading, replacing
from hotfoot.model.codec import to_lines
from hotfoot.model.vae import PoseVAE, compose_reference
from hotfoot.pose.framing import body_framing, completed
from hotfoot.pose.sequence import VISIBLE_FROM, PoseSequence
from hotfoot.pose.skeletons import get_skeleton
from hotfoot.training.recipe_types import DiffusionRecipe

_DANCES = "dances"
_TRIES = 20
_BODY = get_skeleton("body-18").index
_TRUNK = [_BODY[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "hip")]


@dataclass(frozen=True, eq=False)
class Shard:
    """Encoded samples."""

    latent: Tensor  # [N, C, R, U]
    reference: Tensor  # [N, C, R, U]
    music: Tensor  # [N, U, M]
    known: Tensor  # [N] leading frames that are given
    style: Tensor  # [N] 1 + index among the recipe's styles, 0 for none
    energy: Tensor  # [N] octaves of the usual size of movement, NaN for none


def encode_samples(samples: list[Sample], vae: PoseVAE, recipe: DiffusionRecipe) -> Shard:
    """Encode samples with a frozen VAE; half precision. Without a reference it stays empty."""
    bins, frames = vae.codec.bins, len(samples[0].xy)
    encoded = []
    for s in samples:
        xy, pose, shown = _framed(s, recipe)
        lines = [torch.from_numpy(a) for a in to_lines(xy, _seen(s.confidence, recipe), bins)]
        static = [torch.from_numpy(a[:, 0]) for a in to_lines(pose[None], shown[None], bins)]
        composed = [
            compose_reference(line[:, : s.known], still * float(recipe.reference), frames)
            for line, still in zip(lines, static, strict=True)
        ]
        with torch.inference_mode():
            center, value = (torch.stack(pair) for pair in zip(lines, composed, strict=True))
            encoded.append(vae.encode_lines(center, value).half())
    latent, reference = (torch.stack(part) for part in zip(*encoded, strict=True))
    return Shard(
        latent,
        reference,
        torch.from_numpy(np.stack([s.music for s in samples])).half(),
        torch.tensor([s.known for s in samples]),
        torch.tensor([style_index(s.clip.style, recipe.styles) for s in samples]),
        torch.tensor([s.energy for s in samples]),
    )


def _framed(sample: Sample, recipe: DiffusionRecipe) -> tuple[Floats, Floats, Floats]:
    """Poses, reference pose and how it is seen, as the network is to see them."""
    shown = _seen(sample.reference_confidence, recipe)
    if recipe.framing == "canvas":
        return sample.xy, sample.reference_xy, shown
    pixels = sample.reference_xy[None] * np.asarray(sample.canvas, np.float32)
    reference = PoseSequence(pixels, shown[None], recipe.fps, sample.canvas)
    framing, whole = body_framing(reference), completed(reference)
    return framing.into(sample.xy), framing.into(whole.normalized[0]), whole.confidence[0]


def _seen(confidence: Floats, recipe: DiffusionRecipe) -> Floats:
    """Confidence as the recipe wants it: values as they are, or 0 and 1."""
    seen = (confidence >= VISIBLE_FROM).astype(np.float32)
    return confidence if recipe.confidence == "values" else seen


def make_shard(
    source: SampleSource, vae: PoseVAE, recipe: DiffusionRecipe, index: int, size: int
) -> Shard:
    """Shard ``index`` of a source; the same for the same recipe."""
    rng = np.random.default_rng([recipe.seed, index])
    samples: list[Sample] = []
    for _ in range(_TRIES * size):
        sample = source.draw(rng, recipe.frames, recipe.overlap)
        if recipe.framing == "canvas" or (sample.reference_confidence[_TRUNK] > 0).all():
            samples.append(sample)
        if len(samples) == size:
            return encode_samples(samples, vae, recipe)
    raise TrainingError("too few samples show shoulders and hips", "Give other motion.")


def shard_path(folder: Path, index: int) -> Path:
    """Where shard ``index`` lies; -1 is the held-out one."""
    return folder / (f"shard-{index:05d}.safetensors" if index >= 0 else "held-out.safetensors")


def save_shard(shard: Shard, path: Path) -> None:
    """Write a shard whole or not at all."""
    make_folder(path.parent)
    with replacing(path) as temporary:
        save_file({k: v.contiguous() for k, v in vars(shard).items()}, temporary)


def load_shard(path: Path) -> Shard:
    """Read a shard; TrainingError where it is damaged."""
    with _naming(path):
        return Shard(**load_file(path))


def _naming(path: Path) -> AbstractContextManager[None]:
    return reading(path, "is damaged", "Delete it; it is made again.", TrainingError)


def _produce(
    data: Data, folder: Path, vae: PoseVAE, recipe: DiffusionRecipe, indices: list[int],
    failures: SimpleQueue[HotfootError],
) -> None:  # fmt: skip
    """Make shards; -1, the held-out one, comes first."""
    torch.set_num_threads(1)
    trainer = multiprocessing.parent_process()
    try:
        for held_out, group in groupby(indices, lambda i: i < 0):
            source = _open(data, folder, recipe, held_out)
            for i in group:
                if trainer is not None and not trainer.is_alive():  # killed: nobody waits for more
                    return
                seed = 1_000_000 if held_out else i
                size = min(128, recipe.shard_size) if held_out else recipe.shard_size
                shard = make_shard(source, vae, recipe, seed, size)
                save_shard(shard, shard_path(folder, i))
    except HotfootError as error:
        failures.put(error)


def _open(data: Data, folder: Path, recipe: DiffusionRecipe, held_out: bool) -> SampleSource:
    """Samples of the whole dances beside the shards, or of clips that are made one by one."""
    if recipe.dances:
        dances = load_dances(folder.parent / _DANCES, held_out)
        return DanceSource(dances, recipe.format, recipe.framing)
    return open_source(data, held_out, recipe.procedural, recipe.composed, recipe.format)


class ShardPool:
    """Shards as they become ready, in a fixed order.

    At step ``s`` a batch is drawn from the first ``shards_ahead + s * batch / shard_size / 2``
    shards, so what is drawn does not depend on how fast the producers are. Shards stay on disk:
    rows are read as they are drawn, through the system's cache. Processes of one training share
    the folder, beside which whole dances lie; all but one have no producers of shards.
    """

    def __init__(
        self, data: Data, folder: Path, vae: PoseVAE, recipe: DiffusionRecipe, producers: int = 1
    ) -> None:
        self._folder, self._recipe = folder, recipe
        self._waits = producers == 0
        self._open: list[Any] = []
        self._producers: list[multiprocessing.process.BaseProcess] = []
        context = multiprocessing.get_context("spawn")
        self._failures: SimpleQueue[HotfootError] = context.SimpleQueue()
        missing = [i for i in range(-1, recipe.shards) if not shard_path(folder, i).exists()]
        if not missing:
            return
        if recipe.dances and producers:
            plan = DancePlan(
                recipe.dances, recipe.frames, recipe.procedural, recipe.composed, recipe.seed,
                recipe.format,
            )  # fmt: skip
            make_dances(data, plan, folder.parent / _DANCES, producers)
        for part in range(producers):
            mine = missing[part::producers]
            process = context.Process(
                target=_produce, args=(data, folder, vae, recipe, mine, self._failures), daemon=True
            )
            process.start()
            self._producers.append(process)

    def wait_for(self, index: int) -> Shard:
        """The shard, once it is there; else what stopped its producer, a HotfootError."""
        return load_shard(self._wait_for(index))

    def _wait_for(self, index: int) -> Path:
        path = shard_path(self._folder, index)
        while True:
            # Asked first: what a producer made or put into the queue is there before it stops.
            crashed = any(p.exitcode for p in self._producers)
            stopped = not self._waits and not any(p.is_alive() for p in self._producers)
            if path.exists():
                return path
            if not self._failures.empty():
                raise self._failures.get()
            if crashed or stopped:
                raise TrainingError(
                    f"the process that makes training data stopped before {path.name}",
                    "See its error above; run the command again to go on.",
                )
            time.sleep(0.2)

    def batch(self, step: int, rows: slice = slice(None)) -> Shard:
        """Rows of the batch of a step, as float32."""
        r = self._recipe
        count = min(r.shards, r.shards_ahead + step * r.batch // (2 * r.shard_size))
        while len(self._open) < count:
            path = self._wait_for(len(self._open))
            with _naming(path):
                self._open.append(safe_open(path, "pt"))
        rng = np.random.default_rng([r.seed, 7, step])
        picks = [
            (int(i), int(rng.integers(r.shard_size))) for i in rng.integers(count, size=r.batch)
        ][rows]
        drawn = {
            f.name: torch.stack([self._open[i].get_slice(f.name)[j] for i, j in picks])
            for f in fields(Shard)
        }
        return Shard(**{k: v.float() if v.is_floating_point() else v for k, v in drawn.items()})
