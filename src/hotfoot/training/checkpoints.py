"""Checkpoints of a training run; whole ones, whatever the number of processes."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from hotfoot.errors import TrainingError
from hotfoot.files import replacing
from hotfoot.training.distributed import Processes, sharded_like, whole


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Everything that changes in training.

    Attributes:
        model: that is trained.
        average: exponential moving average of its weights.
        optimizer: of the model.
    """

    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer


def save_checkpoint(path: Path, step: int, state: TrainingState, processes: Processes) -> None:
    """Write a checkpoint whole or not at all; all processes take part."""
    tensors = {f"weights.{k}": v for k, v in state.model.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in state.average.state_dict().items()}
    for i, values in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{i}.{k}": v for k, v in values.items()}
    entire = {}
    for name, tensor in tensors.items():
        value = whole(tensor.detach())
        if processes.rank == 0:
            entire[name] = value.cpu().clone().contiguous()
    if processes.rank == 0:
        with replacing(path) as temporary:
            save_file(entire, temporary, metadata={"step": str(step)})
    processes.barrier()


def load_checkpoint(path: Path, state: TrainingState) -> int:
    """Load a checkpoint, if there is one; returns its step.

    Raises:
        TrainingError: it is damaged, or of another network.
    """
    if not path.exists():
        return 0
    try:
        with safe_open(path, "pt") as file:
            step = int(file.metadata()["step"])
        _load(load_file(path), state)
    except (OSError, SafetensorError, ValueError, KeyError, RuntimeError, IndexError) as error:
        raise TrainingError(
            f"{path} is damaged ({error})", "Delete it to train from the beginning."
        ) from error
    return step


def _load(tensors: dict[str, Tensor], state: TrainingState) -> None:
    def part(prefix: str) -> dict[str, Tensor]:
        return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}

    for module, prefix in ((state.model, "weights."), (state.average, "ema.")):
        own = module.state_dict()
        module.load_state_dict({k: sharded_like(v, own[k]) for k, v in part(prefix).items()})
    parameters = list(state.model.parameters())
    values: dict[int, dict[str, Tensor]] = {}
    for key, value in part("optimizer.").items():
        index, name = key.split(".", 1)
        own_value = sharded_like(value, parameters[int(index)]) if value.dim() else value
        values.setdefault(int(index), {})[name] = own_value
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": values, "param_groups": groups})
