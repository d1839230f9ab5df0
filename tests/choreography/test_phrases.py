import json

import numpy as np
import pytest

from hotfoot.choreography.dynamics import choreograph
from hotfoot.choreography.phrases import Phrase, choreography_from_json
from hotfoot.errors import InputError, OptionError
from tests.helpers.songs import composed_analysis


@pytest.fixture(scope="module")
def choreography():
    return choreograph(composed_analysis(120), 1, "disco")


def test_a_file_holds_all_of_it(choreography):
    found = choreography_from_json(choreography.to_json(), "dance.json")
    np.testing.assert_array_equal(found.beats, choreography.beats)
    assert found.phrases == choreography.phrases
    assert (found.style, found.accents) == (choreography.style, choreography.accents)


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": 2}, "schema"),
        ({"beats": [0.0, 1.0, 0.5]}, "ascend"),
        ({"beats": [0.0]}, "beats"),
        ({"beats": [0.0, 1.0]}, "last phrase"),
        ({"phrases": []}, "phrases"),
        ({"accents": [[1.0, 2.0]]}, "accents"),
        ({"tempo": 3}, "tempo"),
        ({"style": None}, "style"),
    ],
)
def test_wrong_files_are_told_by_field(choreography, change, words):
    text = json.dumps(json.loads(choreography.to_json()) | change)
    with pytest.raises(InputError, match=words) as caught:
        choreography_from_json(text, "dance.json")
    assert "dance.json" in caught.value.message


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("lower", "moonwalk", "moonwalk"), ("lower", 3, "lower"),
        ("upper", "box step", "no such arm pattern"), ("start", 1, "ends before"),
        ("beats", 0, "beats"), ("pace", 0, "pace"), ("size", -1, "size"), ("size", "big", "size"),
        ("level", 7, "level"), ("label", -1, "label"), ("flip", "yes", "flip"), ("mood", 1, "mood"),
    ],
)  # fmt: skip
def test_wrong_phrases_are_told_by_field(choreography, field, value, words):
    file = json.loads(choreography.to_json())
    file["phrases"][1][field] = value
    with pytest.raises(InputError, match=words):
        choreography_from_json(json.dumps(file), "dance.json")


def test_wrong_phrases_from_python():
    with pytest.raises(OptionError, match="no such move"):
        Phrase(0, 8, "moonwalk")
    assert Phrase(4, 8, "spin").end == 12
    assert Phrase(4, 8, "spin").family == "turn"
