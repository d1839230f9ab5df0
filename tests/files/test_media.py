"""Whatever a file is called and holds, no other file is opened for it."""

import ctypes
import json
import os
import re
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

import hotfoot.media
from hotfoot.capture.images import video_frames, video_info
from hotfoot.capture.people import open_reference, video_shots
from hotfoot.capture.sound import classify_sound
from hotfoot.cli.main import main
from hotfoot.errors import AudioError, EvaluationError, PoseError
from hotfoot.evaluation.video import clips
from hotfoot.media import open_media, read_image
from hotfoot.music.audio import open_song
from hotfoot.music.synthesis import compose
from hotfoot.pose.formats import write_poses
from tests.helpers.poses import walker
from tests.helpers.screens import STANDING, painted, save_video, swaying
from tests.helpers.songs import write_audio

NAMES = ("list.wav", "list.mp3", "list.jpg", "list.mp4", "list.mkv", "list.ogg")
LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile 'secret.{kind}'\n",
    "ffconcat in a part": "ffconcat version 1.0\nfile 'secret.{kind}'\ninpoint 0\noutpoint 1\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.{kind}\n#EXT-X-ENDLIST\n",
    "hls by address": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{folder}/secret.{kind}\n"
    "#EXT-X-ENDLIST\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=audio 5004 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
    'mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="audio/mp4">'
    '<Representation id="1" bandwidth="1"><BaseURL>secret.{kind}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    """A folder with a real song, video and photo, for lists to name."""
    folder = tmp_path_factory.mktemp("secrets")
    song = compose(3.0, 120.0, seed=1)
    song.save(folder / "secret.wav")
    save_video(folder / "secret.mkv", [painted(p) for p in swaying(30)], 25, song.samples)
    Image.fromarray(painted(STANDING)).save(folder / "secret.png")
    return folder


@pytest.fixture
def a_list(secrets, tmp_path, monkeypatch):
    """Writes a list beside the secrets, where lists find them."""
    for path in secrets.iterdir():
        (tmp_path / path.name).symlink_to(path)
    monkeypatch.chdir(tmp_path)

    def write(name, kind, text=LISTS["ffconcat"]):
        (tmp_path / name).write_text(text.format(kind=kind, folder=tmp_path))
        return tmp_path / name

    return write


@pytest.fixture
def openings(secrets):
    """Counts how often a secret was opened since the last call, by Linux's inotify."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "inotify_init1"):
        pytest.skip("needs Linux")
    watcher = libc.inotify_init1(os.O_NONBLOCK)
    for path in secrets.iterdir():
        libc.inotify_add_watch(watcher, bytes(path), 0x20)  # IN_OPEN

    def count():
        try:
            return len(os.read(watcher, 4096)) // 16
        except BlockingIOError:
            return 0

    yield count
    os.close(watcher)


def test_media_is_opened_in_one_place():
    source = Path(hotfoot.media.__file__).parent
    opening = re.compile(r"av\.open\((?!media_url\(path\), \"w\")|Image\.open|VideoCapture|imread")
    found = {p.name for p in source.rglob("*.py") if opening.search(p.read_text())}
    assert found == {"media.py"}


def test_the_danger_is_real(a_list, openings):
    with av.open(str(a_list("list.mp3", "wav"))) as container:
        assert sum(frame.samples for frame in container.decode(audio=0)) == 3 * 24_000
    assert openings() >= 1


@pytest.mark.parametrize("text", LISTS.values(), ids=LISTS)
@pytest.mark.parametrize("name", NAMES)
def test_lists_of_other_files_are_followed_nowhere(a_list, openings, name, text):
    path = a_list(name, "wav", text)
    with pytest.raises(AudioError, match=r"list\..* cannot be read as sound"):
        next(open_song(path).blocks())
    with pytest.raises(AudioError, match=r"list\..* cannot be read as sound"):
        classify_sound(path)
    path = a_list(name, "mkv", text)
    for reader in (video_info, lambda p: next(video_frames(p)), lambda p: video_shots(p, None)):
        with pytest.raises(PoseError, match=r"list\..* cannot be read as a video"):
            reader(path)
    with pytest.raises(EvaluationError, match=r"list\..* cannot be read as a video"):
        next(clips(path, 1))
    with pytest.raises(PoseError, match=r"list\..* cannot be read as a picture"):
        read_image(a_list(name, "png", text), PoseError)
    assert openings() == 0


@pytest.mark.parametrize("name", ["list.jpg", "list.mp4"])
def test_references_that_are_lists(a_list, name):
    with pytest.raises(PoseError, match="cannot be read"):
        open_reference(a_list(name, "mkv"), lambda picture, thorough=True: None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["dance", "LIST.wav", "-o", "out.npz"],
        ["dance", "LIST.mp3", "-o", "out.npz"],
        ["inspect", "LIST.wav"],
        ["render", "dance.npz", "-o", "out.mp4", "--audio", "LIST.wav"],
        ["evaluate", "dance.npz", "--music", "LIST.mp3"],
        ["corpus", "build", "-o", "out", "--motion", "motion", "--music", "LIST"],
        ["pose", "LIST.jpg", "-o", "out.npz"],
        ["pose", "LIST.mp4", "-o", "out.npz"],
    ],
    ids=lambda a: "-".join(a[:2]),
)
def test_verbs_refuse_lists(a_list, weights, arguments, capsys, tmp_path):
    from tests.helpers.clips import write_clips

    write_poses(walker(), tmp_path / "dance.npz")
    write_clips(tmp_path / "motion", 8)
    (tmp_path / "LIST").mkdir()
    for i in range(8):
        text = LISTS["ffconcat"].replace("secret", "../secret")
        a_list(f"LIST/{i}.wav", "wav", text.replace("../", f"{tmp_path}/"))
    for name in arguments:
        if name.startswith("LIST."):
            a_list(name, "wav" if name.endswith(("wav", "mp3")) else "mkv")
    more = ["--estimator", "dwpose", "--weights", str(weights)] if arguments[0] == "pose" else []
    assert main([*arguments, *more]) == 2
    assert "cannot be read as" in capsys.readouterr().err
    assert not (tmp_path / "out.npz").exists()
    assert not (tmp_path / "out.mp4").exists()


def test_corpora_of_videos_leave_lists_out(a_list, weights, tmp_path, capsys):
    (tmp_path / "videos").mkdir()
    a_list("videos/list.mp4", "mkv", LISTS["ffconcat"].replace("secret", "../secret"))
    assert main(["corpus", "video", "videos", "-o", "out", "--estimator", "dwpose", "--weights",
                 str(weights), "--json"]) == 0  # fmt: skip
    assert json.loads(capsys.readouterr().out)["used"] == 0
    (report,) = (tmp_path / "out" / "reports").iterdir()
    assert "list.mp4 cannot be read as a video" in json.loads(report.read_text())["why"]


def test_video_distances_refuse_lists(a_list, tmp_path, capsys):
    pytest.importorskip("onnx")
    from tests.evaluation.test_video import network

    network(tmp_path / "n.onnx", 1)
    (tmp_path / "real").mkdir()
    a_list("list.mp4", "mkv")
    arguments = ["evaluate", "videos", "list.mp4", "--real", "real", "--network", "n.onnx",
                 "--network-size", "16", "--clip-frames", "1"]  # fmt: skip
    assert main(arguments) == 2
    assert "list.mp4 cannot be read as a video" in capsys.readouterr().err


def test_a_photo_is_no_program(tmp_path):
    Image.fromarray(painted(STANDING)).save(tmp_path / "a.eps")
    (tmp_path / "a.eps").rename(tmp_path / "a.jpg")
    with pytest.raises(PoseError, match=r"a\.jpg cannot be read as a picture"):
        read_image(tmp_path / "a.jpg", PoseError)


@pytest.mark.parametrize(
    "name", ["AC: DC.ogg", "12:30.ogg", "file:x.ogg", "a%03d.ogg", "concat:a|b.ogg", "-x.ogg"]
)
def test_names_are_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    write_audio(tmp_path / "made.ogg", compose(4.0).samples, 48_000, "libopus", "ogg")
    (tmp_path / "made.ogg").rename(tmp_path / name)
    blocks = list(open_song(Path(name)).blocks())
    assert sum(map(len, blocks)) / 24_000 == pytest.approx(2.0, abs=0.1)


def test_videos_are_written_under_any_name(tmp_path, monkeypatch, song):
    monkeypatch.chdir(tmp_path)
    write_poses(walker(), tmp_path / "d: 1.npz")
    (tmp_path / "AC: DC.wav").symlink_to(song)
    assert main(["render", "d: 1.npz", "-o", "AC: DC.mp4", "--audio", "AC: DC.wav"]) == 0
    with open_media(tmp_path / "AC: DC.mp4", "video", PoseError) as container:
        assert container.streams.audio


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda p: None, "no such file"),
        (lambda p: p.mkdir(), "no such file"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: compose(2.0).save(p), "holds no pictures"),
        (lambda p: p.write_bytes(b"junk" * 100), "cannot be read as a video"),
    ],
)
def test_what_is_no_video(tmp_path, make, why):
    make(tmp_path / "a.mkv")
    with pytest.raises(PoseError, match=why):
        video_info(tmp_path / "a.mkv")


def test_damage_is_told_with_the_name(tmp_path):
    save_video(tmp_path / "a.mkv", [painted(STANDING)] * 5)
    content = bytearray((tmp_path / "a.mkv").read_bytes())
    content[1500:] = np.random.default_rng(0).bytes(len(content) - 1500)
    (tmp_path / "a.mkv").write_bytes(content)
    with pytest.raises(PoseError, match=r"a\.mkv (cannot be decoded|has no frames)"):
        video_info(tmp_path / "a.mkv")
