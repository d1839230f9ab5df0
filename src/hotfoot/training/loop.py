"""One training loop for all: optimizer, averaged weights, checkpoints, metrics."""

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from hotfoot.errors import TrainingError
from hotfoot.files import make_folder
from hotfoot.training.checkpoints import TrainingState, load_checkpoint, save_checkpoint
from hotfoot.training.distributed import ALONE, Processes, shard_weights, whole
from hotfoot.training.metrics import MetricsLog

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


class Trainer:
    """Trains one module, step by step; resumes from its folder by itself.

    On several processes gradients are averaged; the losses are of this process' part.

    Args:
        model: trained in place.
        folder: gets ``metrics.jsonl``, TensorBoard events where tensorboard is installed, and
            ``checkpoint.safetensors`` (weights, averaged weights, optimizer).
        config: steps, rates, intervals.
        processes: this process among several.
        compiled: compile the forward pass; pays on GPUs only.
    """

    def __init__(
        self, model: nn.Module, folder: Path, config: LoopConfig, processes: Processes = ALONE,
        compiled: bool = False,
    ) -> None:  # fmt: skip
        make_folder(folder)
        self._config, self._processes = config, processes
        average = copy.deepcopy(model).requires_grad_(False)
        forward = processes.wrap(model)
        if processes.shard:
            shard_weights(average)
        self._forward: nn.Module = torch.compile(forward) if compiled else forward  # type: ignore[assignment]
        optimizer = torch.optim.AdamW(
            model.parameters(), config.learning_rate, betas=(0.9, 0.95),
            weight_decay=config.weight_decay,
        )  # fmt: skip
        self._state = TrainingState(model, average, optimizer)
        self._checkpoint = folder / "checkpoint.safetensors"
        self._start = load_checkpoint(self._checkpoint, self._state)
        self._log = MetricsLog(folder, self._start) if processes.rank == 0 else None
        self._totals: dict[str, float] = {}
        self._counted, self._began = 0, time.monotonic()

    def fit(
        self,
        losses_at: Callable[[nn.Module, int], Losses],
        validate: Callable[[nn.Module], dict[str, float]] | None = None,
        on_save: Callable[[int, nn.Module], None] | None = None,
    ) -> nn.Module:
        """Take all steps that are left; returns the model with averaged weights.

        Args:
            losses_at: losses of the module to call and a step; ``loss`` is minimized, the rest
                logged.
            validate: metrics of the averaged model at each checkpoint.
            on_save: called with the averaged model at each checkpoint, unless weights are sharded.

        Raises:
            TrainingError: the loss is not finite.
        """
        config, average, processes = self._config, self._state.average, self._processes
        self._began = time.monotonic()
        for step in range(self._start, config.steps):
            self._step(step, losses_at)
            done, last = step + 1, step + 1 == config.steps
            if done % config.log_every == 0 or last:
                self._write_metrics(done)
            if done % config.save_every == 0 or last:
                save_checkpoint(self._checkpoint, done, self._state, processes)
                average.eval()
                if validate is not None:
                    found = validate(average)
                    if self._log is not None:
                        self._log.write({"step": done, **found})
                if on_save is not None and processes.rank == 0 and not processes.shard:
                    on_save(done, average)
                self._began = time.monotonic()
        return average.eval()

    def _step(self, step: int, losses_at: Callable[[nn.Module, int], Losses]) -> None:
        config, state = self._config, self._state
        for group in state.optimizer.param_groups:
            group["lr"] = learning_rate(step, config)
        losses = losses_at(self._forward, step)
        if not torch.isfinite(losses["loss"]):
            raise TrainingError(
                f"the loss is not finite at step {step}",
                "Lower the learning rate and run again; the last checkpoint is kept.",
            )
        state.optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(state.model.parameters(), config.clip)
        state.optimizer.step()
        # Early on the average follows closely, so that a short run has a usable one.
        _update(state.average, state.model, min(config.ema, (step + 1) / (step + 10)))
        for name, value in {**losses, "grad_norm": norm}.items():
            self._totals[name] = self._totals.get(name, 0.0) + float(whole(value.detach()))
        self._counted += 1

    def _write_metrics(self, done: int) -> None:
        """Means since the last row."""
        row = self._processes.mean({k: v / self._counted for k, v in self._totals.items()})
        row = {"step": done, **row}
        row["seconds_per_step"] = (time.monotonic() - self._began) / self._counted
        row["learning_rate"] = learning_rate(done - 1, self._config)
        if self._log is not None:
            self._log.write(row)
        self._began, self._totals, self._counted = time.monotonic(), {}, 0


@torch.no_grad()
def _update(average: nn.Module, model: nn.Module, decay: float) -> None:
    for mean, now in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(now, 1 - decay)
