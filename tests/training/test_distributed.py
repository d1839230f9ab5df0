"""Training on two processes is training on one, and checkpoints move between them."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from hotfoot.cli.main import main
from hotfoot.errors import OptionError
from hotfoot.generation.generator import load_diffusion
from hotfoot.model.dit import DanceDiT
from hotfoot.model.network_config import preset
from hotfoot.training.distributed import Processes, plan_memory


def arguments(data, out, steps, *more):
    return ["train", "dancer", "debug", "--motion", str(data / "motion"), "--music",
            str(data / "music"), "--out", str(out), "--steps", str(steps), "--vae", "raw",
            "--set", "composed=0", *more]  # fmt: skip


def train(*how):
    assert main(arguments(*how)) == 0


def run_beside(alone, folder, data, *more):
    """The same run in two processes, with the same shards; what they print."""
    folder.mkdir()
    shutil.copy(alone / "run.json", folder)
    (folder / "shards").symlink_to(alone / "shards")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
                "2", "-m", "hotfoot"]  # fmt: skip
    done = subprocess.run(
        [*torchrun, *arguments(data, folder, 4, *more)], capture_output=True, text=True, timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def losses(out):
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return {r["step"]: r for r in rows if "loss" in r}


def weights(out):
    return load_file(out / "checkpoint.safetensors")


def apart(a, b, part):
    """Distance of two runs' tensors over their size: about 1.4 for unrelated ones."""
    names = [k for k in a if k.endswith(part)]
    assert a.keys() == b.keys()
    assert names
    flat = [torch.cat([x[k].float().flatten() for k in names]) for x in (a, b)]
    return float((flat[0] - flat[1]).norm() / flat[1].norm())


@pytest.fixture(scope="module")
def alone(training_data, tmp_path_factory):
    """A run of 4 steps in one process."""
    out = tmp_path_factory.mktemp("runs") / "alone"
    train(training_data, out, 4)
    return out


def check_alike(found, alone):
    one, two = losses(alone)[4], losses(found)[4]
    assert two["loss"] == pytest.approx(one["loss"], rel=0.01)
    assert two["grad_norm"] == pytest.approx(one["grad_norm"], rel=0.03)
    assert apart(weights(found), weights(alone), ".exp_avg") < 0.1
    assert apart(weights(found), weights(alone), ".exp_avg_sq") < 0.2
    assert len(load_diffusion(found / "model").config.latent_mean) == 16
    rows = [json.loads(s) for s in (found / "metrics.jsonl").read_text().splitlines()]
    assert "held_out" in rows[-1]


def test_two_processes_with_sharded_weights_learn_what_one_does(
    training_data, alone, tmp_path, capsys
):
    sharded, longer = tmp_path / "sharded", tmp_path / "longer"
    said = run_beside(alone, sharded, training_data, "--shard-weights")
    assert said.count("model") == 1, "one process talks"
    check_alike(sharded, alone)
    # A checkpoint goes on with another number of processes.
    capsys.readouterr()
    shutil.copytree(alone, longer)
    train(training_data, sharded, 6)
    train(training_data, longer, 6)
    assert losses(sharded)[6]["loss"] == pytest.approx(losses(longer)[6]["loss"], rel=0.02)
    assert apart(weights(sharded), weights(longer), ".exp_avg") < 0.1
    assert apart(weights(sharded), weights(longer), ".exp_avg_sq") < 0.2
    assert apart(weights(alone), weights(longer), ".exp_avg") > 0.2, "moments tell steps apart"


@pytest.mark.slow
def test_two_processes_with_whole_weights_learn_what_one_does(training_data, alone, tmp_path):
    run_beside(alone, tmp_path / "both", training_data)
    check_alike(tmp_path / "both", alone)


def test_batches_are_divided_equally():
    parts = [Processes(r, 4).rows(32) for r in range(4)]
    assert [i for p in parts for i in range(p.start, p.stop)] == list(range(32))
    with pytest.raises(OptionError, match="divided among 3"):
        Processes(0, 3).rows(32)
    assert Processes().mean({"a": 1.0}) == {"a": 1.0}


def test_wrong_settings_are_named(tmp_path, capsys):
    for wrong, said in (("batch=0", "batch is 0"), ("network.depth=x", "network.depth is 'x'"),
                        ("colour=red", "colour is no known field"), ("batch", "FIELD=VALUE")):  # fmt: skip
        assert main(["train", "dancer", "debug", "--out", str(tmp_path / "o"), "--set", wrong]) == 2
        assert said in capsys.readouterr().err


def test_sharding_needs_processes(tmp_path, capsys):
    arguments = ["train", "dancer", "debug", "--out", str(tmp_path / "o"), "--shard-weights"]
    assert main(arguments) == 2
    assert "torchrun" in capsys.readouterr().err


def test_memory_of_the_papers_size_is_planned_without_allocating(tmp_path, capsys):
    assert main(["train", "plan", "paper", "--gpus", "8", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 2.5e9 < found["parameters"] < 2.7e9
    assert found["weights"] == 20 * found["parameters"] // 8
    assert 20 * 2**30 < found["bytes_per_gpu"] < 80 * 2**30
    assert main(["train", "plan", "paper", "--gpus", "7"]) == 2
    assert "multiple" in capsys.readouterr().err
    assert main(["train", "plan", "paper", "--gpus", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weights"] == 8 * found["weights"]
    assert main(["train", "plan", "edge"]) == 2
    (tmp_path / "mine.json").write_text('{"preset": "mini", "batch": 64}')
    assert main(["train", "plan", str(tmp_path / "mine.json"), "--gpus", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["samples_per_gpu"] == 16
    assert main(["train", "plan", "paper", "--gpus", "0"]) == 2


def test_planned_weights_are_those_of_a_real_network():
    with torch.device("meta"):
        thin = DanceDiT(preset("debug", 144, 8, 55))
    real = DanceDiT(preset("debug", 144, 8, 55))
    count = sum(p.numel() for p in real.parameters())
    plan = plan_memory(thin, 2, 64, 64, 2)
    assert plan.parameters == count
    assert plan.weights == 10 * count
    blocks = sum(len(m) for m in real.modules() if isinstance(m, torch.nn.ModuleList))
    assert plan.activations == blocks * 64 * (34 * 64 + 5 * 2 * 64)
    assert plan.total(3) == plan.weights + plan.largest_block + 3 * plan.activations
