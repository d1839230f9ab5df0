"""The same function on many items, whatever becomes of the workers."""

import pytest

from hotfoot.errors import HotfootError, OptionError
from hotfoot.parallel import parallel_map
from tests.helpers.workers import failing, fragile, hopeless


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_order_and_errors_are_raised(tmp_path, jobs):
    tasks = [(str(tmp_path), i, ()) for i in range(6)]
    assert list(parallel_map(fragile, tasks, jobs)) == list(range(6))
    with pytest.raises(ValueError, match="cannot do"):
        list(parallel_map(failing, [1, 2], jobs))
    assert list(parallel_map(fragile, [], jobs)) == []


@pytest.mark.parametrize(("jobs", "backend"), [(0, "local"), (1, "moon"), (0, "ray")])
def test_unknown_backends_and_too_few_jobs(jobs, backend):
    with pytest.raises(OptionError, match="local, ray; 1 or more"):
        list(parallel_map(fragile, [], jobs, backend))


def test_killed_workers_lose_nothing(tmp_path):
    tasks = [(str(tmp_path), i, (1, 4)) for i in range(8)]
    assert list(parallel_map(fragile, tasks, 2)) == list(range(8))
    assert len(list(tmp_path.glob("died-*"))) == 2
    assert len(list(tmp_path.glob("*.txt"))) == 8
    with pytest.raises(HotfootError, match="killed 4 times"):
        list(parallel_map(hopeless, [1, 2], 2))


def test_no_ray_cluster_is_a_wrong_option(monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for address in ("nonsense", "auto"):
        with pytest.raises(OptionError, match=f"no Ray cluster at {address}"):
            list(parallel_map(fragile, [1], 1, "ray", address))


def test_a_ray_cluster_whose_workers_are_killed(tmp_path):
    pytest.importorskip("ray")
    tasks = [(str(tmp_path), i, (1, 4)) for i in range(8)]
    assert list(parallel_map(fragile, tasks, 2, "ray")) == list(range(8))
    assert len(list(tmp_path.glob("died-*"))) == 2
    assert len(list(tmp_path.glob("*.txt"))) == 8
    for i in (0, 2, 3, 5, 6, 7):
        assert (tmp_path / f"{i}.txt").read_text() == f"{i}\n", "done once"
