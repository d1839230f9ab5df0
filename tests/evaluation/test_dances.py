"""Pose files, measured where in their song they were danced."""

from dataclasses import replace
from pathlib import Path

import pytest

from hotfoot.errors import OptionError
from hotfoot.evaluation.beats import beats_text
from hotfoot.evaluation.dances import EvaluationRequest, evaluate_dances, reference_set
from hotfoot.evaluation.video import NetworkInput, VideoRequest
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from hotfoot.pose.metadata import DanceMetadata
from tests.helpers.dancers import on_beat


@pytest.fixture(scope="module")
def excerpt(tmp_path_factory):
    """A dance to the last 10 s of a song, whose beats are known."""
    folder = tmp_path_factory.mktemp("excerpt")
    song = compose(20.0, 101, seed=4)
    song.save(folder / "s.wav")
    (folder / "s.beats").write_text(beats_text(song.beats))
    poses = on_beat(song.beats - 10.13, 9.5)
    write_poses(poses, folder / "d.npz", metadata=DanceMetadata(start_s=10.13, seams=(100,)))
    return EvaluationRequest((folder / "d.npz",), (folder / "s.wav",))


def test_a_dance_knows_where_in_the_song_it_begins(excerpt):
    here = evaluate_dances(excerpt).metrics
    assert abs(here["lag_s"].value) < 0.05
    assert here["alignment"].value > 0.7
    assert here["seam_ratio"].n == 1, "the seams are the file's"
    moved = evaluate_dances(replace(excerpt, start=10.33)).metrics
    assert moved["lag_s"].value == pytest.approx(0.2, abs=0.06)
    assert moved["alignment"].value < 0.5 * here["alignment"].value


def test_real_dances_stand_beside_the_measured_ones(excerpt, tmp_path):
    for i in range(2):
        poses = on_beat([0.3, 0.9], 6.0, size=0.05 + 0.02 * i)
        write_poses(poses, tmp_path / f"{i}.npz")
    real = reference_set(tmp_path, None)
    found = evaluate_dances(replace(excerpt, real=tmp_path)).metrics
    assert found["speed"].real == pytest.approx(real.mean("speed"))
    assert found["jerk_of_real"].value == pytest.approx(
        found["jerk"].value / real.mean("jerk"), rel=1e-6
    )
    assert reference_set(None, None) is None


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"poses": ()}, "poses"),
        ({"music": ()}, "music"),
        ({"music": (Path("a"),) * 3}, "music"),
        ({"start": -1.0}, "start"),
        ({"fps": 0.5}, "fps"),
        ({"training": Path("x")}, "training"),
    ],
)
def test_requests_are_checked(values, says, excerpt):
    with pytest.raises(OptionError, match=says):
        replace(excerpt, **values)


def test_requests_for_videos_are_checked(tmp_path):
    with pytest.raises(OptionError, match="videos"):
        VideoRequest((), tmp_path, tmp_path / "n.onnx")
    with pytest.raises(OptionError, match="real"):
        VideoRequest((tmp_path / "a.mp4",), tmp_path / "none", tmp_path / "n.onnx")
    with pytest.raises(OptionError, match="frames"):
        NetworkInput(frames=0)
