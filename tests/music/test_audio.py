import numpy as np
import pytest

from hotfoot.errors import AudioError
from hotfoot.music import audio
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.features import extract
from hotfoot.music.synthesis import compose
from tests.helpers.songs import bad_song, f_measure, write_audio, write_wav

FORMATS = [
    ("mp3", "libmp3lame", "mp3"), ("m4a", "aac", "ipod"), ("aac", "aac", "adts"),
    ("opus", "libopus", "ogg"), ("ogg", "flac", "ogg"), ("flac", "flac", "flac"),
    ("aiff", "pcm_s16be", "aiff"), ("wav", "pcm_s16le", "wav"), ("mp4", "aac", "mp4"),
    ("webm", "libopus", "webm"), ("mkv", "aac", "matroska"),
]  # fmt: skip


@pytest.mark.parametrize(("suffix", "codec", "container"), FORMATS)
def test_any_file_that_users_have(suffix, codec, container, tmp_path):
    song = compose(6.0, 120.0, seed=0, style="house", sample_rate=48_000)
    path = tmp_path / f"song.{suffix}"
    write_audio(path, song.samples, 48_000, codec, container)
    analysis = analyze_song(open_song(path))
    assert analysis.features.duration_s == pytest.approx(6.0, abs=0.08)
    assert f_measure(song.beats[1:-1], analysis.rhythm.beats)[0] > 0.7


def test_eight_channels_and_stereo(tmp_path):
    song = compose(4.0, 120.0, seed=0)
    for channels in (2, 8):
        write_wav(tmp_path / "s.wav", song.samples, 24_000, channels=channels)
        assert extract(open_song(tmp_path / "s.wav")).duration_s == pytest.approx(4.0, abs=0.01)


def test_tags_that_are_not_utf8_do_not_matter(tmp_path):
    write_wav(tmp_path / "s.wav", compose(2.0).samples, 24_000)
    data = (tmp_path / "s.wav").read_bytes()
    chunk = (
        b"LIST"
        + (20).to_bytes(4, "little")
        + b"INFOINAM"
        + (8).to_bytes(4, "little")
        + b"\x82abc\xff\xfe\x00\x00"
    )
    (tmp_path / "t.wav").write_bytes(data + chunk)
    assert extract(open_song(tmp_path / "t.wav")).duration_s == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "no such file"), ("folder", "is a folder"), ("empty", "empty"),
        ("text", "cannot be"), ("picture only", "no sound"), ("short", r"lasts 0\.20 s"),
        ("nan", "NaN"),
    ],
)  # fmt: skip
def test_bad_songs_get_one_clear_message(kind, words, tmp_path):
    with pytest.raises(AudioError, match=words) as caught:
        extract(open_song(bad_song(kind, tmp_path)))
    assert caught.value.hint
    assert caught.value.exit_code == 2


def test_a_truncated_mp3_is_used_as_far_as_it_goes(tmp_path):
    write_audio(tmp_path / "s.mp3", compose(8.0).samples, 24_000, "libmp3lame", "mp3")
    data = (tmp_path / "s.mp3").read_bytes()
    (tmp_path / "s.mp3").write_bytes(data[: len(data) // 2 + 37])
    assert extract(open_song(tmp_path / "s.mp3")).duration_s == pytest.approx(4.0, abs=0.2)


def test_a_file_that_breaks_off_warns(tmp_path):
    write_audio(tmp_path / "s.flac", compose(8.0, seed=3).samples, 24_000, "flac", "flac")
    data = bytearray((tmp_path / "s.flac").read_bytes())
    (tmp_path / "s.flac").write_bytes(bytes(data[: len(data) * 2 // 3]))
    features = extract(open_song(tmp_path / "s.flac"))
    assert 3.0 < features.duration_s < 7.0
    assert any("breaks off" in w for w in features.warnings)


def test_parts_of_a_song_are_cut_exactly(song):
    whole = np.concatenate(list(open_song(song).blocks()))
    part = np.concatenate(list(open_song(song, 2.5, 7.25).blocks()))
    assert len(part) == round(4.75 * audio.SAMPLE_RATE)
    np.testing.assert_array_equal(part, whole[60_000:174_000])


@pytest.mark.parametrize(("start", "end"), [(-1, None), (float("nan"), None), (5, 5.5), (5, 2)])
def test_parts_that_make_no_sense(song, start, end):
    with pytest.raises(AudioError):
        open_song(song, start, end)


def test_joined_files_of_different_kind(tmp_path):
    a, b = compose(3.0, seed=1), compose(3.0, seed=2)
    write_audio(tmp_path / "a.aac", a.samples, 24_000, "aac", "adts")
    write_audio(tmp_path / "b.aac", b.samples, 24_000, "aac", "adts", 2, "stereo")
    joined = tmp_path / "ab.aac"
    joined.write_bytes((tmp_path / "a.aac").read_bytes() + (tmp_path / "b.aac").read_bytes())
    assert extract(open_song(joined)).duration_s == pytest.approx(6.0, abs=0.3)
