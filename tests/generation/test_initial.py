"""Drafts: the choreographer's dance on the reference's body, from which the network begins."""

import itertools
import json
from functools import partial

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.synchrony import measure_synchrony
from hotfoot.generation.generator import load_generator
from hotfoot.generation.initial import draft_dance
from hotfoot.generation.pipeline import dance
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.synthesis import compose
from hotfoot.pose.proportions import (
    bone_lengths,
    fit_to,
    girdle,
    girdle_lengths,
    limb_lengths,
    retargeted,
)
from hotfoot.pose.references import FIGURES, figure_pose, load_reference
from hotfoot.pose.sequence import PoseSequence

UNLOCKED = ("flicker", "smoothing", "loudness", "proportions")


@pytest.fixture(scope="module")
def song(tmp_path_factory):
    path = tmp_path_factory.mktemp("song") / "s.wav"
    compose(24.0, 116, seed=4).save(path)
    return path


@pytest.fixture(scope="module")
def analysis(song):
    return analyze_song(open_song(song))


def as_poses(made, reference, fps=30.0):
    xy, confidence = made[:2]
    return PoseSequence(xy * np.asarray(reference.canvas, "f4"), confidence, fps, reference.canvas)


@pytest.mark.parametrize("figure", sorted(FIGURES))
def test_a_draft_has_the_body_of_the_reference_and_stays_in_the_picture(analysis, figure):
    reference = load_reference(figure)
    made = draft_dance(analysis, 700, 30.0, reference, 1, "freestyle")
    poses = as_poses(made, reference)
    shown = reference.confidence[0] > 0
    assert (made[1][:, ~shown] == 0).all()
    body = [i for i in range(1, 14) if shown[i]]
    assert (made[1][:, body] > 0).mean() > 0.995
    assert np.isfinite(made[0]).all()
    longest = np.percentile(bone_lengths(poses.keypoints), 95, axis=0)
    ratio = longest / limb_lengths(reference)
    arms = [i for i in (2, 3, 4, 5) if i < len(ratio)]
    # Hands that would leave the picture stop at its edge, which shortens arms that fill it.
    assert np.abs(ratio[arms] - 1).max() < (0.25 if figure == "knees-up" else 0.08), ratio
    wide = np.percentile(girdle(poses.keypoints), 95, axis=0) / girdle_lengths(reference)
    assert np.abs(wide - 1).max() < 0.05, "trunk and hips are the reference's own"


def test_a_draft_is_on_the_beat_and_depends_on_the_seed_alone(analysis):
    reference = figure_pose("average")
    one, two = (draft_dance(analysis, 700, 30.0, reference, 5, "latin") for _ in range(2))
    np.testing.assert_array_equal(one[0], two[0])
    other = draft_dance(analysis, 700, 30.0, reference, 6, "latin")
    assert np.abs(one[0] - other[0]).max() > 0.02
    found = measure_synchrony(prepare(as_poses(one, reference)), analysis.rhythm.beats)
    assert found.alignment.corrected > 0.25
    assert found.alignment.p < 0.06, "a shift by whole beats is as good"


def test_long_drafts_are_made_in_blocks_without_a_join(analysis, monkeypatch):
    import hotfoot.generation.initial as draft

    reference = figure_pose("average")
    monkeypatch.setattr(draft, "_BLOCK", 250)
    pieces, _, _ = draft_dance(analysis, 700, 30.0, reference, 5, "latin")
    step = np.abs(np.diff(pieces, axis=0)).max(axis=(1, 2))
    joins = step[[249, 499]]
    assert joins.max() <= np.percentile(step, 99.5) + 1e-3


def test_a_retarget_that_is_learned_from_a_part_fits_the_whole():
    reference = figure_pose("tall")
    rng = np.random.default_rng(0)
    xy = figure_pose("average").keypoints + rng.normal(0, 8, (200, 18, 2)).astype("f4")
    poses = PoseSequence(xy, np.ones((200, 18), "f4"), 30.0, figure_pose("average").canvas)
    put = fit_to(poses.keypoints, reference)
    np.testing.assert_allclose(retargeted(poses, reference).keypoints, put(poses.keypoints))
    np.testing.assert_allclose(put(poses.keypoints)[50:60], put(poses.keypoints[50:60]), atol=1e-3)


def test_the_whole_draft_comes_through_the_vae(song, analysis):
    kept = dance(song, model="drafted", draft=1.0, end=12.0, post=UNLOCKED, seed=3)
    reference = figure_pose("average")
    assert kept.poses.confidence.mean() > 0.9
    found = measure_synchrony(prepare(kept.poses), kept.beats)
    assert found.alignment.corrected > 0.3
    free = dance(song, model="drafted", draft=0.0, end=12.0, post=UNLOCKED, seed=3, steps=4)
    half = dance(song, model="drafted", draft=0.5, end=12.0, post=UNLOCKED, seed=3, steps=4)

    def far(a, b):
        gap = np.linalg.norm(a.poses.keypoints - b.poses.keypoints, axis=-1)
        return float(np.median(gap)) / reference.canvas[1]

    assert far(kept, half) < 0.03 < far(kept, free)


def test_a_draft_for_a_network_of_framed_bodies_is_whole(song):
    """Such a network has never seen a body without its face, as one that faces away is drawn."""
    asked = {"draft": 1.0, "end": 12.0, "post": (), "seed": 3, "style": "disco"}
    drawn, whole = (dance(song, model=name, **asked).poses for name in ("drafted", "default"))
    hidden = drawn.confidence == 0
    assert hidden.any()
    assert (whole.confidence > 0).all()
    apart = np.linalg.norm(whole.keypoints - drawn.keypoints, axis=-1)[~hidden]
    assert np.percentile(apart, 90) < 0.01 * whole.canvas[1]


def test_what_begins_from_noise_is_smoothed_more(song, monkeypatch):
    import hotfoot.generation.postprocess as steps

    seconds = []
    monkeypatch.setattr(steps, "smoothed", lambda poses, s: (seconds.append(s), poses)[1])
    model = load_generator("drafted")
    own = model.config.sampling
    for draft in (1.0, None, 0.0):
        dance(song, model=model, end=1.0, draft=draft, steps=1)
    assert own.draft == 0.7
    assert seconds == [own.smoothing_draft_s, pytest.approx(0.035, abs=1e-4), own.smoothing_s]
    assert seconds == sorted(seconds)


def test_a_network_that_knows_styles_needs_no_draft_for_them(song, tiny_model, tmp_path, capsys):
    from_noise = partial(
        dance, song, model=load_generator("drafted"), end=4.0, steps=3, draft=0.0, post=UNLOCKED
    )
    made = {s: from_noise(style=s).poses.keypoints for s in (None, "latin", "breakdance")}
    np.testing.assert_array_equal(made["latin"], from_noise(style="latin").poses.keypoints)
    for a, b in itertools.combinations(made.values(), 2):
        assert np.abs(a - b).max() > 0.5
    out = str(tmp_path / "d.npz")
    arguments = ["dance", str(song), "--end", "4", "-o", out, "--model", str(tiny_model)]
    assert main([*arguments, "--style", "disco"]) == 2
    assert "knows no styles without a draft" in capsys.readouterr().err


def test_styles_and_drafts_on_the_command_line(song, tmp_path, capsys):
    arguments = ["dance", str(song), "--end", "4", "-o", str(tmp_path / "d.npz"), "--json",
                 "--model", "drafted"]  # fmt: skip
    assert main([*arguments, "--style", "disco"]) == 0
    made = json.loads(capsys.readouterr().out)["dances"][0]
    assert made["files"][0]["frames"] == 120
    for wrong, says in (
        (["--style", "polka"], "'polka' is not one of: freestyle"),
        (["--draft", "1.5"], "draft"),
        (["--draft", "0", "--style", "popping"], "style is 'popping'"),
        (["--energy", "9"], "energy"),
    ):
        assert main([*arguments, *wrong]) == 2
        assert says in capsys.readouterr().err


def test_a_dance_from_a_draft_names_its_moves(song):
    made = dance(song, model="drafted", end=12.0, steps=1, seed=2)
    phrases = made.metadata.choreography
    assert phrases
    assert phrases[0].start_s < 2 < phrases[-1].end_s
    assert all(p.moves and p.start_s < p.end_s <= 12.0 + 1e-6 for p in phrases)
    assert dance(song, model="drafted", end=4.0, steps=1, draft=0.0).metadata.choreography == ()
