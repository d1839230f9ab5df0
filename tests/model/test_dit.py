import itertools
from dataclasses import replace

import pytest
import torch

from hotfoot.errors import OptionError
from hotfoot.model.dit import DanceDiT, attend, joint_indices, rotary_angles, rotate
from hotfoot.model.network_config import DiTConfig, preset
from hotfoot.model.vae import compose_reference, known_mask


def inputs(config, batch=3, columns=8, seed=0):
    g = torch.Generator().manual_seed(seed)
    shape = (batch, config.latent_channels, config.rows, columns)
    return {
        "x": torch.randn(shape, generator=g),
        "t": torch.rand(batch, generator=g),
        "reference": torch.randn(shape, generator=g),
        "mask": known_mask(16, config.rows, columns).expand(batch, -1, -1, -1),
        "music": torch.randn(batch, columns, config.music_width, generator=g),
    }


def trained_like(config, seed=0):
    """A model whose zero-initialized layers are random, so that every path matters."""
    torch.manual_seed(seed)
    model = DanceDiT(config)
    for p in model.parameters():
        if not p.any():
            torch.nn.init.normal_(p, std=0.05)
    return model.eval()


CONFIGS = [
    preset("debug", 12, 4, 5),
    replace(preset("debug", 12, 4, 5), embed_hidden=48),
    DiTConfig(12, 4, 5, width=64, depth=2, heads=4, kv_heads=2, mlp_width=96, patch=(2, 1),
              rope_axes=(4, 4, 8), joint_adaln=False, refiners=1, timestep_width=32),
    DiTConfig(12, 4, 5, width=64, depth=1, heads=2, kv_heads=2, mlp_width=96, patch=(4, 2),
              rope_axes=(8, 8, 16), timestep_width=64, time_shared=False, prediction="velocity"),
]  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS)
def test_the_untrained_output_is_zero_and_has_the_shape_of_its_input(config):
    args = inputs(config)
    out = DanceDiT(config)(**args)
    assert out.shape == args["x"].shape
    assert (out == 0).all()


@pytest.mark.parametrize("config", CONFIGS)
def test_permuting_the_batch_permutes_the_output(config):
    model, args = trained_like(config), inputs(config)
    order = torch.tensor([2, 0, 1])
    out = model(**args)
    swapped = model(**{k: v[order] for k, v in args.items()})
    torch.testing.assert_close(swapped, out[order], rtol=1e-4, atol=1e-5)
    assert out.abs().max() > 1e-3


@pytest.mark.parametrize("config", CONFIGS)
def test_every_input_reaches_the_output(config):
    model, args = trained_like(config), inputs(config)
    out = model(**args)
    for name in args:
        changed = dict(args)
        changed[name] = args[name] * 0.5 + 0.1
        assert (model(**changed) - out).abs().max() > 1e-5, name


def test_dropping_music_hides_it_and_keeps_the_rest():
    config = CONFIGS[0]
    model, args = trained_like(config), inputs(config)
    other = dict(args, music=args["music"] + 1)
    drop = torch.tensor([True, False, True])
    a, b = model(**args, drop_music=drop), model(**other, drop_music=drop)
    torch.testing.assert_close(a[drop], b[drop])
    assert (a[~drop] - b[~drop]).abs().max() > 1e-4
    torch.testing.assert_close(a[~drop], model(**args)[~drop], rtol=1e-4, atol=1e-5)


def test_style_and_energy_reach_the_output_and_none_is_the_model_without():
    plain = CONFIGS[0]
    config = replace(plain, styles=("latin", "disco"), energy=True)
    model, args = trained_like(config), inputs(config)
    no_style, no_energy = torch.zeros(3, dtype=torch.long), torch.full((3,), torch.nan)
    out = model(**args, labels=(no_style, no_energy))
    assert out.isfinite().all()
    styles = [model(**args, labels=(torch.full((3,), i), no_energy)) for i in (1, 2)]
    energies = [model(**args, labels=(no_style, torch.full((3,), e))) for e in (-1.0, 0.0, 1.0)]
    for a, b in itertools.combinations([out, *styles, *energies], 2):
        assert (a - b).abs().max() > 1e-4, "zero octaves is not the same as no condition"
    mixed = model(**args, labels=(torch.tensor([0, 1, 2]), no_energy))
    for row, same in enumerate((out, *styles)):
        torch.testing.assert_close(mixed[row], same[row], rtol=1e-4, atol=1e-5)
    # New layers change nothing until they are trained, so older weights may be begun with.
    fresh = DanceDiT(config)
    old = trained_like(plain)
    fresh.load_state_dict(old.state_dict(), strict=False)
    labels = torch.tensor([1, 2, 0]), torch.tensor([0.5, torch.nan, -1])
    torch.testing.assert_close(fresh.eval()(**args, labels=labels), old(**args))


def test_shared_index_gives_pose_and_music_of_a_column_the_same_time():
    pose, music = joint_indices(2, 3, 3, time_shared=True)
    assert pose.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 0], [0, 1, 1], [0, 1, 2]]
    assert music.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 2]]


def test_unshared_index_is_that_of_text_to_image_models():
    pose, music = joint_indices(2, 2, 3, time_shared=False)
    assert pose.tolist() == [[3, 0, 0], [3, 0, 1], [3, 1, 0], [3, 1, 1]]
    assert music.tolist() == [[0, 0, 0], [1, 0, 0], [2, 0, 0]]


@pytest.mark.parametrize("shared", [True, False])
def test_attention_scores_ignore_a_common_time_shift_only_if_time_is_shared(shared):
    axes = (8, 8, 16)
    g = torch.Generator().manual_seed(0)
    pose, music = joint_indices(2, 4, 4, time_shared=shared)
    q = torch.randn(1, 1, len(pose), 32, generator=g, dtype=torch.double)
    k = torch.randn(1, 1, len(music), 32, generator=g, dtype=torch.double)

    def scores(shift):
        moved = torch.tensor([0, 0, shift])
        a = rotary_angles(pose + moved, axes, 100.0).double()
        b = rotary_angles(music + (moved if shared else 0), axes, 100.0).double()
        return rotate(q, a) @ rotate(k, b).transpose(-1, -2)

    same = torch.allclose(scores(0), scores(5), atol=1e-5)
    assert same == shared


def test_rotation_keeps_norms():
    x = torch.randn(2, 3, 5, 32)
    angles = rotary_angles(torch.randint(0, 50, (5, 3)), (8, 8, 16), 100.0)
    torch.testing.assert_close(rotate(x, angles).norm(dim=-1), x.norm(dim=-1))


def test_both_ways_of_attending_agree():
    q, k, v = (torch.randn(2, 4, 20, 16) for _ in range(3))
    fused = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(attend(q, k, v), fused, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("known", range(41))
def test_the_mask_table(known):
    columns = 4
    mask = known_mask(known, 3, columns)
    q, r = divmod(min(known, 32), 8)
    expected = torch.zeros(8, 3, columns)
    expected[:, :, :q] = 1
    if r:
        expected[:r, :, q] = 1
    assert torch.equal(mask, expected)


def test_the_reference_is_known_frames_then_one_pose():
    known, static = torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([9.0, 8.0])
    out = compose_reference(known, static, 5)
    assert out.tolist() == [[1, 2, 9, 9, 9], [3, 4, 8, 8, 8]]
    assert compose_reference(known, static, 1).tolist() == [[1], [3]]


@pytest.mark.parametrize("channels", [192, 12 * 16])
def test_the_paper_preset_has_2_6_billion_parameters(channels):
    with torch.device("meta"):
        model = DanceDiT(preset("paper", channels, 64, 4800))
    count = sum(p.numel() for p in model.parameters())
    assert count == pytest.approx(2.6e9, rel=0.02)


def test_golden_output_of_the_debug_model():
    config = preset("debug", 12, 4, 5)
    torch.manual_seed(123)
    model = DanceDiT(config)
    g = torch.Generator().manual_seed(5)
    for p in model.parameters():
        p.data = torch.randn(p.shape, generator=g) * 0.1
    out = model(**inputs(config, seed=9))
    got = [out.mean().item(), out.std().item(), out[0, 0, 0, 0].item(), out[2, 11, 3, 7].item()]
    assert got == pytest.approx(GOLDEN, rel=1e-3, abs=1e-5)


GOLDEN = [-0.0034148607, 0.1326263994, -0.0078809615, 0.0364192873]


@pytest.mark.parametrize(
    "change", [{"heads": 5}, {"kv_heads": 4}, {"rope_axes": (8, 8, 8)}, {"patch": (3, 1)}]
)
def test_shapes_that_do_not_fit(change):
    fields = {"latent_channels": 4, "rows": 8, "music_width": 3} | change
    with pytest.raises(OptionError):
        DiTConfig(**fields)


def test_unknown_preset():
    with pytest.raises(OptionError, match="huge"):
        preset("huge", 4, 8, 3)
