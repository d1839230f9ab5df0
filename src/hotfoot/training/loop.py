"""One training loop for all: optimizer, averaged weights, checkpoints, metrics, resuming."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hotfoot.errors import TrainingError
from hotfoot.files import make_folder, replacing, save_text
from hotfoot.training.distributed import Workers, like, shard_weights, whole

Losses = dict[str, Tensor]


@dataclass(frozen=True)
class LoopConfig:
    """What the loop needs to know; see the recipes for the rest."""

    steps: int
    learning_rate: float
    warmup: int
    ema: float
    weight_decay: float = 0.01
    clip: float = 1.0
    log_every: int = 20
    save_every: int = 200


def learning_rate(step: int, config: LoopConfig) -> float:
    """Linear warm-up, then cosine to a hundredth of the peak."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    done = min(1.0, step / max(1, config.steps))
    return config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def fit(
    model: nn.Module,
    losses_at: Callable[[nn.Module, int], Losses],
    folder: Path,
    config: LoopConfig,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    on_save: Callable[[int, nn.Module], None] | None = None,
    workers: Workers | None = None,
    compiled: bool = False,
) -> nn.Module:
    """Train ``model`` and return it with averaged weights; resumes from ``folder`` by itself.

    On several processes (``workers``) gradients are averaged; the losses are of this process' part.

    Args:
        model: trained in place.
        losses_at: losses of the module to call and a step; ``loss`` is minimized, the rest logged.
        folder: gets ``metrics.jsonl``, TensorBoard events where tensorboard is installed, and
            ``checkpoint.safetensors`` (weights, averaged weights, optimizer).
        config: steps, rates, intervals.
        validate: metrics of the averaged model at each checkpoint.
        on_save: called with the averaged model at each checkpoint, unless weights are sharded.
        workers: this process among several.
        compiled: compile the forward pass; pays on GPUs only.

    Raises:
        TrainingError: the loss is not finite.
    """
    workers = workers or Workers()
    make_folder(folder)
    average = copy.deepcopy(model).requires_grad_(False)
    forward = workers.spread(model)
    if workers.shard:
        shard_weights(average)
    if compiled:
        forward = torch.compile(forward)  # type: ignore[assignment]
    optimizer = torch.optim.AdamW(
        model.parameters(), config.learning_rate, betas=(0.9, 0.95),
        weight_decay=config.weight_decay,
    )  # fmt: skip
    start = _resume(folder, model, average, optimizer)
    if workers.main:
        _forget(folder, start)
    writer = _tensorboard(folder) if workers.main else None
    totals: dict[str, float] = {}
    began, counted = time.monotonic(), 0
    for step in range(start, config.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, config)
        losses = losses_at(forward, step)
        if not torch.isfinite(losses["loss"]):
            raise TrainingError(
                f"the loss is not finite at step {step}",
                "Lower the learning rate and run again; the last checkpoint is kept.",
            )
        optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        # Early on the average follows closely, so that a short run has a usable one.
        _update(average, model, min(config.ema, (step + 1) / (step + 10)))
        for name, value in {**losses, "grad_norm": norm}.items():
            totals[name] = totals.get(name, 0.0) + float(whole(value.detach()))
        counted += 1
        done = step + 1
        last = done == config.steps
        if done % config.log_every == 0 or last:
            means = workers.mean({k: v / counted for k, v in totals.items()})
            row = {"step": done, **means}
            row["seconds_per_step"] = (time.monotonic() - began) / counted
            row["learning_rate"] = learning_rate(step, config)
            if workers.main:
                _log(folder, writer, row)
            began, totals, counted = time.monotonic(), {}, 0
        if done % config.save_every == 0 or last:
            _save(folder, done, model, average, optimizer, workers)
            average.eval()
            if validate is not None:
                found = {"step": done, **validate(average)}
                if workers.main:
                    _log(folder, writer, found)
            if on_save is not None and workers.main and not workers.shard:
                on_save(done, average)
            began = time.monotonic()
    average.eval()
    return average


@torch.no_grad()
def _update(average: nn.Module, model: nn.Module, decay: float) -> None:
    for mean, now in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(now, 1 - decay)


def _log(folder: Path, writer: Any, row: dict[str, float]) -> None:
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({k: round(v, 6) for k, v in row.items()}) + "\n")
    if writer is not None:
        for name, value in row.items():
            if name != "step":
                writer.add_scalar(name, value, int(row["step"]))
        writer.flush()


def _forget(folder: Path, step: int) -> None:
    """Drop rows after the checkpoint, whose steps are taken again, and one that was cut off."""
    path = folder / "metrics.jsonl"
    if path.exists():
        lines = [line for line in path.read_text().splitlines() if line.endswith("}")]
        kept = [line for line in lines if json.loads(line)["step"] <= step]
        save_text(path, "".join(f"{line}\n" for line in kept))


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))


def _save(
    folder: Path, step: int, model: nn.Module, average: nn.Module,
    optimizer: torch.optim.Optimizer, workers: Workers,
) -> None:  # fmt: skip
    tensors = {f"weights.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in average.state_dict().items()}
    for i, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{i}.{k}": v for k, v in state.items()}
    entire = {}
    for name, tensor in tensors.items():
        value = whole(tensor.detach())  # all processes take part, one keeps it
        if workers.main:
            entire[name] = value.cpu().clone().contiguous()
    if workers.main:
        with replacing(folder / "checkpoint.safetensors") as temporary:
            save_file(entire, temporary, metadata={"step": str(step)})
    workers.wait()


def _resume(
    folder: Path, model: nn.Module, average: nn.Module, optimizer: torch.optim.Optimizer
) -> int:
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return 0
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        step = int(file.metadata()["step"])
    tensors = load_file(path)

    def part(prefix: str) -> dict[str, Tensor]:
        return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

    for module, prefix in ((model, "weights."), (average, "ema.")):
        own = module.state_dict()
        module.load_state_dict({k: like(v, own[k]) for k, v in part(prefix).items()})
    parameters = list(model.parameters())
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in part("optimizer.").items():
        index, name = key.split(".", 1)
        of = parameters[int(index)]
        state.setdefault(int(index), {})[name] = like(value, of) if value.dim() else value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    return step
