"""Adversarial losses and penalties against values computed by hand."""

import math

import pytest
import torch

from harness_gans.adversarial_losses import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    hinge_generator_loss,
)


def test_logistic_losses():
    real, fake = torch.tensor([1.0, -2.0]), torch.tensor([0.5, 0.0])
    expected = (math.log(1 + math.exp(-0.5)) + math.log(2)) / 2
    assert generator_loss(fake).item() == pytest.approx(expected)
    expected = (math.log(1 + math.exp(0.5)) + math.log(2)) / 2
    expected += (math.log(1 + math.exp(-1)) + math.log(1 + math.exp(2))) / 2
    assert discriminator_loss(real, fake).item() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("kind", "expected"), [("r1", (9 + 25) / 2), ("one_centred", (4 + 16) / 2)]
)
def test_penalties_of_a_linear_discriminator_are_those_of_its_slope(kind, expected):
    slopes = torch.zeros(2, 3, 1, 2)
    slopes[0, 2, 0, 1], slopes[1, 0, 0, 0], slopes[1, 1, 0, 0] = 3.0, 4.0, -3.0
    real = torch.rand(2, 3, 1, 2, requires_grad=True)
    logits = (slopes * real).sum(dim=(1, 2, 3))
    assert gradient_penalty(real, logits, kind).item() == pytest.approx(expected)


def test_penalty_can_be_differentiated_again():
    weight = torch.tensor(2.0, requires_grad=True)
    real = torch.ones(1, 3, 1, 1, requires_grad=True)
    gradient_penalty(real, (weight * real).sum(dim=(1, 2, 3)), "r1").backward()
    assert weight.grad.item() == pytest.approx(3 * 2 * 2.0)


def test_hinge_losses_end_at_one():
    real, fake = torch.tensor([0.5, 3.0]), torch.tensor([-4.0, 0.25])
    assert hinge_generator_loss(fake).item() == pytest.approx(1.875)
    expected = (0.0 + 1.25) / 2 + (0.5 + 0.0) / 2
    assert hinge_discriminator_loss(real, fake).item() == pytest.approx(expected)
