"""One training loop for all: optimizer, averaged weights, checkpoints, metrics."""

import copy
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hotfoot.errors import TrainingError
from hotfoot.files import make_folder, reading, replacing, save_text
from hotfoot.training.distributed import ALONE, Processes, shard_weights, sharded_like, whole

Losses = dict[str, Tensor]
_CLIP = 1.0  # norm of gradients


@dataclass(frozen=True)
class LoopConfig:
    """What the loop needs to know; see the recipes for the rest."""

    steps: int
    learning_rate: float
    warmup: int
    ema: float
    weight_decay: float = 0.01
    log_every: int = 20
    save_every: int = 200


def learning_rate(step: int, config: LoopConfig) -> float:
    """Linear warm-up, then cosine to a hundredth of the peak."""
    warm = min(1.0, (step + 1) / max(1, config.warmup))
    done = min(1.0, step / max(1, config.steps))
    return config.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


class Trainer:
    """Trains one module in place, step by step; resumes from its folder by itself.

    The folder gets ``metrics.jsonl``, TensorBoard events where tensorboard is installed, and
    ``checkpoint.safetensors`` (weights, averaged weights, optimizer), whole whatever the number of
    processes. On several processes gradients are averaged; the losses are of this process' part.
    """

    def __init__(
        self, model: nn.Module, folder: Path, config: LoopConfig, processes: Processes = ALONE
    ) -> None:
        make_folder(folder)
        self._model, self._config, self._processes = model, config, processes
        self._average = copy.deepcopy(model).requires_grad_(False)
        forward = processes.wrap(model)
        if processes.shard:
            shard_weights(self._average)
        # On CPUs compiling takes minutes and gains nothing.
        compiled = any(p.is_cuda for p in model.parameters())
        self._forward: nn.Module = torch.compile(forward) if compiled else forward  # type: ignore[assignment]
        self._optimizer = torch.optim.AdamW(
            model.parameters(), config.learning_rate, betas=(0.9, 0.95),
            weight_decay=config.weight_decay,
        )  # fmt: skip
        self._checkpoint = folder / "checkpoint.safetensors"
        self._start = self._resume()
        self._log = _MetricsLog(folder, self._start) if processes.rank == 0 else None
        self._totals: dict[str, float] = {}
        self._counted, self._began = 0, time.monotonic()

    def fit(
        self,
        losses_at: Callable[[nn.Module, int], Losses],
        validate: Callable[[int, nn.Module], dict[str, float]] | None = None,
    ) -> nn.Module:
        """Take all steps that are left; returns the model with averaged weights.

        ``losses_at`` takes the module to call and a step; ``loss`` is minimized, the rest logged.
        ``validate`` gives metrics of a checkpoint's step and averaged model. TrainingError where
        the loss is not finite.
        """
        config, average = self._config, self._average
        self._began = time.monotonic()
        for step in range(self._start, config.steps):
            self._step(step, losses_at)
            done, last = step + 1, step + 1 == config.steps
            if done % config.log_every == 0 or last:
                self._write_metrics(done)
            if done % config.save_every == 0 or last:
                self._save(done)
                average.eval()
                found = validate(done, average) if validate is not None else {}
                if self._log is not None and found:
                    self._log.write({"step": done, **found})
                self._began = time.monotonic()
        return average.eval()

    def _step(self, step: int, losses_at: Callable[[nn.Module, int], Losses]) -> None:
        config = self._config
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(step, config)
        losses = losses_at(self._forward, step)
        if not torch.isfinite(losses["loss"]):
            raise TrainingError(
                f"the loss is not finite at step {step}",
                "Lower the learning rate and run again; the last checkpoint is kept.",
            )
        self._optimizer.zero_grad(set_to_none=True)
        losses["loss"].backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), _CLIP)
        self._optimizer.step()
        # Early on the average follows closely, so that a short run has a usable one.
        decay = min(config.ema, (step + 1) / (step + 10))
        with torch.no_grad():
            means = self._average.parameters()
            for mean, now in zip(means, self._model.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
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

    def _save(self, step: int) -> None:
        """Write a checkpoint whole or not at all; all processes take part."""
        tensors = {f"weights.{k}": v for k, v in self._model.state_dict().items()}
        tensors |= {f"ema.{k}": v for k, v in self._average.state_dict().items()}
        for i, values in self._optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{i}.{k}": v for k, v in values.items()}
        entire = {}
        for name, tensor in tensors.items():
            value = whole(tensor.detach())
            if self._processes.rank == 0:
                entire[name] = value.cpu().clone().contiguous()
        if self._processes.rank == 0:
            with replacing(self._checkpoint) as temporary:
                save_file(entire, temporary, metadata={"step": str(step)})
        self._processes.barrier()

    def _resume(self) -> int:
        """The step of the checkpoint, which is loaded if there is one."""
        path = self._checkpoint
        if not path.exists():
            return 0
        again = "Delete it to train from the beginning."
        with reading(path, "is damaged", again, TrainingError), safe_open(path, "pt") as file:
            self._load(load_file(path))
            return int(file.metadata()["step"])

    def _load(self, tensors: dict[str, Tensor]) -> None:
        parts: dict[str, dict[str, Tensor]] = {"weights": {}, "ema": {}, "optimizer": {}}
        for key, value in tensors.items():
            part, name = key.split(".", 1)
            parts[part][name] = value
        for module, part in ((self._model, "weights"), (self._average, "ema")):
            own = module.state_dict()
            module.load_state_dict({k: sharded_like(v, own[k]) for k, v in parts[part].items()})
        parameters = list(self._model.parameters())
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in parts["optimizer"].items():
            index, name = key.split(".", 1)
            like = parameters[int(index)] if value.dim() else value
            state.setdefault(int(index), {})[name] = sharded_like(value, like)
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": state, "param_groups": groups})


class _MetricsLog:
    """``metrics.jsonl`` up to ``step``, and new rows, which go to TensorBoard too, if installed."""

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / "metrics.jsonl"
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
            save_text(self._path, "".join(f"{s}\n" for s in lines if _step_of(s) <= step))
        self._writer: Any = None
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            return
        self._writer = SummaryWriter(str(folder / "tensorboard"))

    def write(self, row: dict[str, float]) -> None:
        """One row; it has a ``step``."""
        with self._path.open("a") as file:
            file.write(json.dumps({k: round(v, 6) for k, v in row.items()}) + "\n")
        if self._writer is not None:
            for name in row.keys() - {"step"}:
                self._writer.add_scalar(name, row[name], int(row["step"]))
            self._writer.flush()


def _step_of(line: str) -> float:
    """Step of a row; infinity where it is no row."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return math.inf
