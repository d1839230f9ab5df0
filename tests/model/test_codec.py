import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hotfoot.errors import OptionError
from hotfoot.model.codec import CodecConfig, decode, draw_lines, pack_rgb, to_lines, unpack_rgb

HARD = CodecConfig(profile_sigma=0.0, decoding="argmax")
GAUSS = CodecConfig(profile_sigma=1.0, decoding="soft-argmax")


def encode(xy, confidence, config):
    return draw_lines(*to_lines(xy, confidence, config.bins), config)


shapes = st.tuples(st.integers(1, 20), st.integers(1, 7))


@st.composite
def coordinates(draw, top=511.49 / 512):
    frames, points = draw(shapes)
    return draw(
        arrays(np.float32, (frames, points, 2), elements=st.floats(0, np.float32(top), width=32))
    )


def test_the_papers_example():
    image = encode(np.array([[[0.477, 0.808]]]), np.ones((1, 1)), HARD)
    assert image.shape == (2, 512, 1)
    assert image[0, :, 0].nonzero()[0].tolist() == [244]
    assert image[1, :, 0].nonzero()[0].tolist() == [414]


def test_the_hot_value_is_the_confidence_and_hidden_joints_are_empty():
    image = encode(np.full((1, 2, 2), 0.5), np.array([[0.7, 0.0]]), HARD)
    assert image[:2].sum(axis=1).ravel().tolist() == pytest.approx([0.7, 0.7])
    assert (image[2:] == 0).all()


@given(coordinates())
def test_hard_lines_come_back_within_half_a_bin(xy):
    back, conf = decode(encode(xy, np.ones(xy.shape[:2]), HARD), HARD)
    assert np.abs(back - xy).max() * 512 <= 0.5 + 1e-3
    assert (conf == 1).all()


@given(coordinates(), st.sampled_from([0.8, 1.0, 1.5, 2.0]))
def test_gaussian_lines_come_back_within_a_tenth_of_a_bin(xy, sigma):
    config = CodecConfig(profile_sigma=sigma, decoding="soft-argmax")
    xy = np.minimum(xy, 511 / 512)
    back, conf = decode(encode(xy, np.ones(xy.shape[:2]), config), config)
    assert np.abs(back - xy).max() * 512 <= 0.1
    np.testing.assert_allclose(conf, 1, atol=0.12)


@given(coordinates(511 / 512))
def test_smooth_paths_survive_the_lattice(xy):
    smooth = np.repeat(xy[:1], 12, axis=0)
    smooth = smooth + np.linspace(0, 0.05, 12, dtype=np.float32)[:, None, None]
    smooth = np.minimum(smooth, 511 / 512)
    config = CodecConfig()
    back, _ = decode(encode(smooth, np.ones(smooth.shape[:2]), config), config)
    assert np.abs(back - smooth).max() * 512 <= 0.1


@pytest.mark.parametrize("outside", [-0.01, 1.01, np.nan, np.inf])
def test_what_is_outside_the_canvas_is_not_seen(outside):
    xy = np.array([[[outside, 0.5], [0.5, 0.5]]])
    center, value = to_lines(xy, np.ones((1, 2)), 512)
    assert value[:, 0].tolist() == [0, 0, 1, 1]
    assert center[:, 0].tolist() == [0, 0, 256, 256]


@given(coordinates(511 / 512), st.sampled_from(["light", "dark"]),
       st.sampled_from([(0.0, 1.0), (-1.0, 1.0)]))  # fmt: skip
def test_rgb_packing_is_lossless(xy, polarity, value_range):
    config = CodecConfig(profile_sigma=1.0, polarity=polarity, value_range=value_range)
    image = encode(xy, np.ones(xy.shape[:2]), config)
    pictures = pack_rgb(image, config)
    assert pictures.shape[:2] == (-(-len(image) // 3), 3)
    assert pictures.min() >= value_range[0]
    assert pictures.max() <= value_range[1]
    np.testing.assert_allclose(unpack_rgb(pictures, len(image), config), image, atol=1e-6)


def test_the_lattice_refuses_the_mode_where_the_joint_cannot_be():
    config = CodecConfig()
    frames = 30
    path = 100 + 40 * np.sin(np.arange(frames) / 5)
    xy = np.broadcast_to((path / 512)[:, None, None], (frames, 1, 2)).astype(np.float32)
    image = encode(xy, np.ones((frames, 1)), config)
    far = encode(np.full_like(xy, 0.8), np.ones((frames, 1)), config)
    torn = image.copy()
    torn[..., 10:20] = 0.4 * image[..., 10:20] + 0.6 * far[..., 10:20]
    wrong, _ = decode(torn, config, method="soft-argmax")
    right, conf = decode(torn, config)
    assert np.abs(wrong - xy).max() > 0.5
    assert np.abs(right - xy).max() * 512 < 1
    assert (conf > 0.9).all(), "torn between two places, yet seen"


def test_a_joint_may_come_back_anywhere():
    config = CodecConfig()
    xy = np.full((20, 1, 2), 0.1, np.float32)
    xy[10:] = 0.9
    seen = np.ones((20, 1))
    seen[8:10] = 0
    back, conf = decode(encode(xy, seen, config), config)
    shown = seen[:, 0] > 0
    assert np.abs(back[shown] - xy[shown]).max() * 512 < 0.1
    assert (conf[~shown] == 0).all()


@pytest.mark.parametrize(
    "change", [{"bins": 1}, {"profile_sigma": -1}, {"decoding": "guess"}, {"motion_band": 0}]
)
def test_codec_refuses_nonsense(change):
    with pytest.raises(OptionError):
        CodecConfig(**change)
