"""Tiny ONNX networks with the signatures of yolox_l.onnx and dw-ll_ucoco_384.onnx.

The detector always finds the people that it was made with; the pose network finds every joint where
a dot of its color is painted.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)
JOINTS = 17


def colors():
    """One bright RGB color per joint, far apart from each other."""
    levels = [0, 85, 170, 255]
    grid = [(r, g, b) for r in levels for g in levels for b in levels if r + g + b > 200 and r != b]
    return np.random.default_rng(1).permutation(np.array(grid, np.float32))[:JOINTS]


def save_yolox(path, people, size=640):
    """``people``: (x1, y1, x2, y2, score, class) in pixels of the letterboxed input."""
    anchors = sum((size // stride) ** 2 for stride in (8, 16, 32))
    raw = np.zeros((1, max(len(people), 1), 85), np.float32)
    for i, (x1, y1, x2, y2, score, kind) in enumerate(people):  # on anchor cell (i, 0), stride 8
        raw[0, i, :4] = (
            (x1 + x2) / 16 - i,
            (y1 + y2) / 16,
            np.log((x2 - x1) / 8),
            np.log((y2 - y1) / 8),
        )
        raw[0, i, 4] = 1
        raw[0, i, 5 + kind] = score
    constants = {
        "found": raw,
        "zero": np.float32(0),
        "pads": np.array([0, 0, 0, 0, anchors - raw.shape[1], 0], np.int64),
    }
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["found", "nothing"], ["few"]),
        helper.make_node("Pad", ["few", "pads"], ["output"]),
    ]
    _save(path, nodes, constants, [("images", [1, 3, size, size])], [("output", [1, anchors, 85])])


def save_pose(path, size=(288, 384), joints=JOINTS):
    """SimCC outputs (N, joints, 2 W) and (N, joints, 2 H); joint i is found at color i % 17."""
    width, height = size
    wanted = (colors()[np.arange(joints) % JOINTS] - MEAN) / STD
    constants = {
        "line": (2 * wanted).reshape(-1, 3, 1, 1).astype(np.float32),
        "offset": -(wanted**2).sum(1).astype(np.float32),
        "sharp": np.float32(8),
        "double": np.array([1, 1, 2], np.float32),
    }
    nearest = {
        "mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["input", "line", "offset"], ["likeness"]),
        helper.make_node("ReduceSumSquare", ["input"], ["square"], axes=[1], keepdims=1),
        helper.make_node("Sub", ["likeness", "square"], ["distance"]),
        helper.make_node("Mul", ["distance", "sharp"], ["sharpened"]),
        helper.make_node("Exp", ["sharpened"], ["heat"]),
        helper.make_node("AveragePool", ["heat"], ["smooth"], kernel_shape=[7, 7], pads=[3] * 4),
        helper.make_node("ReduceMax", ["smooth"], ["columns"], axes=[2], keepdims=0),
        helper.make_node("ReduceMax", ["smooth"], ["rows"], axes=[3], keepdims=0),
        helper.make_node("Resize", ["columns", "", "double"], ["simcc_x"], **nearest),
        helper.make_node("Resize", ["rows", "", "double"], ["simcc_y"], **nearest),
    ]
    outputs = [
        ("simcc_x", ["batch", joints, 2 * width]), ("simcc_y", ["batch", joints, 2 * height])
    ]  # fmt: skip
    _save(path, nodes, constants, [("input", ["batch", 3, height, width])], outputs)


def _save(path, nodes, constants, inputs, outputs):
    def value(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(
        nodes, "test", [value(*i) for i in inputs], [value(*o) for o in outputs],
        [numpy_helper.from_array(v, k) for k, v in constants.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)
