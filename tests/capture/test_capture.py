"""Pictures and videos to poses."""

import json

import numpy as np
import pytest
from PIL import Image

from hotfoot.capture.estimators import People, find_weights, make_estimator
from hotfoot.capture.images import video_frames, video_info
from hotfoot.capture.people import (
    CutDetector,
    Tracker,
    joined,
    open_reference,
    photo_pose,
    video_shots,
)
from hotfoot.capture.quality import Limits, split_track
from hotfoot.capture.sound import classify_sound, pulse_clarity
from hotfoot.cli.main import main
from hotfoot.errors import DependencyError, InputError, OptionError, PoseError
from hotfoot.media import read_image
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import read_poses
from hotfoot.pose.sequence import PoseSequence
from tests.helpers.poses import as_poses, body18
from tests.helpers.screens import SIZE, STANDING, painted, save_video, swaying


def at(x, y=0.0):
    return np.array([x, y], np.float32)


class Painted:
    """An estimator that was told the answers."""

    name = "painted"
    skeleton = "body-18"

    def __init__(self, rows):
        self.rows = iter(rows)

    def __call__(self, image, thorough=True):
        found = next(self.rows)
        if not found:
            return People(np.zeros((0, 18, 2), np.float32), np.zeros((0, 18), np.float32))
        xy, confidence = body18(np.stack(found))
        return People(xy.astype(np.float32), confidence)


def test_photos_are_turned_as_the_camera_was_held(tmp_path):
    picture = np.zeros((40, 60, 3), np.uint8)
    picture[:10] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "a.png", exif=exif)
    loaded = read_image(tmp_path / "a.png", PoseError)
    assert loaded.shape == (60, 40, 3)
    assert (loaded[:, -10:] == 255).all(), "what was above is now at the right"


def test_pictures_of_a_varying_rate_are_those_of_their_time(tmp_path):
    # A second at 50 pictures a second, then two at 25, as phones do in the dark.
    at = [*range(50), *range(50, 150, 2)]
    pictures = [np.full((16, 16, 3), 2 * i, np.uint8) for i in range(len(at))]
    save_video(tmp_path / "v.mkv", pictures, 50, at=at)
    facts = video_info(tmp_path / "v.mkv")
    shown = [int(p[0, 0, 0]) // 2 for p in video_frames(tmp_path / "v.mkv")]
    assert len(shown) == pytest.approx(3 * facts.fps, abs=2)
    for number, index in enumerate(shown):
        assert at[index] / 50 == pytest.approx(number / facts.fps, abs=0.041)
    late = [int(p[0, 0, 0]) // 2 for p in video_frames(tmp_path / "v.mkv", 2.0)]
    assert at[late[0]] / 50 == pytest.approx(2.0, abs=0.041)


def test_pictures_that_are_none(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"junk")
    with pytest.raises(InputError, match="cannot be read as a picture"):
        read_image(tmp_path / "a.jpg", PoseError)
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "b.jpg", PoseError)
    with pytest.raises(InputError, match="cannot be read as a video"):
        video_info(tmp_path / "a.jpg")
    with pytest.raises(InputError, match="no such file"):
        video_info(tmp_path / "b.mp4")


def test_videos_are_read_in_order_and_at_most_sixty_a_second(tmp_path):
    pictures = [np.full((32, 48, 3), 2 * i, np.uint8) for i in range(100)]
    save_video(tmp_path / "a.mkv", pictures, 100, np.zeros(24000))
    facts = video_info(tmp_path / "a.mkv")
    assert facts.fps == 50
    assert facts.size == (48, 32)
    assert facts.has_audio
    assert abs(facts.audio_delay_s) < 0.05
    read = list(video_frames(tmp_path / "a.mkv"))
    assert [int(p[0, 0, 0]) for p in read] == list(range(0, 200, 4))
    part = list(video_frames(tmp_path / "a.mkv", 0.5, 0.7))
    assert [int(p[0, 0, 0]) for p in part] == list(range(100, 140, 4))
    save_video(tmp_path / "b.mkv", pictures[:5], 25)
    assert not video_info(tmp_path / "b.mkv").has_audio


def test_a_person_is_followed_past_another_and_through_a_gap():
    one, other = STANDING - at(60), STANDING + at(70)
    tracker = Tracker()
    for i in range(40):
        first, second = one + at(i), other - at(2 * i)
        found = [] if 10 <= i < 14 else ([first, second] if i % 2 else [second, first])
        tracker.add(i, Painted([found])(None))
    assert len(tracker.tracks) == 2
    centers = [np.array([s.keypoints[:, 0].mean() for s in t]) for t in tracker.tracks]
    for center in centers:
        assert len(center) == 36
        way = np.diff(center)
        assert (way > 0).all() or (way < 0).all(), "nobody is taken for the other"


def test_somebody_far_away_is_somebody_else():
    tracker = Tracker()
    tracker.add(0, Painted([[STANDING]])(None))
    tracker.add(1, Painted([[STANDING + 400]])(None))
    assert len(tracker.tracks) == 2
    tracker.add(30, Painted([[STANDING]])(None))
    assert len(tracker.tracks) == 3, "gone for too long"


def test_cuts_are_found_and_movement_is_none():
    rng = np.random.default_rng(0)
    scenes = [
        rng.integers(0, 255, (36, 64, 3)).astype(np.uint8).repeat(5, 0).repeat(5, 1)
        for _ in range(3)
    ]
    detector = CutDetector()
    for i in range(90):
        picture = np.roll(scenes[i // 30], i % 30, axis=1)
        noise = rng.integers(-3, 4, picture.shape)
        detector.add(np.clip(picture + noise, 0, 255).astype(np.uint8))
    assert detector.cuts() == [30, 60]


def test_a_good_track_is_one_stretch():
    found = split_track(as_poses(swaying(300, 30.0)), Limits())
    assert [(s.start, s.stop, s.reason) for s in found] == [(0, 300, "")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("still", "hardly moves"),
        ("jitter", "jitter"),
        ("short", "shorter than"),
        ("small", "too small"),
        ("hips", "shoulders or hips"),
        ("few", "too few joints"),
        ("nobody", "nobody found"),
    ],
)
def test_what_is_left_out_and_why(change, why):
    points = swaying(300, 30.0)
    rng = np.random.default_rng(0)
    if change == "still":
        points = np.repeat(points[:1], 300, 0)
    if change == "jitter":
        points = np.repeat(points[:1], 300, 0) + rng.normal(0, 5, points.shape)
    if change == "short":
        points = points[:100]
    if change == "small":
        points = points * 0.12
    poses = as_poses(points.astype(np.float32))
    confidence = poses.confidence.copy()
    names = poses.layout.index
    if change == "hips":
        confidence[:, names["left_hip"]] = 0
    if change == "few":
        for name, i in names.items():
            if name.endswith(("knee", "ankle", "elbow", "wrist")):
                confidence[:, i] = 0
    if change == "nobody":
        confidence[:] = 0
    found = split_track(PoseSequence(poses.keypoints, confidence, 30.0, poses.canvas), Limits())
    assert len(found) == 1
    assert why in found[0].reason


@pytest.mark.parametrize("fps", [24.0, 30.0, 50.0, 60.0])
def test_a_calm_dance_is_no_jitter_at_any_frame_rate(fps):
    rng = np.random.default_rng(1)
    points = swaying(round(10 * fps), 2 * fps)  # half as quick
    noisy = as_poses((points + rng.normal(0, 0.3, points.shape)).astype(np.float32), fps)
    assert [s.reason for s in split_track(noisy, Limits())] == [""]
    shaking = np.repeat(points[:1], len(points), 0) + rng.normal(0, 5, points.shape)
    found = split_track(as_poses(shaking.astype(np.float32), fps), Limits())
    assert [s.reason for s in found] == ["the poses jitter"]


def test_short_gaps_are_bridged_long_ones_and_jumps_are_not():
    points = swaying(900, 30.0)
    points[600:] += 120
    poses = as_poses(points, canvas=(600, 600))
    confidence = poses.confidence.copy()
    confidence[100:104] = 0
    confidence[290:310] = 0
    found = split_track(PoseSequence(poses.keypoints, confidence, 30.0, poses.canvas), Limits())
    assert [(s.start, s.stop) for s in found] == [(0, 290), (290, 310), (310, 600), (600, 900)]
    assert [bool(s.reason) for s in found] == [False, True, False, False]


def test_somebody_else_after_a_short_gap_is_a_cut():
    points = swaying(600, 30.0)
    points[303:] += 120
    poses = as_poses(points, canvas=(600, 600))
    confidence = poses.confidence.copy()
    confidence[300:303] = 0
    found = split_track(PoseSequence(poses.keypoints, confidence, 30.0, poses.canvas), Limits())
    assert [(s.start, s.stop, s.reason) for s in found] == [(0, 303, ""), (303, 600, "")]


def test_what_comes_before_the_sound_is_left_out():
    found = split_track(as_poses(swaying(400, 30.0)), Limits(), silent=60)
    assert [(s.start, s.stop, s.reason) for s in found] == [
        (0, 60, "before the sound begins"), (60, 400, "")
    ]  # fmt: skip


def test_the_largest_person_of_a_photo(tmp_path):
    Image.fromarray(np.zeros((SIZE, SIZE, 3), np.uint8)).save(tmp_path / "a.png")
    pose = photo_pose(tmp_path / "a.png", Painted([[STANDING * 0.4, STANDING]]))
    np.testing.assert_allclose(pose.keypoints[0, 0], STANDING[0], atol=1e-3)
    assert pose.canvas == (SIZE, SIZE)
    with pytest.raises(InputError, match="nobody is found"):
        photo_pose(tmp_path / "a.png", Painted([[]]))


def test_the_main_person_of_every_shot(tmp_path):
    rng = np.random.default_rng(0)
    scenes = [rng.integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8) for _ in range(2)]
    save_video(tmp_path / "a.mkv", [scenes[i // 30] for i in range(60)])
    rows = [[STANDING + at(0.5 * i), STANDING * 0.3] for i in range(30)]
    rows += [[STANDING - at(0.5 * i)] for i in range(30)]
    shots = video_shots(tmp_path / "a.mkv", Painted(rows))
    assert [(s.start, len(s.poses)) for s in shots] == [(0, 30), (30, 30)]
    whole = joined(shots)
    assert len(whole) == 60
    np.testing.assert_allclose(whole.keypoints[29, 0], STANDING[0] + [14.5, 0], atol=1e-3)
    np.testing.assert_allclose(whole.keypoints[59, 0], STANDING[0] - [14.5, 0], atol=1e-3)


def test_estimators_say_what_they_lack(tmp_path, monkeypatch):
    with pytest.raises(OptionError, match="mediapipe, dwpose"):
        make_estimator("openpose")
    with pytest.raises(InputError, match="needs its weights"):
        make_estimator("dwpose")
    (tmp_path / "yolox.onnx").write_bytes(b"x")
    with pytest.raises(InputError, match="1 YOLOX and 0 pose files"):
        find_weights(tmp_path)
    pytest.importorskip("onnxruntime")
    (tmp_path / "dwpose.onnx").write_bytes(b"x")
    with pytest.raises(InputError, match=r"yolox\.onnx cannot be loaded"):
        find_weights(tmp_path)
    monkeypatch.setitem(__import__("sys").modules, "mediapipe", None)
    monkeypatch.setitem(__import__("sys").modules, "mediapipe.framework", None)
    with pytest.raises(DependencyError, match="mediapipe"):
        make_estimator("mediapipe")


def test_dwpose_finds_painted_people_and_no_cats(weights):
    assert [size for _, size in find_weights(weights)] == [(160, 160), (144, 192)]
    estimator = make_estimator("dwpose", weights)
    found = estimator(painted(STANDING))
    assert len(found) == 1, "the second box is of another class"
    expected, _ = body18(STANDING[None])
    assert np.abs(found.keypoints[0] - expected[0]).max() < 6, "a pixel of the network is 2.2 here"
    assert found.confidence.min() > 0.1


def test_hands_are_kept_where_they_are_asked_for(tmp_path):
    pytest.importorskip("rtmlib")
    from tests.helpers.networks import save_pose, save_yolox

    save_yolox(tmp_path / "yolox_l.onnx", [(40, 15, 120, 155, 0.9, 0)], 160)
    save_pose(tmp_path / "dwpose.onnx", (144, 192), joints=133)
    estimator = make_estimator("dwpose", tmp_path, skeleton="body-hands-60")
    found = estimator(painted(STANDING))
    body = make_estimator("dwpose", tmp_path)(painted(STANDING))
    np.testing.assert_array_equal(found.keypoints[:, :18], body.keypoints)
    # COCO-WholeBody: the left hand begins at 91, the right one at 112.
    for first, at in ((91, 18), (112, 39)):
        expected = STANDING[(first + np.arange(21)) % 17]
        assert np.abs(found.keypoints[0, at : at + 21] - expected).max() < 6
    save_video(tmp_path / "v.mkv", [painted(p) for p in swaying(12)])
    poses = joined(video_shots(tmp_path / "v.mkv", estimator))
    assert poses.skeleton == "body-hands-60"
    assert poses.confidence.min() > 0.1
    Image.fromarray(painted(STANDING)).save(tmp_path / "p.png")
    assert photo_pose(tmp_path / "p.png", estimator).skeleton == "body-hands-60"
    options = ["--estimator", "dwpose", "--weights", str(tmp_path), "--hands"]
    assert main(["pose", str(tmp_path / "p.png"), "-o", str(tmp_path / "p.npz"), *options]) == 0
    assert read_poses(tmp_path / "p.npz").skeleton == "body-hands-60"
    assert open_reference(tmp_path / "p.png", estimator).skeleton == "body-18"
    assert open_reference(tmp_path / "v.mkv", estimator).skeleton == "body-18"


def test_estimators_without_hands(weights):
    estimator = make_estimator("dwpose", weights, skeleton="body-hands-60")
    with pytest.raises(InputError, match="gives 17 points, without hands"):
        estimator(painted(STANDING))
    with pytest.raises(OptionError, match="does not find hands"):
        make_estimator("mediapipe", skeleton="body-hands-60")
    with pytest.raises(OptionError, match="body-18, body-hands-60"):
        make_estimator("dwpose", weights, skeleton="coco-17")


def test_dwpose_finds_nobody_where_there_is_nobody(weights, tmp_path):
    from tests.helpers.networks import save_pose, save_yolox

    save_yolox(tmp_path / "yolox_s.onnx", [])
    save_pose(tmp_path / "rtmpose.onnx")
    assert len(make_estimator("dwpose", tmp_path)(painted(STANDING))) == 0


def test_the_command_reads_videos_and_photos(weights, tmp_path, capsys):
    points = swaying(30)
    save_video(tmp_path / "v.mkv", [painted(p) for p in points])
    options = ["--estimator", "dwpose", "--weights", str(weights), "--json"]
    assert main(["pose", str(tmp_path / "v.mkv"), "-o", str(tmp_path / "v.npz"), *options]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["frames"] == 30
    assert result["found"] == 1.0
    poses = read_poses(tmp_path / "v.npz")
    expected, _ = body18(points)
    assert np.abs(poses.keypoints - expected).mean() < 3
    Image.fromarray(painted(STANDING)).save(tmp_path / "p.png")
    assert main(["pose", str(tmp_path / "p.png"), "-o", str(tmp_path / "p.json"), *options]) == 0
    assert read_poses(tmp_path / "p.json").canvas == (SIZE, SIZE)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.mp4", "-o", "x.npz"], "does not exist"),
        (["v.mkv", "-o", "x.txt"], "cannot write"),
        (["v.mkv", "-o", "x.npz", "--start", "3", "--end", "2"], "--end is 2"),
        (["v.mkv", "-o", "x.npz", "--end", "nan"], "x>=0"),
        (["v.mkv", "-o", "x.npz", "--device", "cuda"], "--device cuda with mediapipe"),
        (["s.wav", "-o", "x.npz"], "is a sound file"),
        (["p.png", "-o", "x.npz", "--start", "1"], "with a photo"),
        (["v.mkv", "-o", "x.npz", "--estimator", "alpha"], "mediapipe, dwpose"),
    ],
)
def test_bad_input_of_the_command(arguments, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_video(tmp_path / "v.mkv", [painted(STANDING)] * 3)
    (tmp_path / "s.wav").write_bytes(b"x")
    Image.fromarray(painted(STANDING)).save(tmp_path / "p.png")
    assert main(["pose", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x.npz").exists()


def test_references_from_pictures(tmp_path):
    Image.fromarray(np.zeros((2 * SIZE, 3000, 3), np.uint8)).save(tmp_path / "a.png")
    pose = open_reference(tmp_path / "a.png", Painted([[STANDING * 2]]))
    assert max(pose.canvas) == 1280
    assert all(side % 2 == 0 for side in pose.canvas)
    legs = np.linalg.norm(pose.keypoints[0, 9] - pose.keypoints[0, 8])
    assert legs == pytest.approx(2 * 55 * 1280 / 3000, rel=0.01)
    with pytest.raises(PoseError, match="cut off or not seen"):
        open_reference(tmp_path / "a.png", Painted([[STANDING - [0, 150]]]))
    save_video(tmp_path / "v.mkv", [painted(STANDING)] * 10)
    rows = [[STANDING - [0, 150]]] * 4 + [[STANDING]] * 6
    pose = open_reference(tmp_path / "v.mkv", Painted(rows))
    np.testing.assert_allclose(pose.keypoints[0, 0], STANDING[0], atol=1e-3)
    assert open_reference("tall").canvas == (576, 1024)
    with pytest.raises(PoseError, match="no reference"):
        open_reference(tmp_path / "none.jpg", Painted([]))


def speech_like(seconds, rate=24000):
    """Syllables of noise at the irregular pace of a speaker."""
    rng = np.random.default_rng(0)
    out = np.zeros(int(seconds * rate))
    at = 0.0
    while at < seconds - 0.5:
        length = rng.uniform(0.08, 0.35)
        part = slice(int(at * rate), int((at + length) * rate))
        out[part] = rng.normal(0, 0.2, len(out[part])) * np.hanning(len(out[part]))
        at += length + rng.exponential(0.15) + (rng.random() < 0.15) * rng.uniform(0.3, 0.8)
    return out


def test_music_speech_and_silence_are_told_apart(tmp_path):
    compose(12.0, 118.0, seed=2).save(tmp_path / "song.wav")
    assert classify_sound(tmp_path / "song.wav").kind == "music"
    picture = [np.zeros((16, 16, 3), np.uint8)]
    save_video(tmp_path / "silent.mkv", picture, samples=np.zeros(24000 * 10))
    assert classify_sound(tmp_path / "silent.mkv").kind == "silence"
    save_video(tmp_path / "talk.mkv", picture, samples=speech_like(20))
    talk = classify_sound(tmp_path / "talk.mkv")
    assert talk.pulse < 0.38 < classify_sound(tmp_path / "song.wav").pulse


def test_regularity_of_envelopes():
    t = np.arange(2000) / 100
    beats = np.exp(-20 * np.mod(t, 0.5)).astype(np.float32)
    assert pulse_clarity(beats) > 0.9
    noise = np.random.default_rng(0).random(2000).astype(np.float32)
    assert pulse_clarity(noise) < 0.25
    assert pulse_clarity(beats[:100]) == 0


@pytest.mark.shared
def test_mediapipe_on_photos_and_a_dancer(shared, tmp_path):
    pytest.importorskip("mediapipe")
    estimator = make_estimator("mediapipe")
    for photo in sorted((shared / "photos").glob("*.jpg")):
        pose = photo_pose(photo, estimator)
        names = pose.layout.index
        y = pose.keypoints[0, :, 1]
        assert (pose.confidence[0] > 0.3).sum() >= 16
        assert y[names["nose"]] < y[names["left_hip"]] < y[names["left_ankle"]]
    poses = joined(video_shots(shared / "video" / "mgt_dancer.avi", estimator, end_s=4.0))
    assert (poses.confidence > 0).any(axis=1).mean() > 0.95
    step = np.linalg.norm(np.diff(poses.keypoints, axis=0), axis=-1)
    assert np.median(step) < 3


@pytest.mark.shared
def test_a_dance_by_a_photo_keeps_its_framing(shared, song, tmp_path, capsys):
    pytest.importorskip("mediapipe")
    photo = shared / "photos" / "tada_photo.jpg"
    out = tmp_path / "d.npz"
    assert main(["dance", str(song), "--end", "3", "--reference", str(photo), "-o", str(out)]) == 0
    poses = read_poses(out)
    assert poses.canvas == (1080, 720)
    reference = open_reference(photo)
    heights = [np.ptp(p.keypoints[..., 1][p.confidence > 0]) for p in (poses, reference)]
    assert heights[0] == pytest.approx(heights[1], rel=0.35)
