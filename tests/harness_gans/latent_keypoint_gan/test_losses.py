"""Losses against values computed by hand."""

from types import SimpleNamespace

import pytest
import torch

from harness_gans.adversarial_losses import gradient_penalty
from harness_gans.latent_keypoint_gan.losses import (
    ADVERSARIAL,
    background_loss,
    keypoint_distance,
    recovery_loss,
)


def a_pair(difference):
    """Two poses of 1 x 2 pixels; the first has a partner. The keypoints cover 1/2 and none."""
    images = torch.zeros(3, 3, 1, 2)
    images[2, 0, 0] = torch.tensor(difference)
    images[1] = 0.7
    foreground = torch.tensor([[[[0.5, 0.0]]], [[[1.0, 1.0]]]])
    return SimpleNamespace(images=images, foreground=foreground)


@pytest.mark.parametrize(
    ("norm", "expected"), [("squared", (0.5 * 0.8) ** 2 / 6), ("absolute", 0.5 * 0.8 / 6)]
)
def test_background_loss_of_equation_9_by_hand(norm, expected):
    # The second pixel differs too, but no keypoint covers it.
    loss = background_loss(a_pair([0.8, 1.6]), norm)
    assert loss.item() == pytest.approx(expected)


def test_background_loss_is_zero_for_one_background(tiny, drawn_generator, noise):
    config = tiny()
    generator = drawn_generator(config)
    given = noise(config, partners=4)
    given.background[4:] = given.background[:4]
    assert background_loss(generator(given), "squared").item() == 0.0
    assert background_loss(generator(noise(config, partners=4)), "squared").item() > 1e-5


def test_background_loss_reaches_the_keypoints_through_the_mask(tiny, drawn_generator, noise):
    config = tiny()
    drawn = drawn_generator(config)(noise(config, partners=4))
    held = SimpleNamespace(images=drawn.images.detach(), foreground=drawn.foreground)
    (slope,) = torch.autograd.grad(background_loss(held, "squared"), drawn.latents.points)
    assert slope.abs().max() > 0


def test_ablation_trains_with_hinge_losses():
    real, fake = torch.tensor([0.5]), torch.tensor([-0.25])
    generator, discriminator = ADVERSARIAL["hinge"]
    assert generator(fake).item() == pytest.approx(0.25)
    assert discriminator(real, fake).item() == pytest.approx(0.75 + 0.5)
    generator, discriminator = ADVERSARIAL["logistic"]
    assert generator(torch.zeros(1)).item() == pytest.approx(0.6931, abs=1e-4)
    assert discriminator(torch.zeros(1), torch.zeros(1)).item() == pytest.approx(1.3863, abs=1e-4)


def test_r1_of_a_linear_discriminator_is_the_square_of_its_slope():
    weight = torch.tensor([1.0, -2.0, 2.0]).view(1, 3, 1, 1)
    real = torch.rand(5, 3, 2, 2, requires_grad=True)
    logits = (weight * real).sum(dim=(1, 2, 3))
    # Four pixels with 1 + 4 + 4 each.
    assert gradient_penalty(real, logits, "r1").item() == pytest.approx(36.0)
    assert gradient_penalty(real, logits, "one_centred").item() == pytest.approx(25.0)


def test_keypoint_distance_is_the_mean_over_pairs():
    points = torch.tensor([[[0.0, 0.0], [0.3, 0.4], [0.0, 0.0]]])
    assert keypoint_distance(points).item() == pytest.approx((0.5 + 0.5 + 0.0) / 3)
    assert keypoint_distance(points[:, :1]).item() == 0.0


def test_recovery_is_a_squared_distance_that_does_not_move_the_target():
    found = torch.tensor([[[0.3, 0.0], [0.0, 0.4]]], requires_grad=True)
    points = torch.zeros(1, 2, 2, requires_grad=True)
    loss = recovery_loss(found, points)
    assert loss.item() == pytest.approx((0.09 + 0.16) / 2)
    loss.backward()
    assert points.grad is None
    assert found.grad.abs().sum() > 0
