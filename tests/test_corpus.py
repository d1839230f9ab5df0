import json
from dataclasses import replace

import numpy as np
import pytest

from hotfoot.corpus.cameras import CLEAN, DETECTOR, film
from hotfoot.corpus.groove import Groove, bounce, scale_movement
from hotfoot.corpus.mocap import (
    BodyShape,
    MotionClip,
    facing,
    load_clips,
    mirrored,
    reshape_body,
    split_clips,
    turned_to_camera,
)
from hotfoot.corpus.pairing import motion_beats, play, warp_to_beats
from hotfoot.corpus.segments import PairedCorpus, draw_known
from hotfoot.errors import InputError
from hotfoot.music.audio import open_song
from hotfoot.music.features import loudness_level
from hotfoot.music.tokens import analyse_song

COCO = [
    "nose",
    "leye",
    "reye",
    "lear",
    "rear",
    "lsho",
    "rsho",
    "lelb",
    "relb",
    "lwri",
    "rwri",
    "lhip",
    "rhip",
    "lkne",
    "rkne",
    "lank",
    "rank",
]


def dancer(seconds=20.0, period=0.6, fps=30.0):
    """A person facing +z who sways with one stop of all joints every ``period`` seconds."""
    left = {"eye": (0.03, 1.62), "ear": (0.07, 1.6), "sho": (0.18, 1.4), "elb": (0.22, 1.12),
            "wri": (0.24, 0.88), "hip": (0.09, 0.92), "kne": (0.1, 0.5), "ank": (0.1, 0.08)}  # fmt: skip
    rest = np.zeros((17, 3), np.float32)
    for i, name in enumerate(COCO):
        if name == "nose":
            rest[i] = (0, 1.6, 0.12)
            continue
        x, y = left[name[1:]]
        rest[i] = (x if name[0] == "l" else -x, y, 0.04 if name[1:] == "eye" else 0)
    t = np.arange(int(seconds * fps)) / fps
    sway = np.sin(np.pi * t / period)  # turns around, hence stands still, every period
    joints = np.repeat(rest[None], len(t), 0)
    joints[:, :13, 0] += 0.15 * sway[:, None]
    joints[:, 9:11, 1] += 0.25 * sway[:, None]
    return MotionClip("sway", joints.astype(np.float32), fps, "sway", True, "made for tests")


def write_clips(folder, count=3):
    folder.mkdir()
    for i in range(count):
        clip = dancer(14.0, 0.5 + 0.05 * i)
        np.savez(folder / f"clip_{i}.npz", joints3d=clip.joints)
        facts = {"fps": 30, "style": "sway", "dance": 1, "credit": "tests"}
        (folder / f"clip_{i}.json").write_text(json.dumps(facts))


def test_clips_load_and_split_without_leaking(tmp_path):
    write_clips(tmp_path / "m")
    clips = load_clips(tmp_path / "m")
    assert [c.style for c in clips] == ["sway"] * 3
    names = [f"cmu__salsa_6{p}_{n:02d}" for p in (0, 1) for n in range(1, 16)]
    fakes = [MotionClip(n, clips[0].joints, 30, "", True, "") for n in names]
    train, held = split_clips(fakes)
    assert held
    takes = {c.name[-2:] for c in held}
    assert not takes & {c.name[-2:] for c in train}, "partners of a couple stay together"


def test_bad_clip_folders(tmp_path):
    with pytest.raises(InputError, match="no motion clips"):
        load_clips(tmp_path)
    np.savez(tmp_path / "x.npz", joints3d=np.zeros((5, 12, 3)))
    with pytest.raises(InputError, match=r"x\.npz"):
        load_clips(tmp_path)


def test_mirroring_and_facing():
    joints = dancer(2.0).joints
    np.testing.assert_allclose(mirrored(mirrored(joints)), joints)
    np.testing.assert_allclose(facing(joints), np.tile([0, 1], (60, 1)), atol=1e-6)


def bone(joints, a, b):
    return np.linalg.norm(joints[:, COCO.index(a)] - joints[:, COCO.index(b)], axis=-1)


def test_bodies_are_reshaped_bone_by_bone_and_stay_on_the_floor():
    joints = dancer(2.0).joints
    out = reshape_body(joints, BodyShape(legs=1.2, arms=0.8, shoulders=1.1))
    for a, b, factor in (("lhip", "lkne", 1.2), ("rkne", "rank", 1.2), ("lelb", "lwri", 0.8),
                         ("lsho", "rsho", 1.1), ("lhip", "rhip", 1.0)):  # fmt: skip
        np.testing.assert_allclose(bone(out, a, b) / bone(joints, a, b), factor, rtol=1e-4)
    ankle = COCO.index("lank")
    np.testing.assert_allclose(out[:, ankle, 1] / joints[:, ankle, 1], 1.2, rtol=1e-4)
    np.testing.assert_allclose(reshape_body(joints, BodyShape()), joints, atol=1e-5)


@pytest.mark.parametrize("style", [CLEAN, DETECTOR])
def test_films_show_people_inside_the_canvas(style):
    joints = dancer(10.0).joints
    rng = np.random.default_rng(0)
    shown = []
    for _ in range(60):
        f = film(joints, rng, style)
        seen = f.confidence > 0
        assert (f.xy[seen] >= 0).all()
        assert (f.xy[seen] <= 1).all()
        assert (f.xy[~seen] == 0).all()
        assert f.confidence.max() <= 1
        shown.append(seen.mean())
        if seen[0, 1] and seen[0, 9]:
            assert f.xy[0, 1, 1] < f.xy[0, 9, 1], "the neck is above the knee"
    assert np.mean(shown) > 0.75
    assert np.std(shown) > 0.01


def test_faces_turned_away_are_hidden():
    joints = dancer(4.0).joints
    rng = np.random.default_rng(1)
    nose, away = [], []
    for _ in range(80):
        f = film(joints, rng, CLEAN)
        both = (f.confidence[:, 2] > 0) & (f.confidence[:, 5] > 0)
        if not both.any():
            continue
        # From the front the person's right shoulder is on the picture's left.
        front = (f.xy[both, 5, 0] - f.xy[both, 2, 0]).mean() * f.aspect
        nose.append(f.confidence[:, 0].mean() > 0.5)
        away.append(front < -0.02)
    nose, away = np.array(nose), np.array(away)
    assert away.any()
    assert nose[~away].mean() > 0.8
    assert nose[away].mean() < 0.3


def test_the_beats_of_a_clip_are_its_stops():
    clip = dancer(20.0, period=0.6)
    beats = motion_beats(clip)
    truth = 0.3 + 0.6 * np.arange(33)  # cos(pi t / period) = 0
    gap = np.abs(beats[:, None] - truth[None]).min(axis=1)
    assert np.median(np.diff(beats)) == pytest.approx(0.6, abs=0.02)
    assert np.median(gap) < 0.03


@pytest.mark.parametrize("bpm", [84.0, 120.0, 150.0])
def test_warping_puts_stops_on_beats(bpm):
    clip = dancer(30.0, period=0.6)
    song = np.arange(0, 40, 60 / bpm)
    rng = np.random.default_rng(0)
    warp = warp_to_beats(motion_beats(clip), song, 5.0, 8.0, rng, 30.0)
    assert warp is not None
    times = 5.0 + np.arange(240) / 30
    clip_s = warp(times)
    rate = np.diff(clip_s) * 30
    assert rate.min() > 0.6
    assert rate.max() < 1.6
    joints = play(clip, clip_s)
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(axis=1)
    lows = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    lows = lows[speed[lows] < 0.4 * speed.mean()]
    stops = 5.0 + (lows + 0.5) / 30
    gap = np.abs(stops[:, None] - np.arange(0, 40, 30 / bpm)[None]).min(axis=1)
    assert len(stops) > 5
    assert np.median(gap) < 0.04


def test_tempi_too_far_apart_are_not_forced():
    beats = np.arange(0, 20, 0.6)
    assert warp_to_beats(beats, np.array([1.0, 2.0]), 0, 8, np.random.default_rng(0), 20) is None
    far = np.arange(0, 40, 3.5)
    assert warp_to_beats(beats, far, 0, 12, np.random.default_rng(0), 20) is None


def test_segments_are_drawn_alike_from_the_same_seed(song):
    corpus = PairedCorpus([dancer(20.0), dancer(16.0, 0.5)], [analyse_song(open_song(song))])
    a, b = (corpus.draw(np.random.default_rng([3, 1]), 128) for _ in range(2))
    np.testing.assert_array_equal(a.xy, b.xy)
    np.testing.assert_array_equal(a.music, b.music)
    assert a.xy.shape == (128, 18, 2)
    assert a.music.shape[0] == 16
    assert a.reference_xy.shape == (18, 2)
    c = corpus.draw(np.random.default_rng([3, 2]), 128)
    assert np.abs(c.xy - a.xy).max() > 0.01


def test_known_frames_are_none_or_sixteen_mostly():
    rng = np.random.default_rng(0)
    known = np.array([draw_known(rng, 256) for _ in range(4000)])
    assert (known == 0).mean() == pytest.approx(0.45, abs=0.03)
    assert (known == 16).mean() == pytest.approx(0.40, abs=0.03)
    assert known.max() < 64


def test_a_corpus_needs_songs_and_motion(song):
    with pytest.raises(InputError, match="no songs"):
        PairedCorpus([dancer()], [])
    with pytest.raises(InputError, match="6 seconds"):
        PairedCorpus([dancer(3.0)], [analyse_song(open_song(song))])


BONES = [(11, 13), (13, 15), (12, 14), (14, 16), (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (11, 12)]


def bones(joints):
    return np.stack([np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in BONES], 1)


def test_the_groove_is_lowest_on_the_beat_and_keeps_bones_and_ankles():
    joints = dancer().joints
    phase = np.arange(len(joints)) / 15.0
    made = bounce(joints, phase, np.ones(len(joints)), Groove())
    np.testing.assert_allclose(bones(made), bones(joints), atol=1e-4)
    np.testing.assert_allclose(made[:, [15, 16]], joints[:, [15, 16]], atol=1e-3)
    drop = (joints - made)[:, [11, 12], 1].mean(axis=1)
    np.testing.assert_allclose(drop[::15], 0.055, atol=1e-5)
    np.testing.assert_allclose(drop[7::15], 0, atol=0.002)
    knees = (made - joints)[::15, [13, 14], 2]
    assert (knees > 0.02).all(), "knees bend forwards"
    side = (made - joints)[:, [11, 12], 0].mean(axis=1)
    assert np.sign(side[0]) == -np.sign(side[15]), "hips change sides from beat to beat"


def test_no_groove_without_amplitude():
    joints = dancer().joints
    still = bounce(joints, np.arange(len(joints)) / 15.0, np.zeros(len(joints)), Groove())
    np.testing.assert_allclose(still, joints, atol=3e-2)  # straight limbs get a hint of a bend


def test_movement_is_scaled_about_a_calm_pose():
    joints = dancer().joints
    small = scale_movement(joints, np.full(len(joints), 0.5), 30.0)
    np.testing.assert_allclose(bones(small), bones(joints), atol=1e-4)
    speed = [np.abs(np.diff(j[:, 9], axis=0)).mean() for j in (joints, small)]
    assert 0.4 * speed[0] < speed[1] < 0.9 * speed[0]
    same = scale_movement(joints, np.ones(len(joints)), 30.0)
    np.testing.assert_allclose(same, joints, atol=1e-5)


def test_loudness_level_is_relative_to_the_song():
    level = loudness_level(np.r_[np.full(2000, -30.0), np.full(1000, -20.0)], 100)
    assert abs(level[500]) < 0.01
    assert level[2800] == pytest.approx(1, abs=0.01)
    assert np.isfinite(loudness_level(np.full(100, -np.inf), 100)).all()


def test_slow_turns_are_taken_back_and_spins_stay():
    joints = dancer(20.0).joints
    t = np.arange(len(joints)) / 30.0

    def turned(angle):
        c, s = np.cos(angle), np.sin(angle)
        x = joints[..., 0] * c[:, None] + joints[..., 2] * s[:, None]
        z = joints[..., 2] * c[:, None] - joints[..., 0] * s[:, None]
        return np.stack([x, joints[..., 1], z], -1).astype(np.float32)

    def wander(j):
        ahead = facing(j)
        return np.std(np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 1])))

    slow = turned(2 * np.pi * t / 20)
    assert wander(turned_to_camera(slow, 1.0, 30.0)) < 0.2 * wander(slow)
    np.testing.assert_allclose(bones(turned_to_camera(slow, 1.0, 30.0)), bones(slow), atol=1e-4)
    shake = turned(0.8 * np.sin(2 * np.pi * t * 1.5))
    assert wander(turned_to_camera(shake, 1.0, 30.0)) > 0.9 * wander(shake)


def test_a_dance_is_livelier_where_the_song_is_loud(song):
    from hotfoot.corpus.segments import answer_song

    analysis = analyse_song(open_song(song))
    level = np.repeat([-40.0, -15.0], [600, len(analysis.features.loudness_db) - 600])
    changed = replace(analysis, features=replace(analysis.features, loudness_db=level))
    joints = dancer(12.0).joints
    made = answer_song(
        joints, changed, np.arange(len(joints)) / 30.0, 1.0, np.random.default_rng(0)
    )
    speed = np.linalg.norm(np.diff(made, axis=0), axis=-1).mean(axis=1)
    assert speed[240:330].mean() > 1.3 * speed[30:120].mean()
