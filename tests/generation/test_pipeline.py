"""A song and a reference in, a dance out."""

import numpy as np
import pytest

import hotfoot
from hotfoot.errors import AudioError, InputError, OptionError, OutputError
from hotfoot.generation.options import DanceOptions, take_keyframes, take_reference
from hotfoot.generation.pipeline import dance, dances
from hotfoot.generation.postprocess import STEPS
from hotfoot.model.config import Sampling
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from hotfoot.pose.references import figure_pose
from tests.helpers.models import untrained_model
from tests.helpers.poses import walker


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
    many = dances(song, variations=3, model=tiny_model, seed=5, end=3.0)
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


def test_saving_checks_the_suffix(song, tiny_model, tmp_path):
    d = dance(song, model=tiny_model, end=1.0)
    with pytest.raises(OutputError, match="bvh"):
        d.save(tmp_path / "d.bvh")
    with pytest.raises(OutputError, match="does not exist"):
        d.save(tmp_path / "no" / "d.npz")
    with pytest.raises(OutputError, match="without a preset"):
        d.save(tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_the_public_names_are_there():
    assert all(getattr(hotfoot, name) is not None for name in hotfoot.__all__)
    with pytest.raises(AttributeError):
        hotfoot.nonsense  # noqa: B018


def test_energy_changes_how_much_it_moves(tiny_model, song):
    from hotfoot.pose.body import body_speed

    calm, usual = (
        body_speed(dance(song, model=tiny_model, energy=e, post=("loudness",)).poses).mean()
        for e in (0.4, 1.0)
    )
    assert calm < 0.8 * usual
    for bad in (0.0, 2.0, float("nan")):
        with pytest.raises(OptionError, match="energy"):
            dance(song, model=tiny_model, energy=bad)


OPTIONS = [
    ("seed", -1), ("seed", "7"), ("seed", 2**63), ("variations", 0), ("variations", 65),
    ("best_of", 0), ("start", -1.0), ("start", float("nan")), ("end", float("inf")), ("fps", 0),
    ("fps", float("inf")), ("fps", 1e9), ("size", (1, 1)), ("size", (64, 4096)), ("size", "64x64"),
    ("steps", 0), ("steps", 2.5), ("guidance", -1), ("guidance", 99), ("energy", 0.0),
    ("energy", 2.0), ("energy", float("nan")), ("draft", 1.5), ("draft", -0.1), ("loop", "yes"),
    ("style", 3), ("post", ("polish",)), ("keyframes", ((-1.0, "average"),)),
    ("keyframes", ((1.0, "average"), (1.05, "average"))), ("confidence", "some"),
    ("keyframes", ((1.0, 5),)),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), OPTIONS)
def test_a_wrong_option_is_named(field, value, tiny_model, song):
    with pytest.raises(OptionError, match=field) as caught:
        DanceOptions(**{field: value})
    assert caught.value.hint
    with pytest.raises(OptionError, match=field):
        dance(song, model=tiny_model, **{field: value})


def test_options_that_contradict_each_other_and_unknown_ones(song, tiny_model):
    with pytest.raises(OptionError, match="variations and best_of"):
        DanceOptions(variations=2, best_of=2)
    with pytest.raises(OptionError, match="end is 1"):
        DanceOptions(start=2.0, end=1.0)
    with pytest.raises(OptionError, match="unknown option 'beat'"):
        dance(song, model=tiny_model, beat=True)
    with pytest.raises(InputError, match="too short"):
        dance(song, model=tiny_model, end=0.1)


def test_fields_change_a_request_that_is_there(song, tiny_model):
    asked = DanceOptions(seed=4, end=2.0)
    one = dance(song, model=tiny_model, options=asked, seed=5)
    two = dance(song, model=tiny_model, seed=5, end=2.0)
    np.testing.assert_array_equal(one.poses.keypoints, two.poses.keypoints)


def test_keyframes_loop_and_best_of_work_from_python(song, tiny_model):
    key = figure_pose("tall")
    made = dance(song, model=tiny_model, end=4.0, keyframes=[(2.0, key), (3.0, "square")])
    seen = made.poses.confidence[60] > 0
    np.testing.assert_allclose(made.poses.keypoints[60, seen], key.keypoints[0, seen], atol=1e-3)
    plain = dance(song, model=tiny_model, end=4.0)
    looped = dance(song, model=tiny_model, end=4.0, loop=True)
    np.testing.assert_array_equal(looped.poses.keypoints[:90], plain.poses.keypoints[:90])
    last, first = looped.poses.keypoints[-1, 1], looped.poses.keypoints[0, 1]
    assert np.abs(last - first).max() < np.abs(plain.poses.keypoints[-1, 1] - first).max()
    best = dance(song, model=tiny_model, end=4.0, best_of=3)
    assert best.variation in (0, 1, 2)
    with pytest.raises(OptionError, match="keyframes"):
        dance(song, model=tiny_model, end=4.0, keyframes=[(9.0, key)])


def test_nothing_runs_afterwards_where_nothing_is_asked_for(song, tiny_model):
    from hotfoot.generation.generator import load_generator

    model = load_generator(tiny_model)
    raw = []
    decode = model.decode
    model.decode = lambda *a: raw.append(decode(*a)) or raw[-1]
    made = dance(song, model=model, end=2.0, post=())
    expected = raw[0].xy[0, :60] * np.asarray(made.poses.canvas, np.float32)
    seen = raw[0].confidence[0, :60] > 0
    np.testing.assert_array_equal(made.poses.confidence, raw[0].confidence[0, :60])
    np.testing.assert_array_equal(made.poses.keypoints[seen], expected[seen])
    assert set(model.config.sampling.post) <= set(STEPS)


def test_samples_with_their_rate_are_a_song(song, tiny_model):
    made = compose(12.0, 120.0, seed=4, style="house")
    one = dance((made.samples, made.sample_rate), model=tiny_model, end=3.0)
    two = dance(song, model=tiny_model, end=3.0)
    assert len(one.poses) == len(two.poses) == 90
    assert np.abs(one.poses.keypoints - two.poses.keypoints).max() < 2
    for wrong in (3, None, made.samples, (made.samples,)):
        with pytest.raises(AudioError, match="song is given as"):
            dance(wrong, model=tiny_model)


def test_a_dance_knows_itself(song, tiny_model):
    made = dance(song, model=tiny_model, seed=3, start=2.0, end=6.0, energy=0.5)
    facts = made.metadata
    assert (facts.start_s, facts.end_s, facts.song) == (2.0, 6.0, song.name)
    assert (facts.seed, facts.energy, facts.model, facts.source_fps) == (3, 0.5, "tiny", 30.0)
    assert facts.options["start"] == 2.0
    assert len(facts.song_sha256) == 64
    assert facts.tempo_bpm == pytest.approx(120, abs=2)
    assert 0 <= facts.beats[0] < 1


def test_confidence_stays_a_value_where_it_is_asked_for(song):
    model = untrained_model()
    values = dance(song, model=model, end=2.0, confidence="values", post=())
    binary = dance(song, model=model, end=2.0, post=())
    assert set(np.unique(binary.poses.confidence)) <= {0.0, 1.0}
    between = (values.poses.confidence > 0) & (values.poses.confidence < 1)
    assert between.any()
    assert values.poses.confidence[between].min() >= model.config.codec.visible_above


@pytest.mark.parametrize("skeleton", ["coco-17", "body-hands-60"])
def test_other_skeletons_dance(skeleton, song, tmp_path):
    made = dance(song, model=untrained_model(skeleton, fps=24.0), end=2.0)
    assert (made.poses.skeleton, made.poses.fps, len(made.poses)) == (skeleton, 24.0, 48)
    made.save(tmp_path / "d.npz")
    made.save(tmp_path / "d.png")


def test_a_style_that_only_drafts_know_brings_a_draft():
    plain = untrained_model().config
    led = untrained_model(sampling=Sampling(steps=2, style_draft=0.7)).config
    asked = DanceOptions(style="disco")
    assert asked.draft_for(led) == 0.7
    assert DanceOptions(style="disco", draft=0.2).draft_for(led) == 0.2
    assert DanceOptions().draft_for(led) == 0.0
    with pytest.raises(OptionError, match="style is 'disco'"):
        asked.draft_for(plain)
    with pytest.raises(OptionError, match="style is 'polka'"):
        DanceOptions(style="polka").draft_for(led)


def test_references_and_keyframes_keep_what_the_models_skeleton_has(tmp_path):
    hands = figure_pose("tall", "body-hands-60")
    write_poses(hands, tmp_path / "me.npz")
    for source in ("tall", tmp_path / "me.npz", hands):
        pose, _ = take_reference(source, DanceOptions(), "body-hands-60")
        np.testing.assert_allclose(pose.keypoints, hands.keypoints)
        options = DanceOptions(keyframes=((1.0, source),))
        ((_, key),) = take_keyframes(options, 2.0, "body-hands-60")
        np.testing.assert_allclose(key.keypoints, hands.keypoints)
        assert take_reference(source, DanceOptions(), "body-18")[0].skeleton == "body-18"


def test_a_preset_that_a_file_cannot_follow_is_said(song, tiny_model, tmp_path):
    made = dance(song, model=tiny_model, end=1.5)
    assert made.save(tmp_path / "a.npz").warnings == ()
    (warning,) = made.save(tmp_path / "b.npz", preset="vace").warnings
    assert "b.npz" in warning
    assert "vace" in warning
