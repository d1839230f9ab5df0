"""What is in a corpus: styles, tempi, framing and movement of samples, as numbers and a picture."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.data.samples import CANVAS_HEIGHT, Sample
from hotfoot.errors import needing
from hotfoot.files import replacing
from hotfoot.pose.body import body_speed, visible_heights

# Tempo is the song's as played; size a 90th percentile; speed that of joints; known frames lead.
_TITLES = {
    "tempo_bpm": "tempo as played, BPM", "size": "body seen, canvas heights",
    "aspect": "canvas, width / height", "speed": "mean speed, heights / s",
    "seen": "joints seen", "known": "known frames",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Survey:
    """Quantities of N samples."""

    styles: tuple[str, ...]
    procedural: NDArray[np.bool_]  # [N] danced by the choreographer
    seconds: float  # length of all
    quantities: dict[str, NDArray[np.float64]]  # [N] each, as in the titles of the pictures

    def summary(self) -> dict[str, Any]:
        """Counts and percentiles, for people and JSON."""
        out: dict[str, Any] = {
            "samples": len(self.styles),
            "minutes": round(self.seconds / 60, 1),
            "procedural": round(float(self.procedural.mean()), 3),
        }
        for name, values in self.quantities.items():
            out[name] = percentiles(values)
        out["styles"] = dict(Counter(self.styles).most_common())
        return out


def percentiles(values: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    """The 5th, 50th and 95th percentile by name, for people and JSON."""
    return {f"p{at}": round(float(np.percentile(values, at)), 3) for at in (5, 50, 95)}


def survey(samples: list[Sample]) -> Survey:
    """Measure samples."""
    measured = np.array([_measured(s) for s in samples])
    return Survey(
        tuple(s.clip.style or "unknown" for s in samples),
        np.array([s.clip.procedural for s in samples]),
        sum(len(s.xy) / s.clip.format.fps for s in samples),
        dict(zip(_TITLES, measured.T, strict=True)),
    )


def _measured(s: Sample) -> tuple[float, ...]:
    """Quantities in the order of their titles."""
    seen = s.confidence > 0
    size = np.percentile(visible_heights(s.xy, seen), 90)
    speed = body_speed(s.poses).mean() / CANVAS_HEIGHT
    return s.clip.tempo_bpm, float(size), s.clip.aspect, float(speed), seen.mean(), s.known


def draw_histograms(found: Survey, path: Path) -> None:
    """Write a picture, real and procedural in two colors; DependencyError without matplotlib."""
    hint = "Install it: pip install 'hotfoot[report]'"
    with needing("pictures of a corpus need matplotlib", hint):
        from matplotlib.figure import Figure
    figure = Figure(figsize=(13, 7), layout="constrained")
    axes = figure.subplots(2, 4).ravel()
    for axis, (name, values) in zip(axes, found.quantities.items(), strict=False):
        bins = np.linspace(values.min(), max(values.max(), values.min() + 1e-3), 25)
        axis.hist(
            [values[~found.procedural], values[found.procedural]], bins, stacked=True,
            label=["real motion", "choreographer"], color=["#4477aa", "#ee6677"],
        )  # fmt: skip
        axis.set_title(_TITLES[name])
    axes[0].legend()
    for axis, chosen, title in (
        (axes[6], ~found.procedural, "styles of real motion"),
        (axes[7], found.procedural, "styles of the choreographer"),
    ):
        counts = Counter(s for s, c in zip(found.styles, chosen, strict=True) if c).most_common(14)
        axis.barh([s[:28] for s, _ in counts][::-1], [n for _, n in counts][::-1], color="#777777")
        axis.set_title(title)
        axis.tick_params(axis="y", labelsize=7)
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=90)
