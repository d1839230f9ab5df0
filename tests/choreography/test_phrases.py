import pytest

from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.phrases import Phrase
from tests.helpers.songs import composed_analysis


@pytest.fixture(scope="module")
def choreography():
    return choreograph(composed_analysis(120), 1, "disco")


def test_a_summary_says_what_is_danced_when(choreography):
    found = choreography.summary(40.0)
    assert found[0].start_s == 0
    assert found[-1].end_s == 40
    assert [p.start_s for p in found[1:]] == [p.end_s for p in found[:-1]]
    assert {len(p.moves) for p in found} == {1, 2}
    third = next(
        p for p in choreography.phrases if choreography.seconds(p.start) == found[2].start_s
    )
    assert found[2].moves[0] == third.lower


def test_a_phrase_knows_its_end_and_its_family():
    assert Phrase(4, 8, "spin").end == 12
    assert Phrase(4, 8, "spin").family == "turn"
