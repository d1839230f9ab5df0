"""What is in a corpus: styles, tempi, framing and movement, as numbers and a picture.

In: samples. Out: one array per quantity, and histograms.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotfoot.data.samples import CANVAS_HEIGHT, Sample
from hotfoot.errors import DependencyError
from hotfoot.files import replacing
from hotfoot.pose.body import body_speed, visible_height


@dataclass(frozen=True, eq=False)
class Survey:
    """Quantities of N samples.

    Attributes:
        styles: name of each sample's style.
        procedural: [N] danced by the choreographer.
        tempo_bpm: [N] of the song as played.
        size: [N] height of what is seen of the body, in canvas heights (90th percentile).
        aspect: [N] width of the canvas over its height.
        speed: [N] mean speed of the joints, canvas heights per second.
        seen: [N] share of joints and frames that are seen.
        known: [N] leading frames that are given.
        seconds: [N] length.
    """

    styles: tuple[str, ...]
    procedural: NDArray[np.bool_]
    tempo_bpm: NDArray[np.float64]
    size: NDArray[np.float64]
    aspect: NDArray[np.float64]
    speed: NDArray[np.float64]
    seen: NDArray[np.float64]
    known: NDArray[np.int64]
    seconds: NDArray[np.float64]

    def summary(self) -> dict[str, Any]:
        """Counts and percentiles, for people and JSON."""
        out: dict[str, Any] = {
            "samples": len(self.styles),
            "minutes": round(float(self.seconds.sum()) / 60, 1),
            "procedural": round(float(self.procedural.mean()), 3),
        }
        for name in ("tempo_bpm", "size", "aspect", "speed", "seen", "known"):
            low, middle, high = np.percentile(getattr(self, name), [5, 50, 95])
            out[name] = {"p5": round(float(low), 3), "p50": round(float(middle), 3),
                         "p95": round(float(high), 3)}  # fmt: skip
        out["styles"] = dict(Counter(self.styles).most_common())
        return out


def survey(samples: list[Sample]) -> Survey:
    """Measure samples."""
    sizes, speeds, seen = [], [], []
    for s in samples:
        there = s.confidence > 0
        heights = [visible_height(xy, c) for xy, c in zip(s.xy, there, strict=True)]
        sizes.append(float(np.percentile(heights, 90)))
        speeds.append(float(body_speed(s.poses).mean()) / CANVAS_HEIGHT)
        seen.append(float(there.mean()))
    return Survey(
        tuple(s.clip.style or "unknown" for s in samples),
        np.array([s.clip.procedural for s in samples]),
        np.array([s.clip.tempo_bpm for s in samples]),
        np.array(sizes),
        np.array([s.clip.aspect for s in samples]),
        np.array(speeds),
        np.array(seen),
        np.array([s.known for s in samples]),
        np.array([len(s.xy) / s.clip.format.fps for s in samples]),
    )


def draw_histograms(found: Survey, path: Path) -> None:
    """Write a picture of a survey; real and procedural samples in two colors.

    Raises:
        DependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise DependencyError(
            "pictures of a corpus need matplotlib", "Install it: pip install 'hotfoot[report]'"
        ) from error
    figure = Figure(figsize=(13, 7), layout="constrained")
    axes = figure.subplots(2, 4).ravel()
    titles = {
        "tempo_bpm": "tempo as played, BPM", "size": "body seen, canvas heights",
        "aspect": "canvas, width / height", "speed": "mean speed, heights / s",
        "seen": "joints seen", "known": "known frames",
    }  # fmt: skip
    for axis, (name, title) in zip(axes, titles.items(), strict=False):
        values = getattr(found, name)
        bins = np.linspace(values.min(), max(values.max(), values.min() + 1e-3), 25)
        axis.hist(
            [values[~found.procedural], values[found.procedural]], bins, stacked=True,
            label=["real motion", "choreographer"], color=["#4477aa", "#ee6677"],
        )  # fmt: skip
        axis.set_title(title)
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
