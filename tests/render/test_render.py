import colorsys
from functools import cache

import av
import cv2
import numpy as np
import pytest
from PIL import Image

from hotfoot.errors import AudioError, OptionError, OutputError
from hotfoot.music.audio import open_song
from hotfoot.pose.formats import read_dance
from hotfoot.pose.metadata import EMPTY, DanceMetadata
from hotfoot.pose.references import figure_pose
from hotfoot.pose.sequence import PoseSequence
from hotfoot.pose.skeletons import BODY18_LIMBS
from hotfoot.render.figures import HAND_PALETTE, PALETTE, FigureStyle, draw_frames, draw_pose
from hotfoot.render.presets import PRESETS, preset_canvas, write_preset
from hotfoot.render.sheets import contact_sheet, plot_dance, save_png
from hotfoot.render.video import song_for, song_warnings, write_video
from tests.helpers.poses import walker

# The published table of drawn colors (0.6 of the palette), limb by limb.
DRAWN = [
    (153, 0, 0), (153, 51, 0), (153, 102, 0), (153, 153, 0), (102, 153, 0), (51, 153, 0),
    (0, 153, 0), (0, 153, 51), (0, 153, 102), (0, 153, 153), (0, 102, 153), (0, 51, 153),
    (0, 0, 153), (51, 0, 153), (102, 0, 153), (153, 0, 153), (153, 0, 102),
]  # fmt: skip


def two_joints(a, b, pa, pb, size=(200, 200), style=None):
    xy = np.zeros((18, 2), np.float32)
    seen = np.zeros(18, np.float32)
    xy[a], xy[b] = pa, pb
    seen[[a, b]] = 1
    return draw_pose(xy, seen, size, style)


@pytest.mark.parametrize("limb", range(17))
def test_each_limb_has_its_published_color(limb):
    a, b = BODY18_LIMBS[limb]
    picture = two_joints(a, b, (40, 100), (160, 100))
    assert tuple(picture[100, 100]) == DRAWN[limb]
    assert tuple(picture[100, 40]) == PALETTE[a]
    assert tuple(picture[100, 160]) == PALETTE[b]


def test_limbs_are_ellipses_nine_pixels_wide_and_joints_circles_of_nine():
    picture = two_joints(2, 3, (40, 100), (160, 100))
    column = picture[:, 100].any(axis=-1).nonzero()[0]
    assert column.tolist() == list(range(96, 105))
    circle = (picture[90:111, 40] == PALETTE[2]).all(axis=-1).nonzero()[0]
    assert len(circle) == 9
    row = picture[100].any(axis=-1).nonzero()[0]
    assert row.min() == 36, "the circle ends 4 pixels before the joint"


def reference_drawing(xy, seen, size):
    """The rules of DWPose, written a second time with other words."""
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    for index, (a, b) in enumerate(BODY18_LIMBS):
        if not (seen[a] and seen[b]):
            continue
        rows, cols = np.array([xy[a][1], xy[b][1]]), np.array([xy[a][0], xy[b][0]])
        span = ((rows[0] - rows[1]) ** 2 + (cols[0] - cols[1]) ** 2) ** 0.5
        turn = np.degrees(np.arctan2(rows[0] - rows[1], cols[0] - cols[1]))
        outline = cv2.ellipse2Poly(
            (int(cols.mean()), int(rows.mean())), (int(span / 2), 4), int(turn), 0, 360, 1
        )
        cv2.fillConvexPoly(canvas, outline, PALETTE[index])
    canvas = (canvas * 0.6).astype(np.uint8)
    for i in range(18):
        if seen[i]:
            cv2.circle(canvas, (int(xy[i][0]), int(xy[i][1])), 4, PALETTE[i], thickness=-1)
    return canvas


def test_whole_figures_match_the_rules_pixel_by_pixel(poses):
    for t in (0, 33, 89):
        expected = reference_drawing(
            poses.keypoints[t].astype(np.float64), poses.confidence[t] > 0, poses.canvas
        )
        got = draw_pose(poses.keypoints[t], poses.confidence[t], poses.canvas)
        assert (got == expected).all()


def test_blue_first_is_the_picture_with_channels_swapped(poses):
    red = next(draw_frames(poses))
    blue = next(draw_frames(poses, FigureStyle(order="blue")))
    assert (blue == red[..., ::-1]).all()
    picture = two_joints(1, 2, (40, 100), (160, 100), style=FigureStyle(order="blue"))
    assert tuple(picture[100, 100]) == (0, 0, 153)


def test_joints_that_are_not_seen_are_not_drawn(poses):
    hidden = PoseSequence(poses.keypoints, np.zeros_like(poses.confidence), 30.0, poses.canvas)
    assert not next(draw_frames(hidden)).any()


@pytest.mark.parametrize(("size", "width"), [((480, 832), 3), ((720, 1280), 5), ((1080, 1920), 9)])
def test_wan_animate_sticks_follow_the_size(size, width):
    picture = two_joints(2, 3, (60, 300), (260, 300), size, PRESETS["wan-animate"].style)
    assert picture[:, 160].any(axis=-1).sum() == width


def test_canvas_too_large():
    with pytest.raises(OptionError):
        two_joints(2, 3, (1, 1), (2, 2), (100_000, 100_000))


def streams(path):
    with av.open(str(path)) as c:
        frames = sum(1 for _ in c.decode(video=0))
        video = c.streams.video[0]
        rate = float(video.average_rate)
        names = [s.codec_context.name for s in c.streams]
        size = (video.codec_context.width, video.codec_context.height)
    seconds = 0.0
    with av.open(str(path)) as c:
        if c.streams.audio:
            seconds = sum(f.samples / f.sample_rate for f in c.decode(audio=0))
    return frames, rate, names, size, seconds


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_videos_have_every_frame_and_the_song_to_the_frame(suffix, song, tmp_path):
    poses = walker(75, canvas=(161, 240))
    path = tmp_path / f"v{suffix}"
    write_video(draw_frames(poses), 75, 30.0, path, open_song(song))
    frames, rate, names, size, seconds = streams(path)
    assert (frames, rate, size) == (75, 30.0, (162, 240))
    assert len(names) == 2
    assert seconds == pytest.approx(75 / 30, abs=0.045)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_sound_and_picture_start_together(tmp_path):
    """A click at 1 s is heard at 1 s of the video."""
    from tests.helpers.songs import write_wav

    samples = np.zeros(60_000, np.float32)
    samples[24_000:24_400] = 0.9
    write_wav(tmp_path / "click.wav", samples, 24_000)
    write_video(
        draw_frames(walker(75)), 75, 30.0, tmp_path / "v.mp4", open_song(tmp_path / "click.wav")
    )
    with av.open(str(tmp_path / "v.mp4")) as c:
        first = None
        for f in c.decode(audio=0):
            loud = np.abs(f.to_ndarray()).max(axis=0) > 0.3
            if loud.any():
                first = float(f.pts * f.time_base) + loud.argmax() / f.sample_rate
                break
    assert first == pytest.approx(1.0, abs=1 / 60)


def test_songs_shorter_than_the_picture_end_in_silence(song, tmp_path):
    write_video(draw_frames(walker(60)), 60, 30.0, tmp_path / "v.mp4", open_song(song, 11.0))
    assert streams(tmp_path / "v.mp4")[4] == pytest.approx(2.0, abs=0.045)


def test_gifs_keep_time(tmp_path):
    write_video(draw_frames(walker(60)), 60, 30.0, tmp_path / "v.gif")
    with Image.open(tmp_path / "v.gif") as picture:
        total = 0
        for i in range(picture.n_frames):
            picture.seek(i)
            total += picture.info["duration"]
    assert total == pytest.approx(2000, abs=20)


def test_unknown_video_suffix(tmp_path):
    with pytest.raises(OutputError, match=r"\.mp4, \.webm, \.gif"):
        write_video([], 0, 30.0, tmp_path / "v.avi")


def test_a_failure_while_drawing_leaves_nothing(tmp_path):
    def frames():
        yield np.zeros((64, 64, 3), np.uint8)
        raise RuntimeError("boom")

    with pytest.raises(RuntimeError):
        write_video(frames(), 2, 30.0, tmp_path / "v.mp4")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def written(song, tmp_path_factory):
    """The folder of a preset, made once."""

    @cache
    def write(name):
        folder = tmp_path_factory.mktemp(name) / "out"
        poses = walker(16, canvas=(180, 320))
        write_preset(poses, poses.frames(0, 1), folder, name, open_song(song))
        return folder

    return write


@pytest.mark.parametrize("name", PRESETS)
def test_presets_write_what_the_tool_reads(name, written):
    preset = PRESETS[name]
    width, height = preset_canvas((180, 320), preset)
    assert width % preset.multiple == 0
    assert height % preset.multiple == 0
    assert width * height == pytest.approx(preset.area or 180 * 320, rel=0.12)
    found = {p.name for p in written(name).iterdir()}
    expected = {
        "wan-animate": {"src_pose.mp4", "src_face.mp4", "src_ref.png", "README.txt"},
        "steadydancer": {"cond_pos", "cond_neg"},
        "stableanimator": {"poses", "reference.png"},
        "unianimate": {"frames", "pose.jpg"},
        "controlnet": {"pose_00000.png"},
    }.get(name, {"pose.mp4", "reference_pose.png"})
    assert expected <= found
    assert "poses.json" in found


@pytest.mark.parametrize("name", [n for n, preset in PRESETS.items() if preset.layout.video])
def test_presets_write_videos_of_the_length_that_the_tool_takes(name, written):
    preset = PRESETS[name]
    frames, rate, _, size, seconds = streams(written(name) / preset.layout.video)
    step, rest = preset.lengths
    assert (frames - rest) % step == 0
    assert frames >= 16 / 30 * preset.fps - 1
    assert rate == preset.fps
    assert size == preset_canvas((180, 320), preset)
    assert seconds > 0.4


def test_wan_animate_gets_a_video_of_the_face(written):
    frames, _, _, size, _ = streams(written("wan-animate") / "src_face.mp4")
    assert (frames, size) == (16, (512, 512))


def test_unknown_preset(tmp_path, poses):
    with pytest.raises(OptionError, match="wan-animate"):
        write_preset(poses, poses, tmp_path / "x", "sora", None)
    assert not list(tmp_path.iterdir())


def test_contact_sheets_and_plots_are_pictures(poses, song, tmp_path):
    from hotfoot.music.analysis import analyze_song

    sheet = contact_sheet(poses, np.array([0.5, 1.0]), (45,), grid=(8, 3))
    assert sheet.shape[0] == 3 * 160
    assert sheet.max() == 255
    save_png(sheet, tmp_path / "s.png")
    assert cv2.imread(str(tmp_path / "s.png")).shape == sheet.shape
    plot_dance(tmp_path / "p.png", poses, analyze_song(open_song(song)))
    plot_dance(tmp_path / "q.png", poses, None)
    plot_dance(tmp_path / "r.png", None, analyze_song(open_song(song)))
    assert all(cv2.imread(str(tmp_path / f"{n}.png")).std() > 5 for n in "pqr")


@pytest.mark.parametrize("frames", [3, 95, 97, 150, 191, 700])
def test_sheets_show_the_whole_sequence(frames, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "hotfoot.render.sheets.cv2.putText", lambda tile, text, *rest: shown.append(float(text))
    )
    contact_sheet(walker(frames))
    assert shown[0] == 0
    step = shown[1] - shown[0]
    assert frames / 30 - shown[-1] <= step + 0.04
    assert len(shown) <= 96


def test_hands_are_drawn_with_the_published_colors_after_the_body():
    """Edge colors as OpenPose's and DWPose's pictures have them, hue e / 20."""
    pose = figure_pose("average", "body-hands-60")
    xy = np.zeros((60, 2), np.float32)
    seen = np.zeros(60, np.float32)
    seen[18:39] = 1
    # A left hand of five straight fingers, joints 30 pixels apart.
    xy[18] = (20, 300)
    for finger in range(5):
        for joint in range(4):
            xy[18 + 1 + 4 * finger + joint] = (60 + 30 * joint, 60 + 40 * finger)
    picture = draw_pose(xy, seen, (300, 400))
    for edge, (a, b) in enumerate(pose.layout.limbs[17:37]):
        middle = (xy[a] + xy[b]) / 2
        x, y = int(middle[0]), int(middle[1])
        around = picture[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3)
        assert HAND_PALETTE[edge] in {tuple(int(v) for v in p) for p in around}
    dots = (picture == (0, 0, 255)).all(axis=-1)
    assert dots[300, 20]
    assert dots[300 - 4, 20]
    assert not dots[300 - 5, 20]
    hues = [colorsys.rgb_to_hsv(*(v / 255 for v in c))[0] for c in HAND_PALETTE]
    np.testing.assert_allclose(hues, np.arange(20) / 20, atol=2e-3)


@pytest.mark.parametrize(
    ("skeleton", "hands"), [("coco-17", False), ("body-hands-60", True), ("wholebody-133", True)]
)
def test_every_skeleton_is_drawn(skeleton, hands):
    pose = figure_pose("average", "body-hands-60").with_canvas((288, 512))
    body = pose.to_skeleton("coco-17").to_skeleton("body-18")
    plain = next(draw_frames(body))
    changed = (next(draw_frames(pose.to_skeleton(skeleton))) != plain).any(axis=-1)
    inside = np.zeros_like(changed)
    for hand in (slice(18, 39), slice(39, 60)):
        (left, top), (right, bottom) = (
            f(pose.keypoints[0, hand], axis=0).astype(int) for f in (np.min, np.max)
        )
        inside[top - 5 : bottom + 6, left - 5 : right + 6] = True
    assert changed.any() == hands
    assert not (changed & ~inside).any()


@pytest.mark.parametrize(("canvas", "line"), [((480, 832), 1), ((1080, 1920), 2)])
def test_wan_animate_hands_are_half_as_thick_as_its_sticks(canvas, line):
    style = PRESETS["wan-animate"].style.for_canvas(canvas)
    assert (style.hand_line, style.hand_radius) == (line, line)
    assert FigureStyle().for_canvas(canvas) == FigureStyle()


def test_drawing_in_pieces_is_drawing_at_once(monkeypatch):
    poses = walker(5)
    whole = list(draw_frames(poses))
    monkeypatch.setattr("hotfoot.render.figures._CHUNK", 2)
    assert all((a == b).all() for a, b in zip(whole, draw_frames(poses), strict=True))


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_what_is_said_to_be_written_is_on_disk(suffix, tmp_path):
    path = tmp_path / f"v{suffix}"
    written = write_video(draw_frames(walker(31, canvas=(161, 240))), 31, 30.0, path)
    frames, rate, _, size, _ = streams(path)
    assert written.path == path
    assert (frames, rate, size) == (written.frames, written.fps, written.canvas)


def test_what_is_said_of_a_gif_is_on_disk(tmp_path):
    path = tmp_path / "v.gif"
    written = write_video(draw_frames(walker(31, canvas=(161, 240))), 31, 30.0, path)
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.size) == (written.frames, written.canvas)
    assert (written.path, written.frames, written.fps) == (path, 16, 15.0)


@pytest.mark.parametrize("name", ["vace", "controlnet"])
def test_presets_say_what_they_wrote_and_keep_the_metadata(name, tmp_path):
    poses = walker(60, canvas=(180, 320))
    known = DanceMetadata(start_s=20.0, seams=(30,), song="s.mp3")
    written = write_preset(poses, poses, tmp_path / "out", name, None, known)
    back, metadata = read_dance(tmp_path / "out" / "poses.json")
    assert (len(back), back.fps, back.canvas) == (written.frames, written.fps, written.canvas)
    assert written.fps == PRESETS[name].fps
    assert (metadata.start_s, metadata.song) == (20.0, "s.mp3")
    assert metadata.seams == (round(30 * written.fps / 30),)
    assert written.path == tmp_path / "out"


def test_the_part_of_a_song_that_belongs_to_a_dance(song, tmp_path):
    part = song_for(DanceMetadata(start_s=2.0, end_s=5.0), song)
    seconds = sum(len(b) for b in part.blocks(8000)) / 8000
    assert seconds == pytest.approx(3.0, abs=0.01)
    later = song_for(DanceMetadata(start_s=2.0, end_s=5.0), song, 3.0)
    assert (later.start_s, later.end_s) == (3.0, 6.0)
    assert (song_for(EMPTY, song).start_s, song_for(EMPTY, song).end_s) == (0.0, None)
    with pytest.raises(AudioError, match="no such file"):
        song_for(EMPTY, tmp_path / "none.mp3")
    own = DanceMetadata(start_s=2.0, end_s=5.0, song_sha256=part.fingerprint())
    assert song_warnings(own, song) == ()
    assert song_warnings(EMPTY, song) == ()
    (warning,) = song_warnings(DanceMetadata(song_sha256=part.fingerprint()), song)
    assert song.name in warning
