from dataclasses import replace

import numpy as np
import pytest

from hotfoot.choreography.arrange import FREE_ARMS, STYLES, arrange
from hotfoot.choreography.counts import count_song
from hotfoot.choreography.key_poses import FAMILIES
from hotfoot.errors import OptionError
from hotfoot.music.features import FEATURE_RATE
from tests.helpers.songs import composed_analysis, composed_counts


def test_phrases_cover_the_song():
    choreography = arrange(composed_counts(120, seconds=70.0, sections=2), 5)
    phrases = choreography.phrases
    assert phrases[0].start == 0
    assert [p.start for p in phrases[1:]] == [p.end for p in phrases[:-1]]
    assert phrases[-1].end == len(choreography.beats)
    assert max(p.beats for p in phrases) == 8
    vocabulary = [p.lower for p in phrases if p.family != "pose"]
    assert len(vocabulary) > 12
    for first in range(len(vocabulary) - 8):
        assert len(set(vocabulary[first : first + 8])) > 2, "it is not the same for long"


def test_the_same_seed_the_same_choreography():
    counted = composed_counts(120, seconds=70.0, sections=2)
    one, again, other = (arrange(counted, seed) for seed in (5, 5, 6))
    assert one.phrases == again.phrases
    assert [p.lower for p in other.phrases] != [p.lower for p in one.phrases]


def twice(analysis):
    """A song that is played again from its beginning."""
    features, rhythm = analysis.features, analysis.rhythm
    beats, period = rhythm.beats, float(np.median(np.diff(rhythm.beats)))
    bars = len(beats) // 4 * 4
    shift = round(bars * period * FEATURE_RATE) / FEATURE_RATE
    rows = slice(0, round(shift * FEATURE_RATE))

    def again(x):
        return np.concatenate([x[rows], x[rows]])

    return replace(
        analysis,
        features=replace(
            features, mel=again(features.mel), chroma=again(features.chroma),
            loudness_db=again(features.loudness_db), duration_s=2 * shift,
        ),
        rhythm=replace(
            rhythm, beats=np.concatenate([beats[:bars], beats[:bars] + shift]),
            downbeats=np.concatenate([rhythm.downbeats, rhythm.downbeats + shift]),
            onset_strength=again(rhythm.onset_strength), sections=np.array([0.0, shift]),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_what_is_played_again_is_danced_again(seed):
    once = composed_analysis(120, seconds=34.0, sections=2)
    danced = {}
    whole = [
        p
        for p in arrange(count_song(twice(once)), seed).phrases
        if p.family != "pose" and p.beats == 8
    ]
    for p in whole:
        danced.setdefault(p.label, set()).add((p.lower, p.upper, p.flip))
    assert all(len(moves) == 1 for moves in danced.values())
    assert len(whole) - len(danced) >= 4, "repeats"
    labels = [p.label for p in arrange(count_song(once), 0).phrases if p.family != "pose"]
    assert len(set(labels)) >= len(labels) - 1, "without repeats nothing repeats"


def test_styles_weigh_families():
    counted = composed_counts(120, seconds=70.0)

    def share(style, family):
        phrases = [p for s in range(30) for p in arrange(counted, s, style).phrases]
        return np.mean([p.family == family for p in phrases])

    assert share("jumpstyle", "kick") > 1.5 * share("latin", "kick")
    assert share("latin", "step") > 1.5 * share("hip-hop", "step")
    assert all(set(weights) == set(FAMILIES) for weights in STYLES.values())
    with pytest.raises(OptionError, match="unknown style"):
        arrange(counted, 0, "polka")


@pytest.mark.parametrize("style", STYLES)
def test_nobody_squats_for_a_minute(style):
    counted = composed_counts(110)
    for seed in range(6):
        phrases = arrange(counted, seed, style).phrases
        low = sum(p.beats for p in phrases if p.family == "floor")
        assert low <= 0.3 * sum(p.beats for p in phrases)


def test_a_move_right_after_itself_has_other_arms_and_is_not_danced_thrice():
    counted = composed_counts(120)
    triples = []
    for seed in range(30):
        phrases = [p for p in arrange(counted, seed).phrases if p.family != "pose"]
        triples += [
            (a, b, c)
            for a, b, c in zip(phrases, phrases[1:], phrases[2:])
            if len({p.label for p in (a, b, c)}) == 3  # a repeat repeats what it was
            and (a.end, b.end) == (b.start, c.start)
            and min(p.beats for p in (a, b, c)) == 8
        ]
    assert len(triples) > 100
    assert not [t for t in triples if len({p.lower for p in t}) == 1]
    again = [(a, b) for a, b, _ in triples if a.lower == b.lower]
    assert len(again) > 10
    assert all(a.upper != b.upper and a.family in FREE_ARMS for a, b in again)
