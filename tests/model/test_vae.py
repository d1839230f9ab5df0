import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hotfoot.cli.main import main
from hotfoot.errors import ModelError, OptionError
from hotfoot.generation.generator import load_diffusion
from hotfoot.model.codec import CodecConfig, decode, draw_lines
from hotfoot.model.config import LineVAEConfig, PublishedVAEConfig, RawConfig
from hotfoot.model.published_vae import (
    load_published,
    natural_codec,
    published_config,
    stretch_lines,
)
from hotfoot.model.vae import LineVAE
from hotfoot.training.losses import vae_loss
from hotfoot.training.vae import measure_vae


def lines(n=6, frames=24, seed=0):
    rng = np.random.default_rng(seed)
    center = rng.uniform(0, 511, (n, frames)).astype(np.float32)
    value = (rng.random((n, frames)) > 0.2).astype(np.float32) * 0.9
    return center * (value > 0), value


@pytest.mark.parametrize("sigma", [0.0, 1.0, 2.0])
def test_table_lookup_is_the_convolution_of_the_drawn_image(sigma):
    torch.manual_seed(0)
    vae = LineVAE(LineVAEConfig(width=16, blocks=1, profile_sigma=sigma))
    center, value = lines()
    image = draw_lines(center, value, CodecConfig(profile_sigma=sigma))
    slow = vae.patch(torch.from_numpy(image)[:, None])
    fast = vae.embed_lines(torch.from_numpy(center), torch.from_numpy(value))
    torch.testing.assert_close(fast, slow, rtol=1e-4, atol=1e-5)


def test_shapes_and_size():
    config = LineVAEConfig()
    vae = LineVAE(config)
    assert sum(p.numel() for p in vae.parameters()) < 1e6
    center, value = (torch.from_numpy(a)[None] for a in lines(36, 64))
    with torch.inference_mode():
        latent = vae.encode_lines(center, value)
        image = vae.decode(latent, 36)
    assert latent.shape == (1, vae.latent_channels(36), vae.rows, 8)
    assert image.shape == (1, 36, 512, 64)
    assert (image >= 0).all()


def test_channels_do_not_see_each_other():
    torch.manual_seed(0)
    vae = LineVAE(LineVAEConfig(width=16, blocks=1)).eval()
    center, value = (torch.from_numpy(a)[None] for a in lines(4))
    with torch.inference_mode():
        together = vae.encode_lines(center, value).unflatten(1, (4, -1))
        alone = vae.encode_lines(center[:, 2:3], value[:, 2:3])
    torch.testing.assert_close(together[:, 2], alone, rtol=1e-4, atol=1e-5)


def test_a_vae_learns_one_batch():
    torch.manual_seed(0)
    vae = LineVAE(LineVAEConfig(width=32, blocks=1))
    t = np.arange(32)
    center = np.stack([100 + 3 * t, 400 - 2 * t, 250 + 40 * np.sin(t / 6)]).astype(np.float32)
    value = np.ones_like(center)
    value[2, 20:] = 0
    center, value = torch.from_numpy(center), torch.from_numpy(value)
    optimizer = torch.optim.Adam(vae.parameters(), 5e-3)
    losses = []
    for _ in range(120):
        loss = vae_loss(vae, center, value, 1e-3, torch.zeros(3, 4, 8, 4))
        optimizer.zero_grad()
        loss["loss"].backward()
        optimizer.step()
        losses.append(loss["loss"].item())
    assert losses[-1] < 0.4 * losses[0]
    image = vae.decode(vae.encode_lines(center[None], value[None]), 3)[0].detach().numpy()
    found = image.argmax(axis=1)
    seen = value.numpy() > 0
    assert np.median(np.abs(found - center.numpy())[seen]) < 6


def test_bins_must_fold():
    with pytest.raises(OptionError):
        LineVAEConfig(bins=500, fold=64)


def test_the_shipped_vae_carries_poses(shared):
    model = load_diffusion()
    found = measure_vae(model.vae, shared / "motion")
    assert found.median <= 0.15
    assert found.mean <= 0.3
    assert found.p99 <= 2.5
    assert found.seen_auc >= 0.99
    assert sum(p.numel() for p in model.vae.parameters()) < 1e6


def test_taef2_carries_poses(shared):
    found = published_config(shared / "vae")
    assert found is not None
    assert found.kind == "TAEF2"
    vae = load_published(found, natural_codec())
    # Two short views for the time that it takes; docs/results.md has twelve long ones (0.26).
    found = measure_vae(vae, shared / "motion", views=2, frames=32)
    assert found.mean <= 0.4
    assert found.median <= 0.3
    assert found.p99 <= 2.5
    assert found.seen_auc >= 0.99


def test_a_vae_is_measured_on_the_command_line(tmp_path, capsys):
    from tests.helpers.clips import write_clips

    write_clips(tmp_path / "motion", count=10)
    arguments = ["train", "vae-error", "raw", "--motion", str(tmp_path / "motion"), "--views", "1",
                 "--frames", "64", "--json"]  # fmt: skip
    assert main(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["mean"] < 0.1
    assert main([*arguments[:-2], "63"]) == 2


@given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_stretched_lines_pass_through_their_frames(stretch, frames, seed):
    center, value = lines(4, frames, seed)
    wide, hot = stretch_lines(center, value, stretch)
    assert wide.shape == (4, frames * stretch)
    np.testing.assert_array_equal(wide[:, ::stretch], center)
    np.testing.assert_array_equal(hot[:, ::stretch], value)
    if stretch == 1:
        np.testing.assert_array_equal(wide, center)
    assert wide[:, : frames * stretch].max() <= center.max() + 1e-3


def test_a_column_of_a_stretched_line_is_halfway():
    center = np.array([[10, 20, 0, 40]], np.float32)
    value = np.array([[1, 1, 0, 1]], np.float32)
    wide, hot = stretch_lines(center, value, 2)
    np.testing.assert_allclose(wide[0, :3], [10, 15, 20])
    assert hot[0, 4] == 0, "a joint that is not seen stays unseen"
    assert wide[0, 6] == 40


@pytest.mark.parametrize("kind", ["AutoencoderTiny", "AutoencoderKL"])
def test_published_vaes_load_from_a_folder(kind, tmp_path):
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    if kind == "AutoencoderTiny":
        made = diffusers.AutoencoderTiny(
            encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
            num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1),
        )  # fmt: skip
    else:
        made = diffusers.AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
            block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4,
            latent_channels=4, scaling_factor=0.5, shift_factor=0.25,
        )  # fmt: skip
    made.save_pretrained(tmp_path / "vae")
    vae = load_published(PublishedVAEConfig(kind, str(tmp_path / "vae")), natural_codec())
    center, value = (torch.from_numpy(a)[None] for a in lines(4, 16))
    latent = vae.encode_lines(center, value)
    assert latent.shape == (1, vae.latent_channels(4), vae.rows, 2)
    assert vae.decode(latent, 4).shape == (1, 4, 512, 16)
    assert not any(p.requires_grad for p in vae.parameters())


def test_published_vaes_that_are_not_there(tmp_path):
    pytest.importorskip("diffusers")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match="no AutoencoderKL"):
        load_published(
            PublishedVAEConfig("AutoencoderKL", str(tmp_path / "empty")), natural_codec()
        )
    with pytest.raises(OptionError, match="kind"):
        PublishedVAEConfig("AutoencoderHuge", str(tmp_path))
    with pytest.raises(ModelError, match="TAEF2"):
        load_published(PublishedVAEConfig("TAEF2", str(tmp_path)), natural_codec())
    assert published_config(tmp_path) is None


def test_natural_codec_draws_dark_on_white():
    codec = natural_codec()
    assert (codec.polarity, codec.value_range) == ("dark", (-1.0, 1.0))


def test_raw_coordinates_come_back_as_they_are():
    from hotfoot.baselines.raw import RawCoordinates

    raw = RawCoordinates(RawConfig())
    center, value = (torch.from_numpy(a)[None] for a in lines(36, 64))
    latent = raw.encode_lines(center, value)
    assert latent.shape == (1, raw.latent_channels(36), 1, 8)
    image = raw.decode(latent, 36)[0].numpy()
    xy, confidence = decode(image, CodecConfig(), method="soft-argmax")
    seen = value[0].numpy().reshape(18, 2, 64).min(axis=1).T > 0
    want = center[0].numpy().reshape(18, 2, 64).transpose(2, 0, 1) / 512
    assert np.abs(xy - want)[seen].max() * 512 < 0.1
    read = raw.coordinates(latent)
    np.testing.assert_allclose(read[value > 0], center[value > 0], atol=1e-3)
    both_empty = value[0].numpy().reshape(18, 2, 64).max(axis=1).T == 0
    assert (confidence[both_empty] == 0).all()


def test_a_dancer_trains_on_a_published_vae_and_its_model_loads(training_data, tmp_path):
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    diffusers.AutoencoderTiny(
        encoder_block_out_channels=(4, 4, 4, 4), decoder_block_out_channels=(4, 4, 4, 4),
        num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1),
    ).save_pretrained(tmp_path / "vae")  # fmt: skip
    arguments = ["train", "dancer", "debug", "--motion", str(training_data / "motion"), "--music",
                 str(training_data / "music"), "--vae", str(tmp_path / "vae"), "--out",
                 str(tmp_path / "run"), *[a for s in ("vae.stretch=1", "composed=0", "shard_size=2",
                 "codec.profile_sigma=1.5") for a in ("--set", s)]]  # fmt: skip
    assert main(arguments) == 0
    model = load_diffusion(tmp_path / "run" / "model")
    assert model.config.vae.kind == "AutoencoderTiny"
    assert (model.config.codec.polarity, model.config.codec.profile_sigma) == ("dark", 1.5)
    assert len(model.config.latent_mean) == 4
    size = (tmp_path / "run" / "model" / "model.safetensors").stat().st_size
    assert size < 40e6, "the published weights stay where they are"
