import numpy as np
import pytest

from hotfoot.errors import OptionError
from hotfoot.music.analysis import analyze_song
from hotfoot.music.audio import open_song
from hotfoot.music.encoders import ENCODERS, get_encoder
from hotfoot.timebase import FRAMES_PER_COLUMN
from tests.helpers.songs import analysis_of

encoders = pytest.mark.parametrize("encoder", ENCODERS.values(), ids=ENCODERS)


@pytest.fixture(scope="module")
def analysis(song):
    return analyze_song(open_song(song))


@encoders
@pytest.mark.parametrize("fps", [16.0, 23.976, 30.0, 60.0])
@pytest.mark.parametrize("count", [1, 7, 32])
def test_one_token_per_column_at_any_frame_rate(encoder, fps, count, analysis):
    tokens = encoder.encode(None, analysis, count, fps)
    assert tokens.shape == (count, encoder.width)
    assert tokens.dtype == np.float32
    assert np.isfinite(tokens).all()
    assert tokens.std(axis=0).max() > 0.1 or count == 1


@encoders
@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_a_click_is_in_its_column_and_frame(encoder, fps):
    """The first eight values of a token of every encoder here are onsets at its frames."""
    columns = np.array([2, 5, 9, 11])
    places = FRAMES_PER_COLUMN * columns + 4
    samples = np.zeros(round(24_000 * 14 * FRAMES_PER_COLUMN / fps))
    for second in places / fps:
        samples[round(second * 24_000) :][:120] = np.hanning(120)
    onsets = encoder.encode(None, analysis_of(samples), 13, fps)[:, :8]
    assert np.flatnonzero(onsets.max(axis=1) > 0.1).tolist() == columns.tolist()
    assert np.abs(onsets[columns].argmax(axis=1) - 4).max() <= 1


@encoders
def test_a_later_start_gives_later_tokens(encoder, analysis):
    whole = encoder.encode(None, analysis, 30, 30.0)
    late = encoder.encode(None, analysis, 20, 30.0, 80 / 30)
    np.testing.assert_allclose(late, whole[10:], atol=1e-5)


@encoders
def test_silence_has_no_beats_and_warns(encoder):
    analysis = analysis_of(np.zeros(72_000))
    assert len(analysis.rhythm.beats) == 0
    assert any("silent" in w for w in analysis.features.warnings)
    tokens = encoder.encode(None, analysis, 12, 30.0)
    assert np.isfinite(tokens).all()
    assert np.ptp(tokens, axis=0).max() == 0


@encoders
def test_past_its_end_a_song_goes_on_backwards(encoder, analysis):
    """A second before the end and one after it sound alike."""
    end = analysis.features.duration_s
    frame = 1 / 30
    before = encoder.encode(None, analysis, 1, 30.0, end - 1 - 8 * frame)
    after = encoder.encode(None, analysis, 1, 30.0, end + 1)
    np.testing.assert_allclose(after[:, -10:], before[:, -10:], atol=0.15)


def test_tokens_mark_the_frame_of_each_beat(analysis):
    tokens = get_encoder("spectral-1").encode(None, analysis, 40, 30.0)
    pulse = tokens[:, 8:16].ravel()  # closeness to a beat, frame by frame
    peaks = np.flatnonzero(pulse > 0.75) / 30.0
    beats = analysis.rhythm.beats[analysis.rhythm.beats < 320 / 30]
    assert len(beats) > 15
    assert max(np.abs(peaks - b).min() for b in beats) < 1 / 30


def test_playing_a_song_faster_scales_its_tokens_in_time(analysis):
    encoder = get_encoder("spectral-1")
    fast = encoder.encode(None, analysis, 20, 30.0, rate=1.25)
    slow_frames = encoder.encode(None, analysis, 20, 24.0)
    np.testing.assert_allclose(fast[:, 16:24], slow_frames[:, 16:24], atol=1e-5)


def test_mel_onsets_tell_bands_apart_and_need_no_beats():
    """A low thump and a high tick are in the low and in the high onsets."""
    t = np.arange(2400) / 24_000
    samples = np.zeros(4 * 24_000)
    samples[24_000:][:2400] = np.sin(2 * np.pi * 80 * t) * np.hanning(4800)[2400:]
    samples[72_000:][:2400] = np.sin(2 * np.pi * 6000 * t) * np.hanning(4800)[2400:]
    tokens = get_encoder("mel-onset-1").encode(None, analysis_of(samples), 14, 30.0)
    low, high = tokens[:, :8].max(axis=1), tokens[:, 16:24].max(axis=1)
    assert low[3] > 2 * high[3]
    assert high[11] > 2 * low[11]


def test_encoders_differ_and_are_known_by_name(analysis):
    assert get_encoder("spectral-1").width != get_encoder("mel-onset-1").width
    assert all(name == encoder.name for name, encoder in ENCODERS.items())
    with pytest.raises(OptionError, match="unknown music encoder 'mp3'") as caught:
        get_encoder("mp3")
    assert "mel-onset-1" in caught.value.hint
