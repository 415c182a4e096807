from __future__ import annotations

import pytest
import torch
from torch import nn

from harness.training.averaging import Averaged


def test_the_average_follows_the_formula() -> None:
    net = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        net.weight.copy_(torch.tensor([[1.0, -2.0]]))
    averaged = Averaged(net, decay=0.9)
    for target, expected in (([3.0, 0.0], [1.2, -1.8]), ([0.0, 10.0], [1.08, -0.62])):
        with torch.no_grad():
            net.weight.copy_(torch.tensor([target]))
        averaged.update(net)
        torch.testing.assert_close(averaged.module.weight, torch.tensor([expected]))


def test_a_decay_of_zero_copies() -> None:
    net = nn.Linear(3, 2)
    averaged = Averaged(net, decay=0.0)
    nn.init.normal_(net.weight, generator=torch.Generator().manual_seed(0))
    averaged.update(net)
    assert torch.equal(averaged.module.weight, net.weight)


def test_buffers_are_copied_not_averaged() -> None:
    net = nn.BatchNorm1d(1)
    averaged = Averaged(net, decay=0.99)
    net(torch.tensor([[4.0], [8.0]]))
    averaged.update(net)
    assert torch.equal(averaged.module.running_mean, net.running_mean)
    assert int(averaged.module.num_batches_tracked) == 1


def test_the_copy_learns_nothing_and_is_in_evaluation() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    averaged = Averaged(net, decay=0.5)
    assert not averaged.module.training
    assert not any(p.requires_grad for p in averaged.module.parameters())
    assert net.training
    assert all(p.requires_grad for p in net.parameters())


def test_the_copy_shares_no_memory() -> None:
    net = nn.Linear(2, 2)
    averaged = Averaged(net, decay=0.5)
    before = averaged.module.weight.clone()
    with torch.no_grad():
        net.weight.add_(1)
    assert torch.equal(averaged.module.weight, before)


@pytest.mark.parametrize("decay", [0.1, 0.999])
def test_the_state_can_be_restored(decay: float) -> None:
    net = nn.Linear(2, 2)
    averaged = Averaged(net, decay)
    with torch.no_grad():
        net.weight.add_(1)
    averaged.update(net)
    other = Averaged(nn.Linear(2, 2), decay)
    other.load_state_dict(averaged.state_dict())
    assert torch.equal(other.module.weight, averaged.module.weight)
