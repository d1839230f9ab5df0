import os

# One thread for each test process: two processes with two threads each wait for one another, and
# sums in another order may send the path of a coordinate another way.
os.environ["OMP_NUM_THREADS"] = "1"

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
    from hotfoot.generation.generator import save_diffusion
    from tests.helpers.models import untrained_model

    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_diffusion(untrained_model(), folder, "# tiny\n")
    return folder


@pytest.fixture(scope="session")
def training_data(tmp_path_factory):
    """Motion and songs, as few as can be split; one song has terms of use."""
    from tests.helpers.clips import write_training_data

    folder = write_training_data(tmp_path_factory.mktemp("training"))
    (folder / "music" / "manifest.csv").write_text("file,license\n0.wav,CC0\n")
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
