from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from harness.training import optimisation as module
from harness.training.optimisation import Optimisation


class Two(nn.Module):
    """A matrix of one row and a vector of one number."""

    def __init__(self) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.tensor([[1.0, -2.0]]))
        self.vector = nn.Parameter(torch.tensor([5.0]))

    def loss(self, matrix: tuple[float, float], vector: float) -> Tensor:
        """A loss with these gradients."""
        return (self.matrix * torch.tensor([matrix])).sum() + (self.vector * vector).sum()


def rate_of(optimisation: Optimisation) -> float:
    """The learning rate, equal for all parameters."""
    (rate,) = {group["lr"] for group in optimisation.adam.param_groups}
    return float(rate)


def rate_at(step: int, **schedule: Any) -> float:
    """The learning rate that a step was taken at: Adam's first one goes as far as its rate."""
    net = Two()
    for parameter in net.parameters():
        nn.init.zeros_(parameter)
    Optimisation(net, rate=0.5, **schedule).update(step, net.loss((3.0, 0.0), -1.0))
    gone, opposite = -net.matrix.detach()[0, 0].item(), net.vector.item()
    assert gone == pytest.approx(opposite, rel=1e-5)
    return gone


@pytest.mark.parametrize(
    ("schedule", "shares"),
    [
        ({}, {0: 1.0, 10**6: 1.0}),
        (
            {"schedule": "staircase"},
            {0: 1.0, 99_999: 1.0, 100_000: 0.95, 250_000: 0.9025, 300_000: 0.857375},
        ),
        ({"schedule": "linear", "steps": 10}, {0: 1.0, 4: 1.0, 5: 1.0, 6: 0.8, 8: 0.4, 9: 0.2}),
        ({"schedule": "linear", "steps": 1}, {0: 1.0}),
        (
            {"schedule": "milestones", "milestones": (3, 7)},
            {0: 1.0, 2: 1.0, 3: 0.1, 6: 0.1, 7: 0.01, 100: 0.01},
        ),
    ],
    ids=["constant", "staircase", "linear", "linear, one step", "milestones"],
)
def test_every_step_is_taken_at_its_rate(
    schedule: dict[str, Any], shares: dict[int, float]
) -> None:
    found = {step: rate_at(step, **schedule) for step in shares}
    assert found == pytest.approx({step: 0.5 * share for step, share in shares.items()}, rel=1e-4)


def test_on_a_plateau_the_rate_falls_to_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLATEAU_STEPS", 2)
    net = Two()
    optimisation = Optimisation(net, rate=1e-3, schedule="plateau")
    seen = []
    for step in range(46):
        # The means of two are all 2, whatever the loss does.
        error = torch.tensor([1.0, 3.0][step % 2])
        optimisation.update(step, (step + 1.0) * net.loss((1.0, 1.0), 1.0), error=error)
        seen.append(rate_of(optimisation))
    # The first look sets the best; the eleventh after it without a better one is the twelfth.
    assert seen == pytest.approx([1e-3] * 23 + [1e-4] * 22 + [1e-5])


def test_a_falling_loss_keeps_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PLATEAU_STEPS", 1)
    net = Two()
    optimisation = Optimisation(net, rate=1e-3, schedule="plateau")
    for step in range(40):
        optimisation.update(step, 0.0 * net.loss((1.0, 1.0), 1.0) + 0.999**step)
    assert rate_of(optimisation) == 1e-3


def clipped(bound: str, matrix: tuple[float, float], vector: float) -> list[float]:
    """The gradients that Adam was given."""
    net = Two()
    optimisation = Optimisation(net, rate=0.1, bound=bound, weight_decay=10.0)  # type: ignore[arg-type]
    optimisation.update(0, net.loss(matrix, vector))
    assert net.matrix.grad is not None
    assert net.vector.grad is not None
    return [*net.matrix.grad[0].tolist(), *net.vector.grad.tolist()]


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ("none", [3.0, 4.0, -12.0]),
        ("tensor", [0.6, 0.8, -1.0]),
        ("global", [3 / 13, 4 / 13, -12 / 13]),
    ],
)
def test_gradients_are_cut_to_norm_one(bound: str, expected: list[float]) -> None:
    assert clipped(bound, (3.0, 4.0), -12.0) == pytest.approx(expected)


@pytest.mark.parametrize("bound", ["tensor", "global"])
@pytest.mark.parametrize("values", [(0.3, 0.4, -0.5), (0.0, 0.0, 0.0)], ids=["small", "zero"])
def test_small_gradients_stay(bound: str, values: tuple[float, float, float]) -> None:
    across, down, vector = values
    assert clipped(bound, (across, down), vector) == pytest.approx(list(values))


def test_each_tensor_is_cut_on_its_own() -> None:
    assert clipped("tensor", (0.3, 0.4), 7.0) == pytest.approx([0.3, 0.4, 1.0])


def test_a_parameter_without_a_gradient_is_passed_over() -> None:
    net = Two()
    optimisation = Optimisation(net, rate=0.1, bound="global")
    optimisation.update(0, (net.matrix * 4.0).sum())
    assert net.matrix.grad is not None
    assert net.matrix.grad[0].tolist() == pytest.approx([0.5**0.5, 0.5**0.5])
    assert net.vector.tolist() == [5.0]


def test_only_matrices_and_convolutions_decay() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Flatten(), nn.Linear(1, 1))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(3.0)
    optimisation = Optimisation(net, rate=0.1, weight_decay=0.5)
    # Every gradient of this loss is 2; Adam's first mean is a tenth of what it was given.
    optimisation.update(0, sum(2.0 * parameter.sum() for parameter in net.parameters()))
    given = {
        name: float(10.0 * optimisation.adam.state[parameter]["exp_avg"].flatten()[0])
        for name, parameter in net.named_parameters()
    }
    decayed = {"0.weight", "3.weight"}
    expected = {name: 2.0 + 0.5 * 3.0 * (name in decayed) for name in given}
    assert given == pytest.approx(expected, rel=1e-5)


def test_the_decay_is_not_cut() -> None:
    net = Two()
    optimisation = Optimisation(net, rate=0.1, weight_decay=10.0, bound="global")
    optimisation.update(0, 0.0 * net.loss((1.0, 1.0), 1.0))
    given = 10.0 * optimisation.adam.state[net.matrix]["exp_avg"]
    torch.testing.assert_close(given, torch.tensor([[10.0, -20.0]]))


def test_frozen_parameters_are_not_trained() -> None:
    net = Two()
    net.vector.requires_grad_(False)
    Optimisation(net, rate=0.1).update(0, net.loss((1.0, 1.0), 1.0))
    assert net.vector.tolist() == [5.0]
    assert net.matrix.detach()[0].tolist() == pytest.approx([0.9, -2.1])


def saved_and_read(state: dict[str, Any]) -> dict[str, Any]:
    """A state through a file, as a checkpoint does it."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    found: dict[str, Any] = torch.load(file, weights_only=True)
    return found


@pytest.mark.parametrize("schedule", ["plateau", "milestones"])
@pytest.mark.parametrize("kill", [1, 5, 29, 30, 31])
def test_a_resumed_training_goes_on_to_the_last_bit(
    schedule: str, kill: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PLATEAU_STEPS", 2)
    given: dict[str, Any] = {"rate": 0.01, "schedule": schedule, "milestones": (20,)}
    given |= {"weight_decay": 0.1, "bound": "global"}

    def learn(net: Two, optimisation: Optimisation, steps: range) -> None:
        for step in steps:
            target = (0.3 if step % 3 else -0.4) * net.matrix.sum() + net.vector.sum().square()
            optimisation.update(step, target, error=torch.tensor(1.0 + (step % 2)))

    expected = Two()
    whole = Optimisation(expected, **given)
    learn(expected, whole, range(60))
    first, second = Two(), Two()
    interrupted, resumed = Optimisation(first, **given), Optimisation(second, **given)
    learn(first, interrupted, range(kill))
    second.load_state_dict(saved_and_read(first.state_dict()))
    resumed.load_state_dict(saved_and_read(interrupted.state_dict()))
    learn(second, resumed, range(kill, 60))
    assert torch.equal(second.matrix, expected.matrix)
    assert torch.equal(second.vector, expected.vector)
    assert rate_of(resumed) == rate_of(whole) != 0.01
