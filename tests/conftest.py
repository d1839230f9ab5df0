import os

# One thread for each of several test processes, two for one alone.
os.environ.setdefault("OMP_NUM_THREADS", "1" if "PYTEST_XDIST_WORKER" in os.environ else "2")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "hotfoot", max_examples=15, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
settings.load_profile("hotfoot")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared():
    if not SHARED.is_dir():
        pytest.skip("the project's shared data is not here")
    return SHARED


@pytest.fixture(scope="session")
def song(tmp_path_factory):
    """Twelve seconds at 120 BPM."""
    from hotfoot.music.synthesis import compose

    path = tmp_path_factory.mktemp("songs") / "song.wav"
    compose(12.0, 120.0, seed=4, style="house").save(path)
    return path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """A folder with an untrained model: everything works, nothing dances."""
    import torch

    from hotfoot.model.checkpoint import DanceModel, ModelConfig, Sampling, save_model
    from hotfoot.model.codec import CodecConfig
    from hotfoot.model.config import preset
    from hotfoot.model.dit import DanceDiT
    from hotfoot.model.vae import LineVAE, LineVAEConfig
    from hotfoot.music.encoders import SpectralEncoder

    torch.manual_seed(0)
    vae = LineVAE(LineVAEConfig(width=16, blocks=1))
    dit = DanceDiT(preset("debug", 36 * 4, 8, SpectralEncoder.width))
    torch.nn.init.normal_(dit.pose_out.weight, std=0.05)
    config = ModelConfig(
        name="tiny", skeleton="body-18", fps=30.0, frames=64, overlap=16, codec=CodecConfig(),
        vae={"kind": "lines", "width": 16, "blocks": 1}, dit=dit.config, music="spectral-1",
        latent_mean=(0.0,) * 4, latent_std=(1.0,) * 4, sampling=Sampling(steps=2),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_model(DanceModel(config, vae, dit), folder, "# tiny\n")
    return folder


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    """A folder as a user of DWPose has it."""
    pytest.importorskip("onnx")
    pytest.importorskip("rtmlib")
    from tests.helpers.networks import save_pose, save_yolox

    folder = tmp_path_factory.mktemp("weights")
    people = [(40, 15, 120, 155, 0.9, 0), (0, 0, 25, 25, 0.9, 16)]
    save_yolox(folder / "yolox_l.onnx", people, 160)
    save_pose(folder / "dw-ll_ucoco_384.onnx", (144, 192))
    return folder


@pytest.fixture
def poses():
    from tests.helpers.poses import walker

    return walker()
