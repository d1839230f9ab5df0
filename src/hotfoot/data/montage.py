"""Minutes of choreography from real clips: parts on the song's phrases, joined by cross-fades.

Parts begin on downbeats with a bar of the clip; loud music takes lively clips; of several clips the
one is taken whose pose and velocity meet those of the last part.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from hotfoot.choreography.counts import steady_beats
from hotfoot.data.bodies import HIPS, Array, Joints, blend, facing, mix, yaw_of
from hotfoot.data.pairing import RATE_LIMITS, Bank, BankedClip, TimeWarp, fit_warp, multiples, play
from hotfoot.data.statistics import percentiles
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE, loudness_level
from hotfoot.pose.camera import turned

_PART_BEATS = (8, 16, 32)  # a part lasts as long, if its clip does
_LEAST_BEATS = 4
_FADE_S = 0.5
_CLIPS_TRIED, _STARTS_TRIED = 5, 4
_MEETING = 2.0  # cost of poses that differ by a meter per joint ...
_VELOCITY_S = 0.15  # ... or velocities by so much in this time
_ENERGY = 1.0  # cost of the calmest clip for the loudest music
_RESTLESS = 0.4  # cost of a clip without rhythm
_LATE_S = 0.09  # sure accents further from their beats than this do not fit
_RATE = 30.0


@dataclass(frozen=True)
class Part:
    """What danced one part of a montage, and how natural it stayed."""

    clip: str  # name of the clip that gives the legs, or everything
    upper: str | None  # name of the clip that gives the upper body, if another
    style: str  # of the clip; of both, if they agree
    start_s: float  # song second of its first beat
    end_s: float  # ... and of its last
    per_beat: float  # song beats that a beat of the clip takes
    slowest: float  # rate of play
    fastest: float
    late_s: float  # root mean square distance of sure accents from beats
    confidence: float  # mean of the clip's beats
    meeting_m: float  # mean distance of joints to the part before it at the cross-fade


@dataclass(frozen=True, eq=False)
class Montage:
    """Joints [T, J, 3], like the clips', and the parts that they are made of."""

    joints: Joints
    parts: tuple[Part, ...]

    @property
    def style(self) -> str:
        """Of the part that lasts longest."""
        return max(self.parts, key=lambda p: p.end_s - p.start_s).style

    @property
    def motion(self) -> tuple[str, ...]:
        """Names of the clips in it."""
        return tuple(sorted({c for p in self.parts for c in (p.clip, p.upper) if c}))


def make_montage(
    bank: Bank, song: SongAnalysis, times: Array, rng: Generator, rate: float = 1.0,
    mixing: float = 0.15,
) -> Montage | None:  # fmt: skip
    """Dance a song with clips of a bank at ``times`` [T] in even steps; None where none fits.

    The times are seconds of the song as it is played, ``rate`` times as fast; ``mixing`` is the
    share of parts whose upper body is another clip's.
    """
    beats = steady_beats(song) / rate
    chooser = _Chooser(bank, beats, loudness_level(song.features.loudness_db), rate, rng)
    start = _bar_before(beats, song.rhythm.downbeats / rate, float(times[0]))
    out = np.zeros((len(times), *bank.clips[0].clip.joints.shape[1:]), np.float32)
    parts: list[Part] = []
    last: _Choice | None = None
    while start < len(beats) - 1 and beats[start] < times[-1]:
        choice = chooser.choose(start, int(rng.choice(_PART_BEATS)), last)
        if choice is None:
            return None
        end = int(np.searchsorted(beats, choice.warp.song_s[-1] + 1e-6)) - 1
        # Whole bars, so that the next part begins on a downbeat.
        end = start + max(4, (end - start) // 4 * 4)
        begin_s, end_s = float(beats[start]), float(beats[min(end, len(beats) - 1)])
        upper = chooser.upper(choice, start) if rng.random() < mixing else None
        # Only where this part is seen: from its fade on to the next one's end.
        first, after = np.searchsorted(times, [begin_s - _FADE_S / 2, end_s + _FADE_S / 2])
        last_one = end >= len(beats) - 1  # dances on where the song has ended
        here = slice(int(first) if parts else 0, len(times) if last_one else int(after))
        joints = choice.joints(times[here])
        if upper is not None:
            joints = mix(joints, upper.joints(times[here]))
        share = np.clip((times[here] - begin_s) / _FADE_S + 0.5, 0, 1) if parts else 1.0
        share = np.broadcast_to(share, len(joints))
        out[here] = blend(out[here], joints, share * share * (3 - 2 * share))
        parts.append(_part(choice, upper, begin_s, end_s))
        last, start = choice, end
    return Montage(out, tuple(parts)) if parts else None


def _bar_before(beats: Array, downbeats: Array, second: float) -> int:
    """Index of the last downbeat before a second."""
    anchor = int(np.abs(beats - downbeats[0]).argmin()) if len(downbeats) else 0
    bars = np.arange(anchor % 4, len(beats), 4)
    return int(bars[max(int(np.searchsorted(beats[bars], second, side="right")) - 1, 0)])


@dataclass(frozen=True, eq=False)
class _Meeting:
    """How a clip is turned and moved to go on where another is, and how well the two meet."""

    angle: float = 0.0
    shift: NDArray[np.float32] = field(default_factory=lambda: np.zeros(3, np.float32))
    apart_m: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, eq=False)
class _Choice:
    """A clip from its beat ``first`` on, as it dances a part."""

    banked: BankedClip
    first: int
    per_beat: float
    warp: TimeWarp
    meeting: _Meeting
    cost: float

    def joints(self, times: Array) -> Joints:
        played = play(self.banked.clip, self.warp(times))
        return turned(played, self.meeting.angle) + self.meeting.shift

    @property
    def confidence(self) -> Array:
        return self.banked.beats.confidence[self.first : self.first + len(self.warp.song_s)]

    @property
    def late_s(self) -> float:
        sure = self.confidence
        return float(np.sqrt((sure * self.warp.late_s**2).sum() / max(sure.sum(), 1e-6)))

    @property
    def may_mix(self) -> bool:
        """Upright, and with a rhythm of its own."""
        clip = self.banked.clip
        return clip.upright > 0.9 and clip.is_dance and self.banked.beats.rhythm > 0.1


@dataclass(frozen=True, eq=False)
class _Chooser:
    """Chooses clips for the beats of a song."""

    bank: Bank
    beats: Array  # seconds of the song as played
    levels: Array  # loudness of the recording, at FEATURE_RATE
    rate: float  # how fast it is played
    rng: Generator

    def choose(self, start: int, length: int, last: _Choice | None) -> _Choice | None:
        """What costs least of some clips for ``length`` beats from ``start`` on."""
        seconds = self.beats[[start, min(start + length, len(self.beats) - 1)]]
        a, b = (int(max(s, 0) * self.rate * FEATURE_RATE) for s in seconds)
        level = self.levels[a : max(b, a + 1)].mean() if a < len(self.levels) else 0.0
        wanted = float(np.clip(0.5 + 0.35 * level, 0.05, 0.95))
        clips, weight = self.bank.clips, self.bank.weight
        options = []
        for i in self.rng.choice(len(clips), min(_CLIPS_TRIED, len(clips)), False, weight):
            restless = _RESTLESS * (1 - clips[i].beats.rhythm)
            cost = _ENERGY * abs(clips[i].energy - wanted) + restless
            options.append(self._fit(clips[i], start, length, cost, last))
        return min((o for o in options if o is not None), key=lambda c: c.cost, default=None)

    def _fit(
        self, banked: BankedClip, start: int, length: int, cost: float, last: _Choice | None
    ) -> _Choice | None:
        """The best way to dance a clip from a beat on; none where accents stay off the beats."""
        own, beats = banked.beats, self.beats
        around = beats[max(0, start - 4) : start + length + 4]
        if len(own.times) < _LEAST_BEATS or len(around) < _LEAST_BEATS:
            return None
        if not (ways := multiples(own.times, around)):
            return None
        per_beat, stretch = ways[0]
        needed = int(np.ceil(length / per_beat)) + 1
        bars = np.arange(own.phase, len(own.times) - _LEAST_BEATS, 4)
        whole = bars[bars + needed <= len(own.times)]
        options: list[tuple[float, int, Array, _Meeting]] = []
        for first in self.rng.permutation(whole if len(whole) else bars[:1])[:_STARTS_TRIED]:
            left = int((len(beats) - 1 - start) / per_beat) + 1
            count = min(needed, len(own.times) - first, left)
            if count < _LEAST_BEATS:
                continue
            at = start + np.arange(count) * per_beat
            song_s = np.interp(at, np.arange(len(beats)), beats)
            rate = (own.times[first + count - 1] - own.times[first]) / (song_s[-1] - song_s[0])
            if RATE_LIMITS[0] <= rate <= RATE_LIMITS[1]:
                near = np.array([-1.0, 0.0, 1.0]) / _RATE
                joints = play(banked.clip, own.times[first] + float(rate) * near)
                meeting = _meet(joints, last, float(song_s[0]) + near)
                again = last is not None and banked is last.banked and abs(first - last.first) < 4
                total = cost + stretch + meeting.cost + again
                options.append((total, int(first), song_s, meeting))
        if not options:
            return None
        # The fit is dear: only for the most promising.
        total, first, song_s, meeting = min(options, key=lambda o: o[0])
        part = slice(first, first + len(song_s))
        warp = fit_warp(own.times[part], own.confidence[part], song_s)
        choice = _Choice(banked, first, per_beat, warp, meeting, total)
        return choice if choice.late_s < _LATE_S else None

    def upper(self, lower: _Choice, start: int) -> _Choice | None:
        """Another clip for the upper body, if both may be mixed."""
        if not lower.may_mix:
            return None
        found = self.choose(start, round((len(lower.warp.song_s) - 1) * lower.per_beat), None)
        if found is None or not found.may_mix or found.warp.song_s[-1] < lower.warp.song_s[-1]:
            return None
        return found


def _meet(joints: Joints, last: _Choice | None, song_s: Array) -> _Meeting:
    """Turn and move joints [3, J, 3] to where the last clip is at the middle of ``song_s`` [3]."""
    if last is None:
        return _Meeting()
    before = last.joints(song_s)
    ahead = [float(yaw_of(facing(j[1:2])[0])) for j in (before, joints)]
    placed = turned(joints, ahead[0] - ahead[1])
    shift = (before[1, HIPS] - placed[1, HIPS]).mean(axis=0) * np.array([1, 0, 1], np.float32)
    placed += shift
    apart = float(np.linalg.norm(placed[1] - before[1], axis=-1).mean())
    speeds = [(j[2] - j[0]) * _RATE / 2 for j in (before, placed)]
    hurry = float(np.linalg.norm(speeds[1] - speeds[0], axis=-1).mean()) * _VELOCITY_S
    return _Meeting(ahead[0] - ahead[1], shift, apart, _MEETING * (apart + hurry))


def _part(choice: _Choice, upper: _Choice | None, begin_s: float, end_s: float) -> Part:
    clip, rate = choice.banked.clip, choice.warp.rate
    return Part(
        clip=clip.name,
        upper=upper.banked.clip.name if upper else None,
        style=clip.style if upper is None or upper.banked.clip.style == clip.style else "",
        start_s=round(begin_s, 3),
        end_s=round(end_s, 3),
        per_beat=round(choice.per_beat, 3),
        slowest=round(float(rate.min()), 3),
        fastest=round(float(rate.max()), 3),
        late_s=round(choice.late_s, 4),
        confidence=round(float(choice.confidence.mean()), 3),
        meeting_m=round(choice.meeting.apart_m, 3),
    )


def naturalness(parts: tuple[Part, ...]) -> dict[str, Any]:
    """What a montage's warps did to its clips, for people and JSON."""
    factors = [p.per_beat for p in parts]
    return {
        "parts": len(parts),
        "seconds": round(float(sum(p.end_s - p.start_s for p in parts)), 2),
        "clips": len({p.clip for p in parts}),
        "mixed": sum(p.upper is not None for p in parts),
        "slowest": percentiles([p.slowest for p in parts]),
        "fastest": percentiles([p.fastest for p in parts]),
        "late_ms": percentiles([1000 * p.late_s for p in parts]),
        "confidence": percentiles([p.confidence for p in parts]),
        "meeting_cm": percentiles([100 * p.meeting_m for p in parts[1:]] or [0.0]),
        "per_beat": {str(m): factors.count(m) for m in sorted(set(factors))},
        "each": [asdict(p) for p in parts],
    }
