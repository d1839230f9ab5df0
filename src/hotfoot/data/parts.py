"""What montages are made of, and how natural real clips stayed on a song's beats."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Part:
    """What danced one part of a montage, and how natural it stayed.

    Attributes:
        clip: name of the clip that gives the legs, or everything.
        upper: name of the clip that gives the upper body, if another.
        style: of the clip; of both, if they agree.
        start_s: song second of its first beat.
        end_s: song second of its last.
        per_beat: song beats that a beat of the clip takes.
        slowest: lowest rate of play.
        fastest: highest rate of play.
        late_s: root mean square distance of sure accents from beats.
        confidence: mean of the clip's beats.
        meeting_m: mean distance of joints to the part before it at the cross-fade.
    """

    clip: str
    upper: str | None
    style: str
    start_s: float
    end_s: float
    per_beat: float
    slowest: float
    fastest: float
    late_s: float
    confidence: float
    meeting_m: float


@dataclass(frozen=True, eq=False)
class Montage:
    """Joints [T, J, 3], like the clips', and the parts that they are made of."""

    joints: NDArray[np.float32]
    parts: tuple[Part, ...]

    @property
    def style(self) -> str:
        """Of the part that lasts longest."""
        return max(self.parts, key=lambda p: p.end_s - p.start_s).style

    @property
    def motion(self) -> tuple[str, ...]:
        """Names of the clips in it."""
        return tuple(sorted({c for p in self.parts for c in (p.clip, p.upper) if c}))


def naturalness(parts: tuple[Part, ...]) -> dict[str, Any]:
    """What a montage's warps did to its clips, for people and JSON."""
    seconds = np.array([p.end_s - p.start_s for p in parts])

    def percentiles(values: list[float]) -> dict[str, float]:
        low, middle, high = np.percentile(values, [5, 50, 95])
        return {"p5": round(float(low), 3), "p50": round(float(middle), 3),
                "p95": round(float(high), 3)}  # fmt: skip

    joined = [p.meeting_m for p in parts[1:]] or [0.0]
    return {
        "parts": len(parts),
        "seconds": round(float(seconds.sum()), 2),
        "clips": len({p.clip for p in parts}),
        "mixed": sum(p.upper is not None for p in parts),
        "slowest": percentiles([p.slowest for p in parts]),
        "fastest": percentiles([p.fastest for p in parts]),
        "late_ms": percentiles([1000 * p.late_s for p in parts]),
        "confidence": percentiles([p.confidence for p in parts]),
        "meeting_cm": percentiles([100 * m for m in joined]),
        "per_beat": {str(m): sum(p.per_beat == m for p in parts)
                     for m in sorted({p.per_beat for p in parts})},
        "each": [asdict(p) for p in parts],
    }  # fmt: skip
