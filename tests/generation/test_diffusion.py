import numpy as np
import pytest
import torch

from hotfoot.model.generator import Conditions, Poses, SamplingOptions
from hotfoot.music.encoders import SpectralEncoder
from hotfoot.pose.references import figure_pose
from tests.helpers.models import untrained_model


@pytest.mark.parametrize(("scale", "expected"), [(1.0, 3), (0.0, 1), (2.0, 5)])
def test_guidance_goes_from_the_unconditional_past_the_conditional_prediction(scale, expected):
    model = untrained_model()

    def network(x, t, reference, mask, music, drop, *rest):
        return torch.where(drop[:, None, None, None], 1.0, 3.0).expand_as(x)

    model.dit.forward = network
    tokens = np.zeros((8, SpectralEncoder.width), np.float32)
    known = Poses(np.zeros((2, 0, 18, 2), np.float32), np.zeros((2, 0, 18), np.float32))
    sampled = model.sample(
        Conditions(None, tokens, figure_pose("average")), model.plan(64)[0], known,
        SamplingOptions(variations=2, steps=1, guidance=scale), None, lambda *_: None,
    )  # fmt: skip
    assert len(sampled.latent) == 2
    torch.testing.assert_close(sampled.latent, torch.full_like(sampled.latent, expected))
