"""Shards of encoded training samples on disk: latents, reference latents, tokens.

Separate processes draw and encode samples while the trainer trains. Shard ``i`` depends only on the
recipe's seed and ``i``; a shard appears under its name only when it is complete.
"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from hotfoot.data.dances import DancePlan, DanceSource, load_dances, make_dances
from hotfoot.data.samples import Sample, SampleSource
from hotfoot.data.sources import Data, open_source
from hotfoot.data.styles import style_index
from hotfoot.errors import HotfootError, TrainingError
from hotfoot.files import make_folder, replacing
from hotfoot.model.codec import to_lines
from hotfoot.model.conditioning import compose_reference
from hotfoot.model.vae import PoseVAE
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
    """Encoded samples.

    Attributes:
        latent: [N, C, R, U].
        reference: [N, C, R, U].
        music: [N, U, M].
        known: [N] leading frames that are given.
        style: [N] 1 + index among the recipe's styles, 0 for none.
        energy: [N] octaves of the usual size of movement, NaN for none.
    """

    latent: Tensor
    reference: Tensor
    music: Tensor
    known: Tensor
    style: Tensor
    energy: Tensor


def encode_samples(samples: list[Sample], vae: PoseVAE, recipe: DiffusionRecipe) -> Shard:
    """Encode samples with a frozen VAE; half precision. Without a reference it stays empty."""
    bins, frames = vae.codec.bins, len(samples[0].xy)
    latents, references = [], []
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
            encoded = vae.encode_lines(center, value).half()
        latents.append(encoded[0])
        references.append(encoded[1])
    return Shard(
        torch.stack(latents),
        torch.stack(references),
        torch.from_numpy(np.stack([s.music for s in samples])).half(),
        torch.tensor([s.known for s in samples]),
        torch.tensor([style_index(s.clip.style, recipe.styles) for s in samples]),
        torch.tensor([s.energy for s in samples]),
    )


def _framed(
    sample: Sample, recipe: DiffusionRecipe
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Poses, reference pose and how it is seen, as the network is to see them."""
    shown = _seen(sample.reference_confidence, recipe)
    if recipe.framing == "canvas":
        return sample.xy, sample.reference_xy, shown
    pixels = sample.reference_xy[None] * np.asarray(sample.canvas, np.float32)
    reference = PoseSequence(pixels, shown[None], recipe.fps, sample.canvas)
    framing, whole = body_framing(reference), completed(reference)
    return framing.into(sample.xy), framing.into(whole.normalized[0]), whole.confidence[0]


def _usable(sample: Sample, recipe: DiffusionRecipe) -> bool:
    """Whether there is a body to frame, where that is asked for."""
    return recipe.framing == "canvas" or bool((sample.reference_confidence[_TRUNK] > 0).all())


def _seen(confidence: NDArray[np.float32], recipe: DiffusionRecipe) -> NDArray[np.float32]:
    """Confidence as the recipe wants it: values as they are, or 0 and 1."""
    if recipe.confidence == "values":
        return confidence
    return (confidence >= VISIBLE_FROM).astype(np.float32)


def make_shard(
    source: SampleSource, vae: PoseVAE, recipe: DiffusionRecipe, index: int, size: int
) -> Shard:
    """Shard ``index`` of a source; the same for the same recipe."""
    rng = np.random.default_rng([recipe.seed, index])
    samples: list[Sample] = []
    for _ in range(_TRIES * size):
        sample = source.draw(rng, recipe.frames, recipe.overlap)
        samples += [sample] if _usable(sample, recipe) else []
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
    """Read a shard.

    Raises:
        TrainingError: damaged.
    """
    with _naming(path):
        return Shard(**load_file(path))


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Turn what is wrong with a shard's file into a TrainingError that names it."""
    try:
        yield
    except (OSError, SafetensorError, TypeError, ValueError) as error:
        raise TrainingError(
            f"{path} is damaged ({error})", "Delete it; it is made again."
        ) from error


def _produce(
    data: Data, folder: Path, vae: PoseVAE, recipe: DiffusionRecipe, part: int, parts: int,
    failures: SimpleQueue[HotfootError],
) -> None:  # fmt: skip
    torch.set_num_threads(1)
    try:
        _produce_part(data, folder, vae, recipe, part, parts)
    except HotfootError as error:
        failures.put(error)


def _produce_part(
    data: Data, folder: Path, vae: PoseVAE, recipe: DiffusionRecipe, part: int, parts: int
) -> None:
    if part == 0 and not shard_path(folder, -1).exists():
        held = _open(data, folder, recipe, True)
        size = min(128, recipe.shard_size)
        save_shard(make_shard(held, vae, recipe, 1_000_000, size), shard_path(folder, -1))
    mine = range(part, recipe.shards, parts)
    missing = [i for i in mine if not shard_path(folder, i).exists()]
    if not missing:
        return
    source = _open(data, folder, recipe, False)
    trainer = multiprocessing.parent_process()
    for i in missing:
        if trainer is not None and not trainer.is_alive():  # killed: nobody waits for more
            return
        save_shard(make_shard(source, vae, recipe, i, recipe.shard_size), shard_path(folder, i))


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
    rows are read as they are drawn, through the system's cache.

    Args:
        data: what samples are made of.
        folder: of the shards; processes of one training share it. Whole dances lie beside it.
        vae: encodes.
        recipe: of the training.
        producers: processes that make shards; 0 where another process has them.
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
        wanted = [-1, *range(recipe.shards)]
        if all(shard_path(folder, i).exists() for i in wanted):
            return
        if recipe.dances and producers:
            plan = DancePlan(
                recipe.dances, recipe.frames, recipe.procedural, recipe.composed, recipe.seed,
                recipe.format,
            )  # fmt: skip
            make_dances(data, plan, folder.parent / _DANCES, producers)
        for part in range(producers):
            process = context.Process(
                target=_produce,
                args=(data, folder, vae, recipe, part, producers, self._failures),
                daemon=True,
            )
            process.start()
            self._producers.append(process)

    def wait_for(self, index: int) -> Shard:
        """The shard, once it is there.

        Raises:
            HotfootError: what stopped the producers.
            TrainingError: the producer has stopped without making it.
        """
        return load_shard(self._wait_for(index))

    def _wait_for(self, index: int) -> Path:
        path = shard_path(self._folder, index)
        while not path.exists():
            if not self._failures.empty():
                raise self._failures.get()
            crashed = any(p.exitcode for p in self._producers)
            if crashed or (not self._waits and not any(p.is_alive() for p in self._producers)):
                if path.exists():
                    break
                if not self._failures.empty():
                    raise self._failures.get()
                raise TrainingError(
                    f"the process that makes training data stopped before {path.name}",
                    "See its error above; run the command again to go on.",
                )
            time.sleep(0.2)
        return path

    def available(self, step: int) -> int:
        """Shards in use at a step."""
        r = self._recipe
        return min(r.shards, r.shards_ahead + step * r.batch // (2 * r.shard_size))

    def batch(self, step: int, rows: slice = slice(None)) -> Shard:
        """Rows of the batch of a step, as float32."""
        r = self._recipe
        count = self.available(step)
        while len(self._open) < count:
            path = self._wait_for(len(self._open))
            with _naming(path):
                self._open.append(safe_open(path, "pt"))
        rng = np.random.default_rng([r.seed, 7, step])
        picks = [
            (int(i), int(rng.integers(r.shard_size))) for i in rng.integers(count, size=r.batch)
        ][rows]
        fields = (
            torch.stack([self._open[i].get_slice(name)[j] for i, j in picks])
            for name in ("latent", "reference", "music", "known", "style", "energy")
        )
        latent, reference, music, *rest = fields
        return Shard(latent.float(), reference.float(), music.float(), *rest)
