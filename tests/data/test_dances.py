import numpy as np
import pytest

from hotfoot.data.cameras import body_view
from hotfoot.data.dances import DancePlan, DanceSource, load_dances, make_dances
from hotfoot.data.paired import Dance
from hotfoot.data.samples import BODY_FORMAT
from hotfoot.data.sources import Data
from hotfoot.errors import InputError
from hotfoot.pose.framing import body_framing
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.clips import dancer

PLAN = DancePlan(2, 64, 0.5, 0, 3, BODY_FORMAT)


@pytest.fixture(scope="module")
def data(training_data):
    return Data(training_data / "motion", training_data / "music")


@pytest.fixture(scope="module")
def folder(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "dances"
    make_dances(data, PLAN, folder)
    return folder


def content(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_dances_are_the_same_for_any_number_of_jobs_and_after_an_interruption(
    data, folder, tmp_path
):
    expected = content(folder)
    assert sorted(expected) == ["held-out-00000.npz", "train-00000.npz"]
    make_dances(data, PLAN, tmp_path / "two", jobs=2)
    assert content(tmp_path / "two") == expected
    (tmp_path / "two" / "train-00000.npz").unlink()
    (tmp_path / "two" / ".train-00000.77.part.npz").write_bytes(b"half of it")
    kept = (tmp_path / "two" / "held-out-00000.npz").stat().st_mtime_ns
    make_dances(data, PLAN, tmp_path / "two")
    assert content(tmp_path / "two") == expected
    assert (tmp_path / "two" / "held-out-00000.npz").stat().st_mtime_ns == kept


def test_dances_last_as_long_as_their_songs(folder):
    dances = load_dances(folder, False)
    assert len(dances) == 2
    for d in dances:
        assert len(d.joints) == 8 * len(d.music)
        assert 12 / 1.33 - 0.3 <= len(d.joints) / 30 <= 12 / 0.75 + 0.1
        assert d.song
        assert d.style
        assert 75 < d.tempo_bpm < 173
    assert {d.song for d in dances}.isdisjoint(d.song for d in load_dances(folder, True))


def framed(samples):
    """Poses, references and their framings in the square, as shards see them."""
    for s in samples:
        pixels = s.reference_xy[None] * 1000
        pose = PoseSequence(pixels, s.reference_confidence[None], 30.0, (1000, 1000), "body-18")
        square = body_framing(pose)
        yield square.into(s.xy), square.into(s.reference_xy), square


def test_samples_show_the_whole_body_around_their_references(folder):
    source = DanceSource(load_dances(folder, False), BODY_FORMAT, "body")
    rng = np.random.default_rng(0)
    samples = [source.draw(rng, 64, 16) for _ in range(12)]
    for s, (xy, reference, square) in zip(samples, framed(samples), strict=True):
        assert s.confidence.min() == 1
        assert 0 < s.xy.min() < s.xy.max() < 1, "nothing leaves the canvas"
        assert s.music.shape == (8, 41)
        np.testing.assert_allclose(reference[[8, 11]].mean(axis=0), 0.5, atol=1e-3)
        assert square.size[0] == pytest.approx(square.size[1])
        assert np.abs(xy[:, [8, 11]].mean(axis=1) - 0.5).max() < 0.42
        trunk = np.linalg.norm(reference[1] - 0.5)
        assert 0.07 < trunk < 0.18, "a third to a half of trunk and leg, which are 1 / 3.2"
    again = source.draw(np.random.default_rng(0), 64, 16)
    np.testing.assert_array_equal(again.xy, samples[0].xy)
    assert {s.known for s in samples} > {0}


def test_a_body_that_stays_gives_the_pose_of_its_reference():
    """The reference is an instant of the dance by the same body before the same camera."""
    still = np.repeat(dancer(1.0).joints[:1], 64, axis=0)
    for seed in range(8):
        view = body_view(still, 0, 64, np.random.default_rng(seed), 30.0)
        xy, reference = view.framing.into(view.xy), view.framing.into(view.reference_xy)
        shape = xy - xy[:, [8, 11]].mean(axis=1, keepdims=True)
        expected = reference - reference[[8, 11]].mean(axis=0)
        np.testing.assert_allclose(shape, np.broadcast_to(expected, shape.shape), atol=0.02)
        np.testing.assert_allclose(xy, np.broadcast_to(xy[0], shape.shape), atol=1e-5)


def test_samples_go_with_their_music():
    """Joints and tokens that tell their own time meet in every sample."""
    joints = dancer(12.0).joints[:352]
    music = np.repeat(np.arange(44, dtype=np.float32)[:, None], 41, axis=1)
    dance = Dance(joints, music, "sway", False, 100.0, "song")
    rng = np.random.default_rng(1)
    for framing in ("body", "canvas"):
        source = DanceSource([dance], BODY_FORMAT, framing)
        found = source.draw(rng, 64)
        assert np.diff(found.music[:, 0]).tolist() == [1.0] * 7
        assert (found.clip.style, found.clip.song) == ("sway", "song")
        with pytest.raises(InputError, match="no dance has 360 frames"):
            source.draw(rng, 360)


def test_damaged_dances_are_named(folder, tmp_path):
    (tmp_path / "train-00000.npz").write_bytes((folder / "train-00000.npz").read_bytes()[:5000])
    with pytest.raises(InputError, match=r"train-00000\.npz is damaged"):
        load_dances(tmp_path, False)
    with pytest.raises(InputError, match="no held-out dances"):
        load_dances(tmp_path, True)
