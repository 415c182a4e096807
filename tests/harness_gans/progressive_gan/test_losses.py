"""Losses of the critic by hand."""

import pytest
import torch

from harness_gans.adversarial_losses import gradient_penalty
from harness_gans.progressive_gan.losses import between, drift, wasserstein_loss


def test_wasserstein_loss_and_drift_by_hand():
    real, fake = torch.tensor([3.0, 1.0]), torch.tensor([-1.0, 0.0])
    assert wasserstein_loss(real, fake).item() == pytest.approx(-2.5)
    assert drift(real).item() == pytest.approx(5.0)


def test_penalty_on_the_slope_of_three_and_four():
    seen = torch.zeros(2, 2, 1, 1, requires_grad=True)
    values = 3 * seen[:, 0, 0, 0] + 4 * seen[:, 1, 0, 0]
    assert 10 * gradient_penalty(seen, values, "one_centred").item() == pytest.approx(160.0)


def test_mixtures_lie_anywhere_between_one_place_for_each_pair():
    real, fake = torch.zeros(2000, 3, 2, 2), torch.ones(2000, 3, 2, 2)
    got = between(real, fake, torch.Generator().manual_seed(0))
    places = got[:, 0, 0, 0]
    assert torch.equal(got, places[:, None, None, None].expand_as(got))
    assert places.min() < 0.01
    assert places.max() > 0.99
    assert places.mean().item() == pytest.approx(0.5, abs=0.02)
