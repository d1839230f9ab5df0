"""Metrics of a training run: lines of JSON, and TensorBoard events where it is installed."""

import json
import math
from pathlib import Path
from typing import Any

from hotfoot.files import save_text


class MetricsLog:
    """Appends to ``metrics.jsonl`` of a folder.

    Args:
        folder: of the run.
        step: that the run resumes from; rows after it, whose steps are taken again, are dropped,
            and so is what is no row, like one that was cut off.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._path = folder / "metrics.jsonl"
        if self._path.exists():
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
            save_text(self._path, "".join(f"{s}\n" for s in lines if _step_of(s) <= step))
        self._writer = _tensorboard(folder)

    def write(self, row: dict[str, float]) -> None:
        """One row; it has a ``step``."""
        with self._path.open("a") as file:
            file.write(json.dumps({k: round(v, 6) for k, v in row.items()}) + "\n")
        if self._writer is not None:
            for name, value in row.items():
                if name != "step":
                    self._writer.add_scalar(name, value, int(row["step"]))
            self._writer.flush()


def _step_of(line: str) -> float:
    """Step of a row; infinity where it is no row."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return math.inf


def _tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder / "tensorboard"))
