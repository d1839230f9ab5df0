import json

import numpy as np
import pytest

from hotfoot.cli.main import main
from hotfoot.errors import EvaluationError, InputError
from hotfoot.evaluation.realism import frechet
from hotfoot.evaluation.video import FeatureNetwork, NetworkInput, clips, video_features
from hotfoot.render.video import write_video

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def network(path, frames, features=4, size=16):
    """Convolution, ReLU, mean over all places: a small network of pictures or of clips."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    dims = 3 if frames > 1 else 2
    kernel = rng.normal(0, 1, (features, 3, *[3] * dims)).astype(np.float32)
    shape = [1, 3, frames, size, size] if frames > 1 else [1, 3, size, size]
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["h"], pads=[1] * (2 * dims)),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("GlobalAveragePool", ["r"], ["y"]),
        ],
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, features, *[1] * dims])],
        [numpy_helper.from_array(kernel, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    made.ir_version = 8
    onnx.save(made, path)
    return kernel


def movie(path, seed, bright=255, frames=24):
    rng = np.random.default_rng(seed)
    at = rng.integers(8, 40, 2)
    pictures = []
    for t in range(frames):
        picture = np.zeros((64, 64, 3), np.uint8)
        x = int(at[0] + 8 * np.sin(t / 3 + seed))
        picture[at[1] : at[1] + 12, x : x + 12] = bright
        pictures.append(picture)
    write_video(pictures, frames, 30.0, path)
    return path


def test_features_are_what_the_network_computes(tmp_path):
    kernel = network(tmp_path / "n.onnx", 1)
    net = FeatureNetwork(tmp_path / "n.onnx", NetworkInput(16, 1, 0.0, 1.0))
    picture = np.random.default_rng(1).integers(0, 255, (1, 16, 16, 3), np.uint8)
    x = np.pad(picture[0].transpose(2, 0, 1) / 255, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
    expected = np.maximum(np.einsum("chwij,fcij->fhw", windows, kernel), 0).mean(axis=(1, 2))
    np.testing.assert_allclose(net(picture), expected, rtol=1e-4)


@pytest.mark.parametrize("frames", [1, 8])
def test_alike_videos_are_near_and_others_far(tmp_path, frames):
    network(tmp_path / "n.onnx", frames)
    net = FeatureNetwork(tmp_path / "n.onnx", NetworkInput(16, frames))
    a = video_features([movie(tmp_path / f"a{i}.mp4", i) for i in range(4)], net)
    b = video_features([movie(tmp_path / f"b{i}.mp4", i + 10) for i in range(4)], net)
    c = video_features([movie(tmp_path / f"c{i}.mp4", i, bright=90) for i in range(4)], net)
    assert a.shape == (4 * (24 // frames), 4)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) < 0.3 * frechet(a, c)


def test_the_command_prints_the_distance(tmp_path, capsys):
    network(tmp_path / "n.onnx", 8)
    (tmp_path / "real").mkdir()
    for i in range(3):
        movie(tmp_path / "real" / f"{i}.mp4", i)
    made = [str(movie(tmp_path / f"m{i}.mp4", i + 5)) for i in range(3)]
    arguments = ["evaluate", "videos", *made, "--real", str(tmp_path / "real"), "--network",
                 str(tmp_path / "n.onnx"), "--network-size", "16", "--clip-frames", "8"]  # fmt: skip
    assert main([*arguments, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["clips"] == [9, 9]
    assert found["frechet"] >= 0
    assert main(arguments[:-4]) == 2, "the size must be given as exported"
    assert "network-size" in capsys.readouterr().err
    assert main(["evaluate", "videos", *made, "--network", str(tmp_path / "n.onnx")]) == 2
    assert "--real" in capsys.readouterr().err


def test_bad_networks_and_videos(tmp_path):
    (tmp_path / "x.onnx").write_bytes(b"not a network")
    with pytest.raises(InputError, match="network"):
        FeatureNetwork(tmp_path / "x.onnx", NetworkInput())
    with pytest.raises(InputError, match="no such file"):
        FeatureNetwork(tmp_path / "y.onnx", NetworkInput())
    (tmp_path / "v.mp4").write_bytes(b"no")
    with pytest.raises(InputError, match="video"):
        list(clips(tmp_path / "v.mp4", 4))
    network(tmp_path / "n.onnx", 8)
    net = FeatureNetwork(tmp_path / "n.onnx", NetworkInput(16, 8))
    with pytest.raises(EvaluationError, match="clips"):
        video_features([movie(tmp_path / "short.mp4", 0, frames=9)], net)
