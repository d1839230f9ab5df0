import math

import pytest
import torch

from hotfoot.errors import OptionError
from hotfoot.model import flow as path
from hotfoot.model.config import Sampling
from hotfoot.model.flow import schedule, solve


def test_the_derivative_of_the_path_is_the_velocity():
    data, noise = torch.randn(3, 4, dtype=torch.double), torch.randn(3, 4, dtype=torch.double)
    t = torch.tensor([0.2, 0.5, 0.8], dtype=torch.double)
    h = 1e-6
    slope = (path.interpolate(data, noise, t + h) - path.interpolate(data, noise, t - h)) / (2 * h)
    torch.testing.assert_close(slope, noise - data, rtol=1e-6, atol=1e-6)


def test_velocity_and_data_predictions_agree():
    data, noise = torch.randn(5, 4), torch.randn(5, 4)
    t = torch.linspace(0.1, 1.0, 5)
    x = path.interpolate(data, noise, t)
    v = path.velocity_from_data(x, data, t)
    torch.testing.assert_close(v, noise - data, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("method", "order"), [("euler", 1), ("midpoint", 2), ("heun", 2)])
def test_solvers_converge_with_their_order(method, order):
    """dx/dt = x cos t from t = 2 to 0.5 has the solution x0 exp(sin 0.5 - sin 2)."""
    exact = math.exp(math.sin(0.5) - math.sin(2.0))
    errors = []
    for steps in (20, 40):
        times = [2.0 + (0.5 - 2.0) * i / steps for i in range(steps + 1)]
        x = solve(lambda x, t: x * math.cos(t), torch.ones(1, dtype=torch.double), times, method)
        errors.append(abs(x.item() - exact))
    assert math.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.15)


def test_a_straight_flow_is_solved_in_one_step():
    data, noise = torch.randn(7), torch.randn(7)
    for method in ("euler", "midpoint", "heun"):
        out = solve(lambda x, t: noise - data, noise, (1.0, 0.0), method)
        torch.testing.assert_close(out, data)


@pytest.mark.parametrize("shift", [0.5, 1.0, 3.0])
def test_schedules_run_from_noise_to_data(shift):
    times = schedule(10, shift)
    assert len(times) == 11
    assert (times[0], times[-1]) == (1.0, 0.0)
    assert all(a > b for a, b in zip(times[:-1], times[1:], strict=True))
    assert (times[5] > 0.5) == (shift > 1)


@pytest.mark.parametrize(
    "wrong", [{"steps": 0}, {"steps": -3}, {"steps": 10**6}, {"shift": 0.0}, {"solver": "rk45"}]
)
def test_a_model_cannot_like_nonsense(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Sampling(**wrong)


def test_training_times_lean_to_noise_and_repeat():
    t = path.sample_times(20_000, torch.Generator().manual_seed(0), mean=0.4)
    assert ((t > 0) & (t < 1)).all()
    assert t.median().item() == pytest.approx(torch.sigmoid(torch.tensor(0.4)).item(), abs=0.01)
    again = path.sample_times(20_000, torch.Generator().manual_seed(0), mean=0.4)
    assert torch.equal(t, again)


def test_the_less_a_draft_leads_the_more_is_smoothed():
    both = Sampling(smoothing_s=0.08, smoothing_draft_s=0.02)
    assert [both.smoothing(d) for d in (0.0, 0.5, 1.0)] == pytest.approx([0.08, 0.05, 0.02])
    assert Sampling(smoothing_s=0.08).smoothing(0.7) == pytest.approx(0.08)
