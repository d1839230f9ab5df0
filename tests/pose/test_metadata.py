import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotfoot.errors import PoseError
from hotfoot.pose.formats import read_dance, read_poses, write_poses
from hotfoot.pose.metadata import EMPTY, DanceMetadata, Phrase, file_sha256, metadata_from_json
from tests.helpers.poses import walker

_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_SECONDS = st.floats(0, 3600)
PHRASES = st.builds(Phrase, _SECONDS, _SECONDS, st.lists(_TEXT, max_size=3).map(tuple))
METADATA = st.builds(
    DanceMetadata,
    start_s=_SECONDS,
    end_s=st.none() | _SECONDS,
    song=_TEXT,
    song_sha256=_TEXT,
    options=st.dictionaries(_TEXT, st.none() | st.booleans() | st.integers() | _SECONDS | _TEXT),
    style=_TEXT,
    energy=st.none() | _SECONDS,
    tempo_bpm=st.none() | _SECONDS,
    beats=st.lists(_SECONDS, max_size=4).map(tuple),
    seams=st.lists(st.integers(0, 10**6), max_size=4).map(tuple),
    seed=st.none() | st.integers(0, 2**63 - 1),
    variation=st.integers(0, 100),
    model=_TEXT,
    choreography=st.lists(PHRASES, max_size=3).map(tuple),
    hotfoot_version=_TEXT,
    source_fps=st.none() | st.floats(1, 240),
)
FULL = DanceMetadata(
    start_s=20.0, end_s=28.0, song="song.mp3", song_sha256="ab", options={"seed": 3, "post": None},
    style="latin", energy=1.2, tempo_bpm=118.0, beats=(0.5, 1.01), seams=(40, 80), seed=3,
    variation=1, model="hotfoot-small", choreography=(Phrase(0.5, 4.5, ("step touch",)),),
    hotfoot_version="1.0", source_fps=30.0,
)  # fmt: skip


@given(metadata=METADATA)
def test_metadata_come_back_from_json(metadata):
    text = json.dumps(metadata.to_json())
    assert metadata_from_json(json.loads(text), "x") == metadata


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(metadata=METADATA)
def test_metadata_come_back_from_npz(metadata, tmp_path):
    write_poses(walker(3), tmp_path / "d.npz", metadata=metadata)
    poses, back = read_dance(tmp_path / "d.npz")
    assert back == metadata
    assert len(poses) == 3


def test_the_documented_arrays_are_there_for_plain_numpy(tmp_path):
    write_poses(walker(3), tmp_path / "d.npz", metadata=FULL)
    with np.load(tmp_path / "d.npz", allow_pickle=False) as z:
        assert z["beats"].tolist() == [0.5, 1.01]
        assert z["seams"].tolist() == [40, 80]
        assert (int(z["seed"]), int(z["variation"])) == (3, 1)
        assert (str(z["model"]), str(z["hotfoot_version"])) == ("hotfoot-small", "1.0")
        assert json.loads(str(z["metadata"]))["choreography"][0]["moves"] == ["step touch"]


def test_files_of_before_are_read(tmp_path):
    write_poses(walker(3), tmp_path / "d.npz")
    with np.load(tmp_path / "d.npz") as bare:
        arrays = dict(bare)
    arrays |= {
        "beats": np.array([0.5]), "seams": np.array([1]), "seed": np.int64(7),
        "variation": np.int64(0), "model": np.str_("m"), "hotfoot_version": np.str_("0.1"),
    }  # fmt: skip
    np.savez(tmp_path / "d.npz", **arrays)
    _, found = read_dance(tmp_path / "d.npz")
    assert found == DanceMetadata(
        beats=(0.5,), seams=(1,), seed=7, model="m", hotfoot_version="0.1"
    )


def test_poses_alone_have_empty_metadata(tmp_path):
    write_poses(walker(3), tmp_path / "d.npz")
    assert read_dance(tmp_path / "d.npz")[1] == EMPTY
    assert len(read_poses(tmp_path / "d.npz")) == 3


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        ({"start_s": "late"}, "start_s"),
        ({"beats": [0.5, "x"]}, "beats.1"),
        ({"choreography": [{"start_s": 0.0}]}, "choreography.0.end_s"),
        ({"tempo_bpm": float("nan")}, "tempo_bpm"),
        ([1], "metadata"),
    ],
)
def test_damaged_metadata_are_named(damage, place):
    with pytest.raises(PoseError, match=rf"d\.npz: .*\({place}: "):
        metadata_from_json(damage, "d.npz")


def test_unknown_keys_are_left_out():
    assert metadata_from_json({"start_s": 2.0, "mood": "new"}, "x") == DanceMetadata(start_s=2.0)


def test_seams_follow_the_frame_rate():
    assert FULL.resampled(30.0, 15.0) == replace(FULL, seams=(20, 40))
    assert DanceMetadata().resampled(24.0, 30.0).source_fps == 24.0


def test_the_hash_is_that_of_the_file(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a").startswith("ba7816bf8f01cfea")
