"""How a model likes to be sampled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """How a model likes to be sampled; options of ``dance`` override it.

    Attributes:
        steps: denoising steps.
        guidance: weight of the music.
        shift: of the schedule, above 1 for more steps near noise.
        solver: euler, midpoint or heun.
        draft: share of the way from noise to data that the choreographer's draft takes over; 0
            begins with noise alone, 1 keeps the draft.
        smoothing_s: standard deviation of the smoothing over time, in seconds, from noise alone.
        smoothing_draft_s: the same for a draft alone; between them it is in proportion. A network
            is rougher the less there is to lead it. None is as from noise.
    """

    steps: int = 10
    guidance: float = 1.0
    shift: float = 1.0
    solver: str = "euler"
    draft: float = 0.0
    smoothing_s: float = 0.06
    smoothing_draft_s: float | None = None

    def smoothing(self, draft: float) -> float:
        """Seconds of smoothing for what begins from this much of a draft, 0 to 1."""
        led = self.smoothing_s if self.smoothing_draft_s is None else self.smoothing_draft_s
        return (1 - draft) * self.smoothing_s + draft * led
