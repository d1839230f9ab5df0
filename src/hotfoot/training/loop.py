"""One training loop for all: optimiser, averaged weights, checkpoints, metrics, resuming."""

from __future__ import annotations

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
    losses_at: Callable[[int], Losses],
    folder: Path,
    config: LoopConfig,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    on_save: Callable[[int, nn.Module], None] | None = None,
) -> nn.Module:
    """Train ``model`` and return it with averaged weights; resumes from ``folder`` by itself.

    Args:
        model: trained in place.
        losses_at: losses of a step; ``loss`` is minimised, the rest is logged.
        folder: gets ``metrics.jsonl``, TensorBoard events where tensorboard is installed, and
            ``checkpoint.safetensors`` (weights, averaged weights, optimiser).
        config: steps, rates, intervals.
        validate: metrics of the averaged model at each checkpoint.
        on_save: called with the averaged model at each checkpoint.

    Raises:
        TrainingError: the loss is not finite.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimiser = torch.optim.AdamW(
        model.parameters(), config.learning_rate, betas=(0.9, 0.95),
        weight_decay=config.weight_decay,
    )  # fmt: skip
    average = torch.optim.swa_utils.AveragedModel(
        model,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(config.ema),  # type: ignore[no-untyped-call]
    )
    start = _resume(folder, model, average.module, optimiser)
    if start:
        average.n_averaged.fill_(start)
    writer = _tensorboard(folder)
    totals: dict[str, float] = {}
    began, counted = time.monotonic(), 0
    for step in range(start, config.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, config)
        losses = losses_at(step)
        if not torch.isfinite(losses["loss"]):
            raise TrainingError(
                f"the loss is not finite at step {step}",
                "Lower the learning rate and run again; the last checkpoint is kept.",
            )
        optimiser.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimiser.step()
        # Early on the average follows closely, so that a short run has a usable one.
        _update(average, model, min(config.ema, (step + 1) / (step + 10)))
        for name, value in {**losses, "grad_norm": norm}.items():
            totals[name] = totals.get(name, 0.0) + float(value.detach())
        counted += 1
        done = step + 1
        last = done == config.steps
        if done % config.log_every == 0 or last:
            row = {"step": done, **{k: v / counted for k, v in totals.items()}}
            row["seconds_per_step"] = (time.monotonic() - began) / counted
            row["learning_rate"] = learning_rate(step, config)
            _log(folder, writer, row)
            began, totals, counted = time.monotonic(), {}, 0
        if done % config.save_every == 0 or last:
            _save(folder, done, model, average.module, optimiser)
            average.module.eval()
            if validate is not None:
                _log(folder, writer, {"step": done, **validate(average.module)})
            if on_save is not None:
                on_save(done, average.module)
            began = time.monotonic()
    average.module.eval()
    return average.module


@torch.no_grad()
def _update(average: torch.optim.swa_utils.AveragedModel, model: nn.Module, decay: float) -> None:
    for mean, now in zip(average.module.parameters(), model.parameters(), strict=True):
        mean.lerp_(now, 1 - decay)


def _log(folder: Path, writer: Any, row: dict[str, float]) -> None:
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps({k: round(v, 6) for k, v in row.items()}) + "\n")
    if writer is not None:
        for name, value in row.items():
            if name != "step":
                writer.add_scalar(name, value, int(row["step"]))
        writer.flush()


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))


def _save(
    folder: Path, step: int, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    tensors = {f"weights.{k}": v for k, v in model.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in average.state_dict().items()}
    for i, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{i}.{k}": v for k, v in state.items()}
    temporary = folder / "checkpoint.tmp"
    save_file(
        {k: v.detach().clone().contiguous() for k, v in tensors.items()},
        temporary,
        metadata={"step": str(step)},
    )
    temporary.replace(folder / "checkpoint.safetensors")


def _resume(
    folder: Path, model: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer
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

    model.load_state_dict(part("weights."))
    average.load_state_dict(part("ema."))
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in part("optimiser.").items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})
    return step
