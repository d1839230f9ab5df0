import numpy as np
import pytest

from hotfoot.errors import AudioError
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song, song_from_samples
from hotfoot.music.features import extract
from hotfoot.music.synthesis import compose
from tests.helpers.songs import write_float_wav


@pytest.fixture(scope="module", params=[8_000, 24_000, 44_100])
def composed(request):
    return compose(6.0, 120.0, seed=2, sample_rate=request.param)


def test_samples_are_the_song_that_a_file_of_them_is(composed, tmp_path):
    path = tmp_path / "s.wav"
    write_float_wav(path, composed.samples, composed.sample_rate)
    ours = song_from_samples(composed.samples, composed.sample_rate)
    for rate in (24_000, 44_100):
        a, b = (np.concatenate(list(s.blocks(rate))) for s in (ours, open_song(path)))
        assert a.dtype == np.float32
        assert len(a) == len(b) == pytest.approx(6 * rate, abs=2)
        np.testing.assert_allclose(a, b, atol=1e-6)
    a, b = analyze_song(ours), analyze_song(open_song(path))
    np.testing.assert_allclose(a.rhythm.beats, b.rhythm.beats, atol=1e-4)
    assert len(a.rhythm.beats) > 8


def test_channels_are_mixed_and_doubles_taken(composed):
    silent_side = np.stack([composed.samples, np.zeros_like(composed.samples)]).astype(float)
    mixed = song_from_samples(silent_side, composed.sample_rate)
    half = song_from_samples(composed.samples / 2, composed.sample_rate)
    np.testing.assert_allclose(mixed.samples, half.samples, atol=1e-7)


def test_a_part_is_cut(composed):
    rate = composed.sample_rate
    part = song_from_samples(composed.samples, rate, "x", 1.5, 4.0)
    cut = composed.samples[round(1.5 * rate) : 4 * rate]
    np.testing.assert_array_equal(np.concatenate(list(part.blocks(rate))), cut)
    assert extract(part).duration_s == pytest.approx(2.5, abs=0.001)
    assert part.fingerprint() == song_from_samples(cut, rate).fingerprint()
    assert part.fingerprint() != song_from_samples(composed.samples, rate).fingerprint()


def test_later_changes_of_the_array_do_not_matter():
    samples = compose(2.0).samples.copy()
    song = song_from_samples(samples, 24_000)
    before = song.fingerprint()
    samples[:] = 0
    assert song.fingerprint() == before
    with pytest.raises(ValueError, match="read-only"):
        song.samples[0] = 1


GOOD = np.zeros(48_000, np.float32)


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        (np.zeros((2, 2, 48_000), np.float32), 24_000, "shape"),
        (np.zeros((48_000, 2), np.float32), 24_000, "48000 channels"),
        (np.zeros((2, 0), np.float32), 24_000, "shape"),
        (np.float32(1), 24_000, "shape"),
        (np.zeros(48_000, np.int16), 24_000, "int16"),
        (None, 24_000, "floating point"),
        ("song.mp3", 24_000, "floating point"),
        ([[0.0, 1.0], [0.0]], 24_000, "no array"),
        (np.where(np.arange(48_000) == 9, np.nan, GOOD), 24_000, "NaN"),
        (GOOD + 32_767, 24_000, "reach 32767"),
        (GOOD[:12_000], 24_000, r"lasts 0\.50 s"),
        (GOOD, 60_000, r"lasts 0\.80 s"),
        (GOOD, 0, "rate"),
        (GOOD, -24_000, "rate"),
        (GOOD, float("nan"), "rate"),
        (GOOD, 24_000.5, "rate"),
        (GOOD, 1e9, "rate"),
        (GOOD, "fast", "rate"),
        (GOOD, None, "rate"),
    ],
)
def test_what_is_no_song_gets_one_clear_message(samples, rate, words):
    with pytest.raises(AudioError, match=words) as caught:
        song_from_samples(samples, rate, "take 1")
    assert "take 1" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("start", "end"), [(-1, None), (float("nan"), None), (1, 1.5), (1.5, None)]
)
def test_parts_that_make_no_sense(start, end):
    with pytest.raises(AudioError):
        song_from_samples(GOOD, 24_000, "take 1", start, end)
