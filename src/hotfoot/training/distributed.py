"""Training on several processes: each takes its rows of the same global batch.

Started by ``torchrun --nproc-per-node N -m hotfoot train dancer ...``. Weights are replicated
(DDP), or sharded over the processes (FSDP2) where they do not fit. Whatever is saved is whole, so a
checkpoint moves between numbers of processes.
"""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor, distribute_tensor

from hotfoot.errors import OptionError


@dataclass(frozen=True)
class Processes:
    """This process among all that train one model."""

    rank: int = 0
    world_size: int = 1
    shard: bool = False  # weights are sharded over them

    def rows(self, batch: int) -> slice:
        """This process' rows of a global batch; OptionError if it cannot be divided equally."""
        if batch % self.world_size:
            raise OptionError(
                f"a batch of {batch} cannot be divided among {self.world_size} processes",
                "Give a multiple of them (--set batch=N).",
            )
        size = batch // self.world_size
        return slice(self.rank * size, (self.rank + 1) * size)

    def barrier(self) -> None:
        """Until all processes are here."""
        if self.world_size > 1:
            dist.barrier()

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """Means over the processes."""
        if self.world_size == 1:
            return values
        packed = torch.tensor(list(values.values()), dtype=torch.float64)
        if dist.get_backend() == "nccl":
            packed = packed.float().cuda()
        dist.all_reduce(packed)
        return dict(zip(values, (packed / self.world_size).tolist(), strict=True))

    def wrap(self, model: nn.Module) -> nn.Module:
        """The module to call in training: replicated or sharded, sharing ``model``'s parameters."""
        if self.shard:
            shard_weights(model)
            return model
        return nn.parallel.DistributedDataParallel(model) if self.world_size > 1 else model


ALONE = Processes()


def check_alone() -> None:
    """Raise OptionError where torchrun started something that trains in one process only."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise OptionError(
            "this is trained in one process", "Start it without torchrun; dancers may have more."
        )


def join_processes(device: str, shard: bool = False) -> tuple[Processes, str]:
    """Join the processes of torchrun; with this one's device. OptionError to shard one alone."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        if shard:
            raise OptionError(
                "--shard-weights needs several processes",
                "Start it with torchrun --nproc-per-node N -m hotfoot train dancer ...",
            )
        return ALONE, device
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    if device == "cuda":
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    return Processes(dist.get_rank(), dist.get_world_size(), shard), device


def leave_processes() -> None:
    """Leave the processes in order."""
    if dist.is_initialized():
        dist.destroy_process_group()


def shard_weights(model: nn.Module) -> None:
    """Shard a model over the processes, each block by itself (FSDP2)."""
    from torch.distributed.fsdp import fully_shard

    for module in model.modules():
        if isinstance(module, nn.ModuleList):
            for block in module:
                fully_shard(block)
    fully_shard(model)


def whole(tensor: Tensor) -> Tensor:
    """All of a tensor that may be sharded; every process must ask."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def sharded_like(value: Tensor, tensor: Tensor) -> Tensor:
    """A whole value, sharded like ``tensor`` if that is."""
    if isinstance(tensor, DTensor):
        return distribute_tensor(value.to(tensor.device), tensor.device_mesh, tensor.placements)
    return value


@dataclass(frozen=True)
class Memory:
    """What training a model takes on each GPU, in bytes."""

    parameters: int  # number of them
    weights: int  # in 32 bits, their average, gradients and both moments of the optimizer
    largest_block: int  # two blocks gathered whole, one at work and one on its way
    activations: int  # of one sample, under 16-bit autocast

    def total(self, samples: int) -> int:
        """Of ``samples`` per GPU."""
        return self.weights + self.largest_block + samples * self.activations


def plan_memory(model: nn.Module, processes: int, tokens: int, width: int, heads: int) -> Memory:
    """Memory of sharded training, from a model on the meta device.

    Activations are ``tokens * width * (34 + 5 * heads * tokens / width)`` bytes per block
    (Korthikanti et al., "Reducing activation recomputation", 2022, eq. 1); nothing is recomputed.
    """
    count = sum(p.numel() for p in model.parameters())
    blocks = [m for m in model.modules() if isinstance(m, nn.ModuleList)]
    sizes = [sum(p.numel() for p in b.parameters()) for group in blocks for b in group]
    kept = max(1, len(sizes)) * tokens * (34 * width + 5 * heads * tokens)
    return Memory(count, 5 * 4 * count // processes, 2 * 4 * max(sizes, default=count), kept)
