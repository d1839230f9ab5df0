import json
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

import hotfoot
from hotfoot.errors import InputError, ModelError, OptionError, OutputError
from hotfoot.generation.edit import looped, pass_through, sync_score
from hotfoot.generation.pipeline import dance, variations
from hotfoot.generation.plan import plan_segments, planned_columns
from hotfoot.generation.sampler import segment_seed
from hotfoot.generation.stitch import lead_in
from hotfoot.model.checkpoint import SCHEMA, load_model, read_config
from hotfoot.music.synthesis import compose
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from hotfoot.timebase import frames_in
from tests.helpers.poses import walker


@given(st.integers(1, 20_000), st.sampled_from([(256, 16), (64, 16), (64, 8)]))
def test_plans_cover_every_frame_once(frames, shape):
    length, overlap = shape
    plan = plan_segments(frames, length, overlap)
    covered = [f for p in plan for f in (p.start + p.known, p.start + p.length)]
    assert covered[0] == 0
    assert all(covered[i] == covered[i + 1] for i in range(1, len(covered) - 1, 2))
    assert covered[-1] >= frames
    assert all(p.length == length for p in plan), "no segment is short of context"
    assert len(plan) == 1 or plan[-1].start + overlap < frames, "no segment is idle"
    assert plan[0].known == 0
    assert all(p.known == overlap for p in plan[1:])
    assert all(p.start % 8 == 0 for p in plan)
    assert planned_columns(plan) * 8 == covered[-1]


@pytest.mark.parametrize(("frames", "length", "overlap"), [(0, 64, 16), (9, 63, 16), (9, 64, 64)])
def test_plans_that_make_no_sense(frames, length, overlap):
    with pytest.raises(OptionError):
        plan_segments(frames, length, overlap)


def test_time():
    assert [frames_in(s, 30) for s in (0.01, 1.0, 10.02, 59.99)] == [1, 30, 301, 1800]


def test_leading_in_changes_nothing_where_the_known_frames_are_met():
    poses = walker(60)
    out = lead_in(poses.keypoints, poses.confidence, poses.keypoints[:16], poses.confidence[:16])
    np.testing.assert_allclose(out, poses.keypoints[16:], atol=1e-4)


def test_leading_in_takes_a_constant_offset_off_smoothly():
    poses = walker(60)
    moved = poses.keypoints + np.float32(8)
    out = lead_in(moved, poses.confidence, poses.keypoints[:16], poses.confidence[:16])
    left = (out - poses.keypoints[16:])[:, 0, 0]
    assert left[0] < 0.3
    assert left[-1] == pytest.approx(8)
    assert (np.diff(left) >= -1e-4).all()
    assert np.diff(left).max() < 1.2


def test_segment_seeds_differ_and_stay():
    seeds = {segment_seed(s, v, n) for s in range(4) for v in range(4) for n in range(4)}
    assert len(seeds) == 64
    assert segment_seed(0, 0, 0) == 728534652295568042


@pytest.mark.parametrize("seconds", [1.0, 2.13, 5.0])
def test_a_dance_has_exactly_the_frames_of_its_song(seconds, tiny_model, tmp_path):
    compose(seconds, 120).save(tmp_path / "s.wav")
    d = dance(tmp_path / "s.wav", model=tiny_model)
    assert len(d.poses) == round(seconds * 30)
    assert d.poses.canvas == figure_pose("average").canvas
    assert (d.poses.skeleton, d.poses.fps, d.model) == ("body-18", 30.0, "tiny")
    assert all(0 < s < len(d.poses) for s in d.seams)


def test_same_seed_same_files_other_seed_other_dance(song, tiny_model, tmp_path):
    files = []
    for i, seed in enumerate((1, 1, 2)):
        d = dance(song, model=tiny_model, seed=seed, end=2.5)
        for suffix in (".npz", ".json", ".mp4"):
            d.save(tmp_path / f"{i}{suffix}")
        files.append([(tmp_path / f"{i}{s}").read_bytes() for s in (".npz", ".json", ".mp4")])
    assert files[0] == files[1]
    assert files[0][1] != files[2][1]


def test_variations_differ_and_the_first_is_the_plain_dance(song, tiny_model):
    many = variations(song, count=3, model=tiny_model, seed=5, end=3.0)
    one = dance(song, model=tiny_model, seed=5, end=3.0)
    np.testing.assert_allclose(many[0].poses.keypoints, one.poses.keypoints, atol=2.0)
    assert np.abs(many[0].poses.keypoints - many[1].poses.keypoints).mean() > 0.1
    assert [d.variation for d in many] == [0, 1, 2]


def test_options_reach_the_result(song, tiny_model):
    d = dance(song, "square", model=tiny_model, start=1.0, end=3.5, fps=24, size=(400, 600), steps=1,
              guidance=1.0, mirror=True)  # fmt: skip
    assert (d.poses.fps, d.poses.canvas, len(d.poses)) == (24.0, (400, 600), 60)


def test_mirroring_is_the_mirror_image(song, tiny_model):
    a = dance(song, model=tiny_model, end=2.0)
    b = dance(song, model=tiny_model, end=2.0, mirror=True)
    # The figure is symmetric, so the mirrored dance of the mirrored figure is the mirror image.
    np.testing.assert_allclose(b.poses.keypoints, a.poses.mirrored().keypoints, atol=0.01)


def test_a_pose_sequence_may_be_the_reference(song, tiny_model):
    d = dance(song, walker(5), model=tiny_model, end=1.5)
    assert d.poses.canvas == (320, 480)


def test_npz_holds_what_is_promised(song, tiny_model, tmp_path):
    dance(song, model=tiny_model, seed=9, end=3.0).save(tmp_path / "d.npz")
    with np.load(tmp_path / "d.npz", allow_pickle=False) as z:
        kinds = {k: (z[k].dtype.kind, z[k].shape) for k in z.files}
        assert kinds["keypoints"] == ("f", (90, 18, 2))
        assert kinds["confidence"] == ("f", (90, 18))
        assert {
            "fps",
            "canvas",
            "skeleton",
            "beats",
            "seams",
            "seed",
            "model",
            "hotfoot_version",
        } <= set(kinds)
        assert (int(z["seed"]), str(z["model"])) == (9, "tiny")


@pytest.mark.parametrize(
    "change",
    [{"seed": -1}, {"fps": 0}, {"fps": float("inf")}, {"size": (1, 1)}, {"steps": 0},
     {"guidance": -1}, {"guidance": 99}, {"start": -1}, {"end": 0.1}],
)  # fmt: skip
def test_absurd_options(change, song, tiny_model):
    with pytest.raises(InputError) as caught:
        dance(song, model=tiny_model, **change)
    assert caught.value.hint


def test_saving_checks_the_suffix(song, tiny_model, tmp_path):
    d = dance(song, model=tiny_model, end=1.0)
    with pytest.raises(OutputError, match="bvh"):
        d.save(tmp_path / "d.bvh")
    with pytest.raises(OutputError, match="does not exist"):
        d.save(tmp_path / "no" / "d.npz")
    with pytest.raises(OutputError, match="without --preset"):
        d.save(tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_keyframes_are_met_and_the_rest_is_left_alone():
    poses = walker(150)
    key = figure_pose("average").with_canvas(poses.canvas)
    out = pass_through(poses, [(2.5, key)])
    seen = key.confidence[0] > 0
    np.testing.assert_allclose(out.keypoints[75, seen], key.keypoints[0, seen], atol=1e-3)
    np.testing.assert_array_equal(out.keypoints[:50], poses.keypoints[:50])
    np.testing.assert_array_equal(out.keypoints[100:], poses.keypoints[100:])
    with pytest.raises(OptionError, match="lasts"):
        pass_through(poses, [(9.0, key)])
    with pytest.raises(OptionError, match=r"0\.1 s"):
        pass_through(poses, [(1.0, key), (1.05, key)])


def test_a_loop_ends_where_it_begins():
    poses = walker(150)
    out = looped(poses)
    seen = (poses.confidence[0] > 0) & (poses.confidence[-1] > 0)
    # The frame after the last is the first again: the last is nearly there and not the same.
    gap = np.abs(out.keypoints[-1, seen] - poses.keypoints[0, seen]).max()
    assert 0 < gap < 2
    np.testing.assert_array_equal(out.keypoints[:100], poses.keypoints[:100])


def test_the_score_prefers_a_dancer_on_the_beat():
    beats = np.arange(0, 10, 0.5)
    t = np.arange(300) / 30
    base = walker(300)

    def dancer(shift):
        xy = base.keypoints[:1] + 20 * np.cos(2 * np.pi * (t - shift))[:, None, None]
        return type(base)(xy.astype(np.float32), base.confidence, 30.0, base.canvas)

    on, off = sync_score(dancer(0.0), beats), sync_score(dancer(0.25), beats)
    assert on > 0.8
    assert off < -0.5


# Model folders


def test_a_saved_model_comes_back(tiny_model):
    model = load_model(tiny_model)
    assert model.config == read_config(tiny_model)
    assert not any(p.requires_grad for p in model.parameters())


def broken(tiny_model, tmp_path, kind):
    folder = tmp_path / "m"
    shutil.copytree(tiny_model, folder)
    weights, config = folder / "model.safetensors", folder / "config.json"
    tensors = load_file(weights)
    raw = json.loads(config.read_text())
    first = sorted(tensors)[0]
    if kind == "missing tensor":
        del tensors[first]
    elif kind == "extra tensor":
        tensors["dit.surprise"] = torch.zeros(1)
    elif kind == "wrong shape":
        tensors[first] = torch.zeros(3, 3, 3)
    elif kind == "nan":
        tensors[first] = torch.full_like(tensors[first], float("nan"))
    elif kind == "newer schema":
        raw["schema"] = SCHEMA + 1
    elif kind == "no schema":
        del raw["schema"]
    elif kind == "missing field":
        del raw["dit"]["width"]
        raw["dit"]["breadth"] = 3
    elif kind == "unknown encoder":
        raw["music"] = "jukebox"
    elif kind == "unknown field":
        raw["color"] = "blue"
    save_file(tensors, weights)
    config.write_text(json.dumps(raw))
    if kind == "corrupted":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif kind == "no weights":
        weights.unlink()
    elif kind == "no config":
        config.unlink()
    elif kind == "not json":
        config.write_text("{")
    return folder


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing tensor", "missing tensors"), ("extra tensor", "do not belong"),
        ("wrong shape", "wrong shape"), ("nan", "NaN"), ("newer schema", "schema 2"),
        ("no schema", "no schema"), ("missing field", "does not describe"),
        ("unknown encoder", "jukebox"), ("unknown field", "does not describe"),
        ("corrupted", "damaged"), ("no weights", r"no model\.safetensors"),
        ("no config", r"no config\.json"), ("not json", "not valid JSON"),
    ],
)  # fmt: skip
def test_broken_model_folders(kind, words, tiny_model, tmp_path):
    with pytest.raises(ModelError, match=words) as caught:
        load_model(broken(tiny_model, tmp_path, kind))
    assert caught.value.exit_code == 2


def test_unknown_model():
    with pytest.raises(ModelError, match="no model 'gpt'"):
        load_model("gpt")


def test_the_public_names_are_there():
    assert all(getattr(hotfoot, name) is not None for name in hotfoot.__all__)
    with pytest.raises(AttributeError):
        hotfoot.nonsense  # noqa: B018


def test_movement_follows_loudness_and_the_wish():
    from hotfoot.generation.energy import movement_gain, scaled_movement
    from hotfoot.pose.body import body_speed
    from tests.helpers.dancers import beats_of, on_beat

    loud = np.repeat([-35.0, -20.0], 1500).astype(np.float32)
    gain = movement_gain(loud, 900, 30.0, 1.0)
    assert gain[200] < 0.85 < 1.1 < gain[700]
    np.testing.assert_allclose(movement_gain(np.full(3000, -20.0), 900, 30.0, 0.5), 0.5)
    assert movement_gain(loud, 900, 30.0, 1.5).max() <= 1.6
    poses = on_beat(beats_of(120, 30.0), 30.0)
    np.testing.assert_allclose(
        scaled_movement(poses, np.ones(900, np.float32)).keypoints, poses.keypoints, atol=1e-2
    )
    speed = body_speed(scaled_movement(poses, gain))
    assert speed[600:850].mean() > 1.3 * speed[50:300].mean()
    confidence = poses.confidence.copy()
    confidence[100:200, 4] = 0
    holed = PoseSequence(poses.keypoints, confidence, 30.0, poses.canvas)
    out = scaled_movement(holed, np.full(900, 0.5, np.float32))
    np.testing.assert_array_equal(out.confidence, confidence)
    near = np.abs(out.keypoints[[99, 200], 4] - holed.keypoints[[99, 200], 4])
    assert near.max() < 60, "no pull towards the empty point at zero"


def test_energy_changes_how_much_it_moves(tiny_model, song):
    from hotfoot.pose.body import body_speed

    calm, usual = (
        body_speed(dance(song, model=tiny_model, energy=e, beat_lock=False).poses).mean()
        for e in (0.4, 1.0)
    )
    assert calm < 0.8 * usual
    for bad in (0.0, 2.0, float("nan")):
        with pytest.raises(OptionError, match="energy"):
            dance(song, model=tiny_model, energy=bad)
