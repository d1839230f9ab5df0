"""The procedural dancer: moves, arrangement, and a body that holds together."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from hotfoot.choreography.arrange import STYLES, Score, arrange, steady_beats
from hotfoot.choreography.body import (
    ANKLE_HEIGHT,
    CHANNELS,
    FOREARM,
    HIP_WIDTH,
    INDEX,
    SHIN,
    SHOULDER_WIDTH,
    THIGH,
    UPPER_ARM,
    center_of_mass,
    neutral,
)
from hotfoot.choreography.dynamics import _SIZES, _measured, _speeds, choreograph
from hotfoot.choreography.moves import FAMILIES, LIBRARY, find, mirrored
from hotfoot.choreography.perform import Dancer, cycle, perform, random_dancer
from hotfoot.cli.main import main
from hotfoot.data.films import choreographed
from hotfoot.errors import OptionError
from hotfoot.evaluation.motion import prepare
from hotfoot.evaluation.response import measure_response
from hotfoot.evaluation.synchrony import measure_synchrony
from hotfoot.music.analysis import SongAnalysis, analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.features import FEATURE_RATE
from hotfoot.music.structure import MusicPhrase, recurrences
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import read_poses
from hotfoot.pose.skeletons import get_skeleton

COCO = get_skeleton("coco-17").index
STIFF = Dancer(looseness=0.0)


def song(folder, bpm, seconds=48.0, seed=0, sections=3):
    path = folder / f"{bpm}-{seed}-{seconds}-{sections}.wav"
    if not path.exists():
        compose(seconds, bpm, seed=seed, sections=sections).save(path)
    return analyze_song(open_song(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("songs")


def alone(move, seconds=8.0, period=0.5, dancer=STIFF, pace=1.0, fps=60.0):
    """A move by itself, over and over, on regular beats."""
    beats = np.arange(0, 60) * period
    score = Score(beats, (cycle(move, pace=pace, beats=59),), "none")
    times = 2 * period + np.arange(round(seconds * fps)) / fps
    return perform(score, times, dancer, fps), times


def test_there_are_forty_moves_in_every_family():
    assert len(LIBRARY) >= 40
    assert len({m.name for m in LIBRARY}) == len(LIBRARY)
    for family in FAMILIES:
        assert sum(m.family == family for m in LIBRARY) >= 5, family


@pytest.mark.parametrize("move", LIBRARY, ids=lambda m: m.name)
def test_a_move_is_danced_by_a_body_in_one_piece(move):
    joints, _ = alone(move)
    assert np.isfinite(joints).all()

    def length(a, b):
        return np.linalg.norm(joints[:, COCO[a]] - joints[:, COCO[b]], axis=1)

    for side in ("left", "right"):
        np.testing.assert_allclose(length(f"{side}_hip", f"{side}_knee"), THIGH, atol=2e-3)
        np.testing.assert_allclose(length(f"{side}_knee", f"{side}_ankle"), SHIN, atol=2e-3)
        np.testing.assert_allclose(
            length(f"{side}_shoulder", f"{side}_elbow"), UPPER_ARM, atol=2e-3
        )
        np.testing.assert_allclose(length(f"{side}_elbow", f"{side}_wrist"), FOREARM, atol=2e-3)
    np.testing.assert_allclose(length("left_hip", "right_hip"), HIP_WIDTH, atol=1e-4)
    assert np.abs(length("left_shoulder", "right_shoulder") - SHOULDER_WIDTH).max() < 0.02
    ankles = joints[:, [COCO["left_ankle"], COCO["right_ankle"]]]
    assert ankles[..., 1].min() > ANKLE_HEIGHT - 0.01, "through the floor"
    assert joints[:, COCO["nose"], 1].min() > 0.6
    speed = np.linalg.norm(np.diff(joints, axis=0), axis=-1).max() * 60
    assert speed < 9.0, "faster than people"


@pytest.mark.parametrize("move", LIBRARY, ids=lambda m: m.name)
def test_one_foot_stands_still_unless_both_are_in_the_air(move):
    joints, _ = alone(move)
    ankles = joints[:, [COCO["left_ankle"], COCO["right_ankle"]]]
    speed = np.linalg.norm(np.diff(ankles[..., [0, 2]], axis=0), axis=-1) * 60
    low = ankles[1:, :, 1] < ANKLE_HEIGHT + 0.012
    standing = np.where(low, speed, np.inf).min(axis=1)
    on_floor = low.any(axis=1)
    jumps = move.keys[:, INDEX["hop"]].any()
    assert on_floor.mean() > (0.25 if jumps else 0.6)
    share = (standing[on_floor] < 0.08).mean()
    assert share > (0.6 if move.slides else 0.85), share


@pytest.mark.parametrize("name", ["rock", "clap", "chest pop", "knee up", "lunge", "punches"])
def test_moves_rest_on_their_counts(name):
    joints, times = alone(find(name), seconds=12.0)
    speed = np.linalg.norm(np.gradient(joints, axis=0), axis=-1).mean(axis=1) * 60
    phase = (times / 0.5) % 1
    near = np.minimum(phase, 1 - phase) < 0.06
    between = np.abs(phase - 0.5) < 0.15
    assert speed[near].mean() < 0.5 * speed[between].mean()


def test_the_other_side_is_the_mirror_image():
    rest = neutral()
    np.testing.assert_array_equal(mirrored(rest), rest)
    keys = find("disco point").keys
    np.testing.assert_allclose(mirrored(mirrored(keys)), keys)
    turned = mirrored(keys)
    assert turned[0, INDEX["ly"]] == keys[0, INDEX["ry"]]
    assert turned[0, INDEX["look"]] == -keys[0, INDEX["look"]]
    assert len(CHANNELS) == keys.shape[1]


def test_a_spin_goes_round_and_stays_round():
    joints, _ = alone(find("spin"), seconds=6.0)
    across = joints[:, COCO["left_hip"]] - joints[:, COCO["right_hip"]]
    yaw = np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))
    assert np.ptp(yaw) > 4 * np.pi - 1, "three turns in six seconds, never taken back"
    assert (np.diff(yaw) * np.sign(yaw[-1] - yaw[0]) > -0.05).all()


@pytest.mark.parametrize("bpm", [66, 96, 128, 176])
def test_a_song_is_danced_on_its_beats_at_its_tempo(folder, bpm):
    analysis = song(folder, bpm)
    poses, _ = choreographed(analysis, 1, "freestyle")
    assert len(poses) == round(analysis.features.duration_s * 30)
    motion = prepare(poses)
    found = measure_synchrony(motion, analysis.rhythm.beats)
    assert found.f1.corrected > 0.5
    assert found.f1.p < 0.05
    # Slow songs are danced in double time: half a beat later every count lies on a count again.
    count = 60 / bpm / (2 if bpm < 77 else 1)
    assert abs((found.lag_s + count / 2) % count - count / 2) < 0.06
    assert (poses.confidence > 0).mean() > 0.9


def test_the_rate_of_movement_follows_a_stretched_song(folder):
    analysis = song(folder, 110)
    rates = []
    for rate in (0.85, 1.0, 1.2):
        score = arrange(analysis, 2, "latin", rate)
        times = np.arange(round(40 / rate * 30)) / 30
        joints = perform(score, times, STIFF)
        flat = joints[:, :, :2] * np.array([300, -300]) + np.array([400, 700])
        poses, _ = choreographed(analysis, 2, "latin")
        from dataclasses import replace

        from hotfoot.pose.skeletons import convert_keypoints

        xy, seen = convert_keypoints(
            flat.astype("f4"), np.ones(flat.shape[:2], "f4"), "coco-17", "body-18"
        )
        moved = prepare(replace(poses, keypoints=xy, confidence=seen, canvas=(800, 800)))
        level = np.zeros(10, "f4")
        found = measure_response(
            moved, 110 * rate, level, FEATURE_RATE, np.zeros(1), np.zeros((10, 4), "f4")
        )
        rates.append(found.rate_bpm / rate)
    assert np.ptp(np.log2(rates)) < 0.05


def test_phrases_cover_the_song(folder):
    analysis = song(folder, 120, seconds=70.0, sections=2)
    score = arrange(analysis, 5)
    at = 0
    for phrase in score.phrases:
        assert phrase.start == at
        assert 0 < phrase.beats <= 8
        at += phrase.beats
        assert phrase.upper is None or phrase.upper.family == "arms"
    assert at == len(score.beats)
    assert score.beats[0] <= 0 <= analysis.features.duration_s <= score.beats[-1]
    words = [p.lower.name for p in score.phrases if p.lower.family != "pose"]
    for first in range(len(words) - 8):
        assert len(set(words[first : first + 8])) > 2, "it is not the same for long"
    again = arrange(analysis, 5)
    assert [p.lower.name for p in again.phrases] == [p.lower.name for p in score.phrases]
    other = arrange(analysis, 6)
    assert [p.lower.name for p in other.phrases] != [p.lower.name for p in score.phrases]


def twice(analysis):
    """A song that is played again from its beginning."""
    features, rhythm = analysis.features, analysis.rhythm
    beats, period = rhythm.beats, float(np.median(np.diff(rhythm.beats)))
    bars = len(beats) // 4 * 4
    shift = round(bars * period * FEATURE_RATE) / FEATURE_RATE
    rows = slice(0, round(shift * FEATURE_RATE))

    def again(x):
        return np.concatenate([x[rows], x[rows]])

    return replace(
        analysis,
        features=replace(
            features, mel=again(features.mel), chroma=again(features.chroma),
            loudness_db=again(features.loudness_db), duration_s=2 * shift,
        ),
        rhythm=replace(
            rhythm, beats=np.concatenate([beats[:bars], beats[:bars] + shift]),
            downbeats=np.concatenate([rhythm.downbeats, rhythm.downbeats + shift]),
            onset_strength=again(rhythm.onset_strength), sections=np.array([0.0, shift]),
        ),
    )  # fmt: skip


def test_what_is_heard_again_is_danced_again(folder):
    once = song(folder, 120, seconds=34.0, sections=2)
    both = twice(once)
    for seed in range(4):
        danced = {}
        repeated = 0
        for phrase in arrange(both, seed).phrases:
            if phrase.lower.family == "pose" or phrase.beats < 8:
                continue
            move = (phrase.lower, phrase.upper, phrase.flip)
            repeated += phrase.label in danced
            assert danced.setdefault(phrase.label, move) == move
        assert repeated >= 4
    labels = [p.label for p in arrange(once, 0).phrases if p.lower.family != "pose"]
    assert len(set(labels)) >= len(labels) - 1, "without repeats nothing repeats"


def test_recurrences_of_known_harmonies():
    """A, B, A, silence, C in five sections: only the second A repeats."""
    rng = np.random.default_rng(0)
    a, b, c = (rng.random((800, 12)).astype("f4") for _ in range(3))
    chroma = np.concatenate([a, b, a + 0.02 * rng.random((800, 12)), np.full((800, 12), 0.5), c])
    features = SimpleNamespace(chroma=chroma.astype("f4"))
    beats = np.arange(0, 40.5, 0.5)
    spans = [MusicPhrase(8 * i, 8, i // 2) for i in range(10)]
    assert recurrences(features, beats, spans) == [0, 1, 2, 3, 0, 1, 6, 7, 8, 9]
    assert recurrences(features, beats[:3], [MusicPhrase(0, 3, 0)]) == [0]


@pytest.mark.parametrize("name", ["lunge freeze", "touch the floor", "step touch", "point high"])
def test_the_center_of_mass_stays_over_the_feet(name):
    joints, _ = alone(find(name), dancer=STIFF)
    center = center_of_mass(joints)
    slow = gaussian_filter1d(center, 12, axis=0)[:, [0, 2]]
    ankles = joints[:, [COCO["left_ankle"], COCO["right_ankle"]]][:, :, [0, 2]]
    low, high = ankles.min(axis=1) - 0.08, ankles.max(axis=1) + np.array([0.08, 0.2])
    outside = np.maximum(low - slow, 0) + np.maximum(slow - high, 0)
    assert outside.max() < 0.06


def test_the_center_of_mass_of_somebody_who_stands_is_in_the_belly():
    joints, _ = alone(find("bounce"), seconds=1.0)
    x, y, z = center_of_mass(joints).mean(axis=0)
    assert abs(x) < 0.02
    assert 0.85 < y < 1.1
    assert abs(z) < 0.08
    assert np.allclose(
        center_of_mass(joints + np.float32(1)) - center_of_mass(joints), 1, atol=1e-5
    )


def test_single_onsets_that_stand_out_get_an_accent(folder):
    analysis = song(folder, 100)
    onsets = analysis.rhythm.onset_strength.copy()
    onsets[1985:1998] = 5 * np.hanning(13)
    loud = SongAnalysis(analysis.features, replace(analysis.rhythm, onset_strength=onsets))
    score = arrange(loud, 0)
    times = np.interp([a for a, _ in score.accents], np.arange(len(score.beats)), score.beats)
    at = int(np.abs(times - 19.91).argmin())
    assert times[at] == pytest.approx(19.91, abs=0.02)
    without = replace(score, accents=tuple(a for i, a in enumerate(score.accents) if i != at))
    seconds = 18 + np.arange(120) / 30
    apart = np.abs(perform(score, seconds, STIFF) - perform(without, seconds, STIFF))
    hit = apart.max(axis=(1, 2))
    assert 0.03 < hit.max() < 0.3
    assert abs(seconds[hit.argmax()] - 19.91) < 0.1
    assert hit[:20].max() < 1e-6
    assert hit[-30:].max() < 0.005


def test_the_dancer_freezes_where_the_music_breaks_off(folder):
    analysis = song(folder, 120)
    beats = steady_beats(analysis)
    first = int(np.searchsorted(beats, 20.0))
    level = analysis.features.loudness_db.copy()
    level[int(beats[first] * 100) : int(beats[first + 4] * 100)] -= 40
    broken = SongAnalysis(replace(analysis.features, loudness_db=level), analysis.rhythm)
    score = arrange(broken, 0)
    held = [p for p in score.phrases if p.start <= first < p.start + p.beats]
    assert [p.lower.family for p in held] == ["pose"]
    assert held[0].start + held[0].beats == first + 4
    starts = [p.start for p in score.phrases]
    ends = [p.start + p.beats for p in score.phrases]
    assert starts[1:] == ends[:-1], "phrases still follow each other without gaps"


def test_counts_last_what_legs_can_do(folder):
    for bpm in (64, 100, 140, 184):
        score = arrange(song(folder, bpm), 0)
        period = float(np.median(np.diff(score.beats)))
        for phrase in score.phrases:
            assert 0.3 < period * phrase.pace < 1.25 or phrase.lower.family == "pose"


def test_styles_weigh_families(folder):
    analysis = song(folder, 120, seconds=70.0)

    def share(style, family):
        phrases = [p for s in range(30) for p in arrange(analysis, s, style).phrases]
        return np.mean([p.lower.family == family for p in phrases])

    assert share("jumpstyle", "kick") > 1.5 * share("latin", "kick")
    assert share("latin", "step") > 1.5 * share("hip-hop", "step")
    assert set(STYLES["latin"]) == set(FAMILIES)
    with pytest.raises(OptionError, match="unknown style"):
        arrange(analysis, 0, "polka")


def test_a_song_without_beats_is_danced_all_the_same(folder):
    from dataclasses import replace

    analysis = song(folder, 96)
    quiet = replace(
        analysis,
        rhythm=replace(analysis.rhythm, beats=np.zeros(0), downbeats=np.zeros(0), tempo_bpm=0.0),
    )
    poses, score = choreographed(quiet, 0, "lyrical")
    assert np.isfinite(poses.keypoints).all()
    assert score.phrases


def test_parts_of_a_song_are_danced_as_the_whole_is(folder):
    score = arrange(song(folder, 128), 4)
    times = np.arange(0, 30, 1 / 30)
    whole = perform(score, times, STIFF)
    part = perform(score, times[300:600], STIFF)
    gap = np.abs(whole[300:600] - part)
    assert gap.max() < 1e-3
    loose = random_dancer(np.random.default_rng(1))
    one = perform(score, times, loose)
    two = perform(score, times, loose)
    np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(perform(score, times[300:600], loose), one[300:600], atol=1e-3)


def test_the_command(folder, tmp_path, capsys):
    song(folder, 120)
    wav = str(next(folder.glob("120-*.wav")))
    out = tmp_path / "dance.npz"
    assert main(["corpus", "choreograph", wav, "-o", str(out), "--end", "12", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["frames"] == 360 == len(read_poses(out))
    assert found["moves"]
    assert main(["corpus", "choreograph", wav, "-o", str(out), "--style", "polka"]) == 2
    assert "unknown style" in capsys.readouterr().err
    assert main(["corpus", "choreograph", wav, "-o", str(out), "--seed", "-1"]) == 2


def test_what_is_in_a_corpus(folder, tmp_path, capsys):
    from tests.helpers.clips import write_clips

    write_clips(tmp_path / "motion", count=10)
    (tmp_path / "music").mkdir()
    for i in range(6):
        compose(14.0, 100 + 8 * i, seed=i).save(tmp_path / "music" / f"{i}.wav")
    arguments = ["corpus", "stats", "--motion", str(tmp_path / "motion"), "--music",
                 str(tmp_path / "music"), "--segments", "16", "--composed", "4", "--json"]  # fmt: skip
    assert main([*arguments, "--plot", str(tmp_path / "c.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["segments"] == 16 == sum(found["styles"].values())
    assert 0.3 < found["procedural"] < 0.7
    assert set(found["styles"]) & set(STYLES)
    assert 50 < found["tempo_bpm"]["p5"] < found["tempo_bpm"]["p95"] < 260
    assert 0.3 < found["size"]["p50"] < 1
    assert (tmp_path / "c.png").read_bytes()[:4] == b"\x89PNG"
    assert main([*arguments, "--procedural", "1", "--segments", "6"]) == 0
    assert set(json.loads(capsys.readouterr().out)["styles"]) <= set(STYLES)
    assert main([*arguments, "--procedural", "2"]) == 2
    assert main([*arguments, "--plot", str(tmp_path / "c.jpg")]) == 2


def test_nobody_squats_for_a_minute(folder):
    analysis = song(folder, 110)
    for style in STYLES:
        shares = []
        for seed in range(6):
            phrases = arrange(analysis, seed, style).phrases
            low = sum(p.beats for p in phrases if p.lower.family == "floor")
            shares.append(low / sum(p.beats for p in phrases))
        assert max(shares) <= 0.3


def test_a_move_right_after_itself_has_other_arms_and_is_not_danced_thrice(folder):
    analysis = song(folder, 120)
    twice = 0
    for seed in range(30):
        phrases = [p for p in arrange(analysis, seed).phrases if p.lower.family != "pose"]
        for a, b, c in zip(phrases, phrases[1:], phrases[2:]):
            new = len({p.label for p in (a, b, c)}) == 3  # a repeat repeats what it was
            adjoin = a.start + a.beats == b.start and b.start + b.beats == c.start
            if new and adjoin and min(p.beats for p in (a, b, c)) == 8:
                assert not (a.lower is b.lower is c.lower), (seed, a.lower.name)
                if a.lower is b.lower:
                    twice += 1
                    assert a.upper is not b.upper
                    assert a.lower.family in ("groove", "step", "kick")
    assert twice > 10


def test_phrases_of_slow_songs_have_eight_counts_too(folder):
    analysis = song(folder, 100)
    assert max(p.beats for p in arrange(analysis, 0).phrases) == 8
    slow = arrange(analysis, 0, rate=0.7).phrases
    assert max(p.beats for p in slow) == 4
    assert max(p.beats / p.pace for p in slow if p.lower.family != "pose") == 8


def test_phrases_of_one_level_move_alike(folder):
    analysis = song(folder, 110)
    beats = np.arange(25) * 60 / 110
    times = beats[8] + np.arange(0, 4, 1 / 30)
    speeds, levels = [], []
    for seed in range(6):
        found = []
        for p in choreograph(analysis, seed).phrases:
            if p.lower.family != "pose" and 0.56 < p.size < 1.59 and p.pace == 1:
                one = replace(cycle(p.lower, beats=24), upper=p.upper, size=p.size)
                flat = perform(Score(beats, (one,), "none"), times, STIFF)[..., :2]
                speed = np.linalg.norm(np.diff(flat, axis=0), axis=-1).mean()
                found.append((np.log2(speed), p.level))
        if len(found) > 1:  # dancers differ; each answers the song
            own = np.array(found) - np.mean(found, axis=0)
            speeds.extend(own[:, 0])
            levels.extend(own[:, 1])
    assert len(speeds) > 15
    assert np.corrcoef(speeds, levels)[0, 1] > 0.6
    assert np.polyfit(levels, speeds, 1)[0] == pytest.approx(0.75, abs=0.2)


def test_dancers_differ_in_how_much_they_move(folder):
    analysis = song(folder, 110)
    usual = []
    for seed in range(24):
        phrases = choreograph(analysis, seed).phrases
        speeds = [
            np.interp(p.size, _SIZES, np.maximum.accumulate(_speeds(p, 60 / 110)))
            for p in phrases
            if p.lower.family != "pose"
        ]
        usual.append(np.log2(np.median(speeds)))
    assert 0.25 < np.std(usual) < 0.8, "real ones by 0.67 octaves"


def test_sizes_are_measured_while_somebody_moves():
    """A longer look finds the same speeds, and a larger dance is not measured as a slower one."""
    for name in ("bow and rise", "squat", "box step", "march", "spin"):
        speeds = _measured(name, None, 1.0, 0.5)
        for size, speed in zip(_SIZES, speeds, strict=True):
            beats = np.arange(41) * 0.5
            score = Score(beats, (replace(cycle(find(name), beats=40), size=size),), "none")
            flat = perform(score, 4 + np.arange(0, 8, 1 / 15), STIFF, 15.0)[..., :2]
            whole = np.linalg.norm(np.diff(flat, axis=0), axis=-1).mean() * 15
            assert speed == pytest.approx(whole, rel=0.12), (name, size)
        assert speeds[3] > speeds[2]


def test_what_moves_in_depth_is_danced_at_an_angle():
    """The angle turns path, feet and body together."""
    walk = find("walk ahead")
    yaw, path = walk.keys[:, INDEX["yaw"]], walk.keys[:, [INDEX["sx"], INDEX["sz"]]]
    np.testing.assert_allclose(yaw, 0.4)
    far = path[np.linalg.norm(path, axis=1) > 0.2]
    np.testing.assert_allclose(np.arctan2(far[:, 0], far[:, 1]), 0.4, atol=1e-9)
    assert find("body wave").keys[0, INDEX["yaw"]] > 0.5
    assert find("grapevine").keys[0, INDEX["yaw"]] == 0


def test_phrases_of_fast_songs_have_eight_counts_too(folder):
    fast = arrange(song(folder, 100), 0, rate=1.8).phrases
    assert max(p.beats for p in fast) == 16
    assert max(p.beats / p.pace for p in fast if p.lower.family != "pose") == 8
