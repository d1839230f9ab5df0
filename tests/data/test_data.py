import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.arrange import STYLES as DANCED
from hotfoot.cli.main import main
from hotfoot.data.bodies import (
    blend,
    bone_lengths,
    bone_vectors,
    facing,
    from_bones,
    mirrored,
    mix,
    reshape_body,
    turned_to_camera,
    with_lengths,
)
from hotfoot.data.cameras import CLEAN, DETECTOR, render_view
from hotfoot.data.groove import Groove, bounce, scale_movement
from hotfoot.data.mocap import MotionClip, load_clips, split_clips
from hotfoot.data.montage import make_montage, naturalness
from hotfoot.data.paired import PairedCorpus
from hotfoot.data.pairing import (
    RATE_LIMITS,
    TimeWarp,
    accent_envelope,
    fit_warp,
    kinematic_beats,
    make_bank,
    multiples,
    play,
)
from hotfoot.data.samples import draw_known
from hotfoot.data.songs import NamedSong
from hotfoot.data.styles import STYLES, style_index, style_of
from hotfoot.errors import InputError
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.features import loudness_level
from hotfoot.pose.camera import hidden_by_trunk, turned
from hotfoot.pose.formats import read_poses
from hotfoot.pose.references import BodyShape
from hotfoot.pose.resample import linear
from tests.helpers.clips import COCO, dancer, write_clips


def test_clips_load_and_split_without_leaking(tmp_path):
    write_clips(tmp_path / "m")
    clips = load_clips(tmp_path / "m")
    assert [c.style for c in clips] == ["sway"] * 6
    names = [f"cmu__salsa_6{p}_{n:02d}" for p in (0, 1) for n in range(1, 16)]
    fakes = [MotionClip(n, clips[0].joints, 30, "", True, "") for n in names]
    train, held = split_clips(fakes)
    assert held
    takes = {c.name[-2:] for c in held}
    assert not takes & {c.name[-2:] for c in train}, "partners of a couple stay together"


def test_clips_of_another_rate_keep_their_speed(tmp_path):
    slow = dancer(4.0, 0.6)
    at = np.linspace(0, len(slow.joints) - 1, 4 * (len(slow.joints) - 1) + 1)
    np.savez(tmp_path / "x.npz", joints3d=linear(slow.joints, at))
    (tmp_path / "x.json").write_text(json.dumps({"fps": 120}))
    (clip,) = load_clips(tmp_path)
    assert clip.fps == 30
    np.testing.assert_allclose(clip.joints, slow.joints, atol=1e-5)


def test_bad_clip_folders(tmp_path):
    with pytest.raises(InputError, match="no motion clips"):
        load_clips(tmp_path)
    (tmp_path / "x.npz").write_bytes(b"")
    with pytest.raises(InputError, match=r"x\.npz is not a motion clip"):
        load_clips(tmp_path)
    np.savez(tmp_path / "x.npz", joints3d=np.zeros((50, 17, 3)))
    whole = (tmp_path / "x.npz").read_bytes()
    (tmp_path / "x.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"x\.npz is not a motion clip"):
        load_clips(tmp_path)
    (tmp_path / "x.npz").write_bytes(whole)
    for text in ("{", "[1]", '{"fps": "fast"}', '{"fps": 0}'):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InputError, match=r"x\.json"):
            load_clips(tmp_path)
    (tmp_path / "x.json").unlink()
    np.savez(tmp_path / "x.npz", joints3d=np.zeros((0, 17, 3)))
    with pytest.raises(InputError, match="Two frames or more"):
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
def test_views_show_people_inside_the_canvas(style):
    joints = dancer(10.0).joints
    rng = np.random.default_rng(0)
    shown, upright = [], []
    for _ in range(60):
        f = render_view(joints, rng, style)
        seen = f.confidence > 0
        assert (f.xy[seen] >= 0).all()
        assert (f.xy[seen] <= 1).all()
        assert (f.xy[~seen] == 0).all()
        assert f.confidence.max() <= 1
        shown.append(seen.mean())
        upright += [f.xy[0, 1, 1] < f.xy[0, 9, 1]] * bool(seen[0, 1] and seen[0, 9])
    assert len(upright) > 30
    assert all(upright), "the neck is above the knee"
    assert np.mean(shown) > 0.75
    assert np.std(shown) > 0.01


def test_faces_turned_away_are_hidden():
    joints = dancer(4.0).joints
    rng = np.random.default_rng(1)
    nose, away = [], []
    for _ in range(80):
        f = render_view(joints, rng, CLEAN)
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
    found = kinematic_beats(clip)
    truth = 0.3 + 0.6 * np.arange(33)  # cos(pi t / period) = 0
    gap = np.abs(found.times[:, None] - truth[None]).min(axis=1)
    assert np.median(np.diff(found.times)) == pytest.approx(0.6, abs=0.02)
    assert np.median(gap) < 0.03
    assert found.confidence.mean() > 0.9
    assert found.rhythm > 0.9


def test_beats_without_accents_are_unsure():
    clip = dancer(20.0, period=0.6)
    rng = np.random.default_rng(0)
    steps = gaussian_filter1d(rng.normal(0, 1, (600, 17, 3)), 3, axis=0)
    aimless = replace(clip, joints=(clip.joints[:1] + 0.3 * steps).astype(np.float32))
    found = kinematic_beats(aimless)
    assert found.rhythm < 0.6 * kinematic_beats(clip).rhythm
    still = replace(clip, joints=np.repeat(clip.joints[:1], 600, axis=0))
    assert len(kinematic_beats(still).times) == 0


@pytest.mark.parametrize("bpm", [84.0, 120.0, 150.0])
def test_warping_puts_stops_on_beats(bpm):
    clip = dancer(30.0, period=0.6)
    beats = kinematic_beats(clip)
    song = np.arange(5, 13, 60 / bpm)
    per_beat, _ = multiples(beats.times, song)[0]
    grid = np.interp(np.arange(0, len(song) - 1, per_beat), np.arange(len(song)), song)
    warp = fit_warp(beats.times[: len(grid)], beats.confidence[: len(grid)], grid)
    times = 5.0 + np.arange(210) / 30
    rate = np.diff(warp(times)) * 30
    assert rate.min() >= RATE_LIMITS[0] - 1e-6
    assert rate.max() <= RATE_LIMITS[1] + 1e-6
    joints = play(clip, warp(times))
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).mean(axis=1)
    lows = np.flatnonzero((speed[1:-1] < speed[:-2]) & (speed[1:-1] <= speed[2:])) + 1
    lows = lows[speed[lows] < 0.4 * speed.mean()]
    stops = 5.0 + (lows + 0.5) / 30
    assert len(stops) > 5
    assert np.median(np.abs(stops[:, None] - grid[None]).min(axis=1)) < 0.04


@given(
    st.lists(st.floats(0.3, 0.9), min_size=4, max_size=24),
    st.floats(0.35, 0.8),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_warps_are_smooth_monotone_and_bounded(gaps, period, seed):
    clip = np.cumsum(gaps)
    confidence = np.random.default_rng(seed).uniform(0, 1, len(clip))
    warp = fit_warp(clip, confidence, 3 + period * np.arange(len(clip)))
    times = np.linspace(0, 6 + period * len(clip), 2000)
    rate = np.diff(warp(times)) / np.diff(times)
    assert rate.min() >= RATE_LIMITS[0] - 1e-6
    assert rate.max() <= RATE_LIMITS[1] + 1e-6
    np.testing.assert_allclose(warp(warp.song_s), warp.clip_s, atol=1e-9)


def test_sure_beats_are_met_and_unsure_ones_are_not_followed():
    song = 0.5 * np.arange(12)
    clip = song.copy()
    clip[5] += 0.12
    followed = fit_warp(clip, np.ones(12), song)
    ignored = fit_warp(clip, np.where(np.arange(12) == 5, 0.0, 1.0), song)
    assert abs(ignored.late_s[5]) > 2 * abs(followed.late_s[5])
    assert np.ptp(ignored.rate) < 0.5 * np.ptp(followed.rate)


def test_a_warp_goes_on_at_its_own_rate_beyond_its_ends():
    warp = TimeWarp(np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.array([0.8, 1.2]), np.zeros(2))
    np.testing.assert_allclose(warp(np.array([0.0, 1.0, 1.5, 2.0, 3.0])), [-0.8, 0, 0.45, 1, 2.2])


def test_multiples_keep_the_rate_natural_and_thirds_come_last():
    beats = np.arange(0, 20, 0.6)
    assert multiples(beats, np.arange(0, 40, 3.5)) == []
    assert [m for m, _ in multiples(beats, np.arange(0, 20, 0.6))] == [1.0]
    assert [m for m, _ in multiples(beats, np.arange(0, 20, 0.3))] == [2.0]
    assert [m for m, _ in multiples(beats, np.arange(0, 20, 0.46))] == [1.0, 1.5]
    assert [m for m, _ in multiples(beats, np.arange(0, 20, 0.4))] == [1.5]
    assert [m for m, _ in multiples(beats, np.arange(0, 20, 0.9))] == [2 / 3]


def steady_song(seconds, period):
    analysis = SimpleNamespace(
        rhythm=SimpleNamespace(
            beats=np.arange(0.2, seconds, period), downbeats=np.arange(0.2, seconds, 4 * period)
        ),
        features=SimpleNamespace(
            loudness_db=np.full(int(seconds * 100), -20.0, np.float32), duration_s=seconds
        ),
    )
    return analysis


def test_a_montage_is_minutes_of_clips_on_the_beat():
    clips = [replace(dancer(14.0 + i, 0.5 + 0.05 * i), name=f"c{i}") for i in range(4)]
    song = steady_song(90.0, 0.55)
    times = np.arange(2700) / 30
    made = make_montage(make_bank(clips), song, times, np.random.default_rng(0), mixing=0.0)
    assert made.joints.shape == (2700, 17, 3)
    downbeats = song.rhythm.downbeats
    for part in made.parts[1:]:
        assert np.abs(downbeats - part.start_s).min() < 1e-3, "parts begin with a bar"
        assert RATE_LIMITS[0] - 1e-3 <= part.slowest <= part.fastest <= RATE_LIMITS[1] + 1e-3
        assert part.late_s < 0.09
    assert made.parts[0].start_s <= 0
    assert made.parts[-1].end_s > 85
    ends = [p.end_s for p in made.parts[:-1]]
    assert ends == [p.start_s for p in made.parts[1:]]
    step = np.linalg.norm(np.diff(made.joints, axis=0), axis=-1)
    usual = np.linalg.norm(np.diff(clips[0].joints, axis=0), axis=-1)
    assert step.max() < 2 * usual.max(), "no jump where clips meet"
    lengths = np.linalg.norm(bone_vectors(made.joints), axis=-1)[:, :10]
    assert np.ptp(lengths, axis=0).max() < 2e-3, "bones of trunk and head keep their length"
    accents = accent_envelope(made.joints, 30.0)
    beat = accents[np.round(song.rhythm.beats * 120).astype(int)[2:-4]].mean()
    between = accents[np.round((song.rhythm.beats + 0.275) * 120).astype(int)[2:-4]].mean()
    assert beat > 4 * between
    report = naturalness(made.parts)
    assert report["parts"] == len(made.parts) == len(report["each"])
    assert report["clips"] > 1


def test_a_montage_is_the_same_for_the_same_seed_and_may_mix_bodies():
    clips = [replace(dancer(14.0 + i, 0.55), name=f"c{i}") for i in range(4)]
    song, times, bank = steady_song(40.0, 0.55), np.arange(900) / 30, make_bank(clips)

    def made(seed, mixing):
        return make_montage(bank, song, times, np.random.default_rng(seed), mixing=mixing)

    np.testing.assert_array_equal(made(1, 0.5).joints, made(1, 0.5).joints)
    assert any(p.upper for p in made(1, 1.0).parts)
    assert not any(p.upper for p in made(1, 0.0).parts)


def test_a_montage_goes_on_after_a_short_song():
    clips = [replace(dancer(14.0 + i, 0.55), name=f"c{i}") for i in range(3)]
    made = make_montage(
        make_bank(clips), steady_song(6.0, 0.55), np.arange(900) / 30, np.random.default_rng(0)
    )
    assert np.ptp(made.joints[:, 0, 1]) < 0.5, "nobody falls to nothing"
    assert (made.joints[:, 0, 1] > 1).all()


def test_a_montage_needs_a_clip_that_fits():
    bank = make_bank([dancer(14.0, 0.6)])
    assert (
        make_montage(bank, steady_song(40, 3.5), np.arange(90) / 30, np.random.default_rng(0))
        is None
    )


def test_bodies_are_their_bones():
    joints = dancer(4.0).joints
    pelvis = joints[:, 11:13].mean(axis=1)
    np.testing.assert_allclose(from_bones(pelvis, bone_vectors(joints)), joints, atol=1e-6)
    away = turned(joints, 1.1)
    np.testing.assert_allclose(
        np.linalg.norm(away, axis=-1), np.linalg.norm(joints, axis=-1), rtol=1e-5
    )
    np.testing.assert_allclose(turned(away, -1.1), joints, atol=1e-5)
    ahead = [np.arctan2(*facing(j)[0]) for j in (joints, away)]
    assert ahead[1] - ahead[0] == pytest.approx(1.1, abs=1e-4)
    grown = reshape_body(joints, BodyShape(legs=1.2))
    np.testing.assert_allclose(with_lengths(grown, bone_lengths(grown)), grown, atol=1e-5)


def test_blending_keeps_both_ends_and_does_not_shrink_bones():
    one, other = dancer(4.0).joints, turned(dancer(4.0, 0.5).joints, 0.8)
    share = np.linspace(0, 1, len(one))
    between = blend(one, other, share)
    np.testing.assert_allclose(between[0], one[0], atol=1e-5)
    np.testing.assert_allclose(between[-1], other[-1], atol=1e-5)
    a, b, c = (np.linalg.norm(bone_vectors(j), axis=-1) for j in (one, other, between))
    assert (c > np.minimum(a, b) - 1e-4).all()
    assert (c < np.maximum(a, b) + 1e-4).all()


def test_mixed_bodies_have_these_legs_and_those_arms():
    lower, upper = dancer(4.0).joints, turned(dancer(4.0, 0.5).joints, 2.0) + np.float32(1)
    both = mix(lower, upper)
    legs = [11, 12, 13, 14, 15, 16]
    np.testing.assert_allclose(both[:, legs], lower[:, legs], atol=1e-5)
    lengths = [np.linalg.norm(bone_vectors(j), axis=-1) for j in (both, upper)]
    np.testing.assert_allclose(lengths[0][:, 5:10], lengths[1][:, 5:10], atol=1e-4)
    np.testing.assert_allclose(facing(both), facing(lower), atol=0.35)
    own = mix(lower, turned(lower, 1.0))
    np.testing.assert_allclose(own, lower, atol=1e-4)


def test_names_of_styles():
    assert style_of("salsa (couple; 60_nn and 61_nn are partners)") == "latin"
    assert style_of("breakdance: fancy footwork") == "breakdance"
    assert style_of("modern dance / ballet") == "lyrical"
    assert style_of("ballet jazz") == style_of("JazzWalk") == "jazz"
    assert style_of("LongDance") == style_of("free movement (suit)") == "freestyle"
    assert style_of("StretchDance") == "lyrical"
    assert style_of("walk (dancer)") == ""
    assert style_of("middle hip-hop") == "hip-hop"
    assert (
        style_of("karate") == style_of("clockwork") == style_of("warehouse") == style_of("") == ""
    )
    assert {style_of(s) for s in STYLES} <= set(STYLES)
    assert all(style_of(s) == s for s in DANCED)
    assert style_index("Salsa", ("jazz", "latin")) == 2
    assert style_index("karate", ("jazz", "latin")) == 0


def test_detectors_mistake_sides_and_doubt_what_is_quick_or_hidden():
    joints = dancer(20.0).joints
    rng = np.random.default_rng(0)
    nothing = replace(CLEAN, close_up=0.0, moving=0.0)
    swapped = render_view(joints, np.random.default_rng(3), replace(nothing, swaps=1.0))
    plain = render_view(joints, np.random.default_rng(3), nothing)
    apart = np.linalg.norm(swapped.xy - plain.xy, axis=-1).max(axis=1) > 0.02
    assert 0 < apart.mean() < 0.1
    doubts = render_view(joints, rng, replace(nothing, faint=1.0))
    speed = np.linalg.norm(np.gradient(doubts.xy, axis=0), axis=-1)
    seen = doubts.confidence > 0
    quick = speed > np.percentile(speed[seen], 95)
    slow = speed < np.percentile(speed[seen], 50)
    assert doubts.confidence[seen & quick].mean() < doubts.confidence[seen & slow].mean()


def test_the_trunk_hides_hands_behind_the_back_only():
    joints = dancer(1.0).joints.copy()
    wrist = COCO.index("lwri")
    joints[:, wrist] = (0.0, 1.15, 0.25)
    assert not hidden_by_trunk(joints)[:, wrist].any()
    joints[:, wrist] = (0.0, 1.15, -0.25)
    assert hidden_by_trunk(joints)[:, wrist].all()
    joints[:, wrist] = (0.6, 1.15, -0.25)
    assert not hidden_by_trunk(joints)[:, wrist].any()
    profile = turned(dancer(1.0).joints, np.pi / 2)
    hidden = hidden_by_trunk(profile)[0]
    assert hidden[[COCO.index("lsho"), COCO.index("rsho")]].sum() == 1


def test_cameras_zoom_and_pan():
    joints = dancer(20.0).joints
    still = replace(CLEAN, close_up=0.0, moving=0.0, roll_deg=0.0)

    def views(style):
        return [render_view(joints, np.random.default_rng(seed), style).xy for seed in range(12)]

    def breathing(style):
        trunks = [np.linalg.norm(x[:, 1] - (x[:, 8] + x[:, 11]) / 2, axis=-1) for x in views(style)]
        return np.median([np.ptp(w) / w.mean() for w in trunks])

    def wandering(style):
        return np.median([np.ptp(x[:, 1], axis=0).max() for x in views(style)])

    assert breathing(replace(still, zooms=1.0)) > 2 * breathing(still)
    assert wandering(replace(still, pans=1.0)) > 1.2 * wandering(still)


def test_samples_are_drawn_alike_from_the_same_seed(song):
    corpus = PairedCorpus(
        [dancer(20.0), dancer(16.0, 0.5)], [NamedSong("s", analyze_song(open_song(song)))]
    )
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
        PairedCorpus([dancer(3.0)], [NamedSong("s", analyze_song(open_song(song)))])


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
    level = loudness_level(np.r_[np.full(2000, -30.0), np.full(1000, -20.0)])
    assert abs(level[500]) < 0.01
    assert level[2800] == pytest.approx(1, abs=0.01)
    assert np.isfinite(loudness_level(np.full(100, -np.inf))).all()


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
    from hotfoot.data.paired import answer_song

    analysis = analyze_song(open_song(song))
    level = np.repeat([-40.0, -15.0], [600, len(analysis.features.loudness_db) - 600])
    changed = replace(analysis, features=replace(analysis.features, loudness_db=level))
    joints = dancer(12.0).joints
    made = answer_song(
        joints, changed, np.arange(len(joints)) / 30.0, 1.0, np.random.default_rng(0), 30.0
    )
    speed = np.linalg.norm(np.diff(made, axis=0), axis=-1).mean(axis=1)
    assert speed[240:330].mean() > 1.3 * speed[30:120].mean()


def test_the_command_that_pairs_clips_with_a_song(tmp_path, song, capsys):
    write_clips(tmp_path / "m", 6)
    out = tmp_path / "p.npz"
    report = tmp_path / "r.json"
    options = ["--motion", str(tmp_path / "m"), "-o", str(out), "--report", str(report), "--json"]
    assert main(["corpus", "pair", str(song), *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(read_poses(out)) == found["frames"] == 360
    each = json.loads(report.read_text())["each"]
    assert len(each) == found["parts"]
    assert each[0]["clip"].startswith("c")
    for wrong in (["--mixing", "2"], ["--seed", "-1"], ["--report", str(song)]):
        assert main(["corpus", "pair", str(song), *options, *wrong]) == 2
