"""Minutes of choreography from real clips: parts on the song's phrases, joined by cross-fades.

In: a bank of clips and a song. Out: joints at given times, and for every part which clip danced it
and how natural its warp stayed. Parts begin on downbeats with a bar of the clip; loud music takes
lively clips; of several clips the one is taken whose pose and velocity meet those of the last part.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hotfoot.choreography.counts import steady_beats
from hotfoot.data.bank import Bank, BankedClip
from hotfoot.data.bodies import HIPS, blend, facing, mix, rotated
from hotfoot.data.mocap import MotionClip
from hotfoot.data.pairing import (
    RATE_LIMITS,
    TimeWarp,
    fit_warp,
    multiples,
    play,
)
from hotfoot.data.parts import Montage, Part
from hotfoot.music.analysis import SongAnalysis
from hotfoot.music.features import FEATURE_RATE, loudness_level

Array = NDArray[np.float64]

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


@dataclass(frozen=True, eq=False)
class _Meeting:
    """How a clip is turned and moved to go on where another is, and how well the two meet."""

    angle: float = 0.0
    shift: NDArray[np.float32] = field(default_factory=lambda: np.zeros(3, np.float32))
    apart_m: float = 0.0
    cost: float = 0.0


@dataclass(frozen=True, eq=False)
class _Choice:
    banked: BankedClip
    first: int
    per_beat: float
    warp: TimeWarp
    meeting: _Meeting
    cost: float

    def joints(self, times: Array) -> NDArray[np.float32]:
        played = play(self.banked.clip, self.warp(times))
        return rotated(played, self.meeting.angle) + self.meeting.shift

    @property
    def confidence(self) -> Array:
        return self.banked.beats.confidence[self.first : self.first + len(self.warp.song_s)]

    @property
    def late_s(self) -> float:
        """Root mean square distance of sure accents from beats."""
        sure = self.confidence
        return float(np.sqrt((sure * self.warp.late_s**2).sum() / max(sure.sum(), 1e-6)))


def make_montage(
    bank: Bank, song: SongAnalysis, times: Array, rng: np.random.Generator, rate: float = 1.0,
    mixing: float = 0.15,
) -> Montage | None:  # fmt: skip
    """Dance a song with clips of a bank; None where no clip fits its beats.

    Args:
        bank: the clips.
        song: analyzed.
        times: [T] seconds of the song as played, evenly spaced.
        rng: chooses.
        rate: how fast the song is played.
        mixing: share of parts whose upper body is another clip's.
    """
    beats = steady_beats(song) / rate
    levels = loudness_level(song.features.loudness_db, FEATURE_RATE)
    start = _bar_before(beats, song.rhythm.downbeats / rate, float(times[0]))
    points = bank.clips[0].clip.joints.shape[1]
    out = np.zeros((len(times), points, 3), np.float32)
    parts: list[Part] = []
    last: _Choice | None = None
    while start < len(beats) - 1 and beats[start] < times[-1]:
        length = int(rng.choice(_PART_BEATS))
        choice = _choose(bank, beats, start, length, levels, rate, rng, last)
        if choice is None:
            return None
        end = int(np.searchsorted(beats, choice.warp.song_s[-1] + 1e-6)) - 1
        # Whole bars, so that the next part begins on a downbeat.
        end = start + max(4, (end - start) // 4 * 4)
        begin_s, end_s = float(beats[start]), float(beats[min(end, len(beats) - 1)])
        mixed = rng.random() < mixing
        upper = _upper(bank, choice, beats, start, levels, rate, rng) if mixed else None
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


def _choose(
    bank: Bank, beats: Array, start: int, length: int, levels: NDArray[np.floating], rate: float,
    rng: np.random.Generator, last: _Choice | None,
) -> _Choice | None:  # fmt: skip
    begin_s = float(beats[start])
    end_s = float(beats[min(start + length, len(beats) - 1)])
    a, b = (int(max(s, 0) * rate * FEATURE_RATE) for s in (begin_s, end_s))
    level = float(levels[a : max(b, a + 1)].mean()) if a < len(levels) else 0.0
    wanted = float(np.clip(0.5 + 0.35 * level, 0.05, 0.95))
    options: list[_Choice] = []
    for i in rng.choice(len(bank.clips), min(_CLIPS_TRIED, len(bank.clips)), False, bank.weight):
        banked = bank.clips[i]
        cost = _ENERGY * abs(banked.energy - wanted) + _RESTLESS * (1 - banked.beats.rhythm)
        options += _fits(banked, beats, start, length, cost, rng, last)
    return min(options, key=lambda c: c.cost) if options else None


def _fits(
    banked: BankedClip, beats: Array, start: int, length: int, cost: float,
    rng: np.random.Generator, last: _Choice | None,
) -> list[_Choice]:  # fmt: skip
    """The best way to dance a clip from a beat on; none where its accents stay off the beats."""
    own = banked.beats
    around = beats[max(0, start - 4) : start + length + 4]
    if len(own.times) < _LEAST_BEATS or len(around) < _LEAST_BEATS:
        return []
    per_beat, stretch = next(multiples(own.times, around), (0.0, 0.0))
    if not per_beat:
        return []
    needed = int(np.ceil(length / per_beat)) + 1
    bars = np.arange(own.phase, len(own.times) - _LEAST_BEATS, 4)
    whole = bars[bars + needed <= len(own.times)]
    options: list[tuple[float, int, Array, _Meeting]] = []
    for first in rng.permutation(whole if len(whole) else bars[:1])[:_STARTS_TRIED]:
        count = min(needed, len(own.times) - first, int((len(beats) - 1 - start) / per_beat) + 1)
        if count < _LEAST_BEATS:
            continue
        at = start + np.arange(count) * per_beat
        song_s = np.interp(at, np.arange(len(beats)), beats)
        rate = (own.times[first + count - 1] - own.times[first]) / (song_s[-1] - song_s[0])
        if RATE_LIMITS[0] <= rate <= RATE_LIMITS[1]:
            meeting = _meet(banked.clip, own.times[first], float(rate), float(song_s[0]), last)
            again = last is not None and banked is last.banked and abs(first - last.first) < 4
            options.append((cost + stretch + meeting.cost + again, int(first), song_s, meeting))
    if not options:
        return []
    # The fit is dear: only for the most promising.
    total, first, song_s, meeting = min(options, key=lambda o: o[0])
    part = slice(first, first + len(song_s))
    warp = fit_warp(own.times[part], own.confidence[part], song_s)
    choice = _Choice(banked, first, per_beat, warp, meeting, total)
    return [choice] if choice.late_s < _LATE_S else []


def _meet(
    clip: MotionClip, clip_s: float, rate: float, song_s: float, last: _Choice | None
) -> _Meeting:
    """Turn and move a clip to where the last one is at a second of the song."""
    if last is None:
        return _Meeting()
    near = np.array([-1.0, 0.0, 1.0]) / _RATE
    before, after = last.joints(song_s + near), play(clip, clip_s + rate * near)
    ahead = [float(np.arctan2(*facing(j[1:2])[0])) for j in (before, after)]
    turned = rotated(after, ahead[0] - ahead[1])
    shift = (before[1, HIPS] - turned[1, HIPS]).mean(axis=0) * np.array([1, 0, 1], np.float32)
    placed = turned + shift
    apart = float(np.linalg.norm(placed[1] - before[1], axis=-1).mean())
    speeds = [(j[2] - j[0]) * _RATE / 2 for j in (before, placed)]
    hurry = float(np.linalg.norm(speeds[1] - speeds[0], axis=-1).mean()) * _VELOCITY_S
    return _Meeting(ahead[0] - ahead[1], shift, apart, _MEETING * (apart + hurry))


def _upper(
    bank: Bank, lower: _Choice, beats: Array, start: int, levels: NDArray[np.floating],
    rate: float, rng: np.random.Generator,
) -> _Choice | None:  # fmt: skip
    """Another clip for the upper body: both upright, both with a rhythm of their own."""
    length = round((len(lower.warp.song_s) - 1) * lower.per_beat)
    if not _may_mix(lower.banked):
        return None
    found = _choose(bank, beats, start, length, levels, rate, rng, None)
    if found is None or not _may_mix(found.banked) or found.warp.song_s[-1] < lower.warp.song_s[-1]:
        return None
    return found


def _may_mix(banked: BankedClip) -> bool:
    return banked.clip.upright > 0.9 and banked.clip.is_dance and banked.beats.rhythm > 0.1


def _part(choice: _Choice, upper: _Choice | None, begin_s: float, end_s: float) -> Part:
    style = choice.banked.clip.style
    if upper is not None and upper.banked.clip.style != style:
        style = ""
    return Part(
        clip=choice.banked.clip.name,
        upper=upper.banked.clip.name if upper else None,
        style=style,
        start_s=round(begin_s, 3),
        end_s=round(end_s, 3),
        per_beat=round(choice.per_beat, 3),
        slowest=round(float(choice.warp.rate.min()), 3),
        fastest=round(float(choice.warp.rate.max()), 3),
        late_s=round(choice.late_s, 4),
        confidence=round(float(choice.confidence.mean()), 3),
        meeting_m=round(choice.meeting.apart_m, 3),
    )
