"""Every loss against numbers worked out by hand, and its invariances."""

import math

import pytest
import torch

from harness_autoencoders.lmdis_rep.losses import (
    concentration_loss,
    equivariance_loss,
    pixel_loss,
    separation_loss,
)

#: 2 pi e.
FACTOR = 17.0794684


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # Variances of the image: 0.01 / 0.64 and 0.04 / 0.64; their sum is 0.078125.
        ("paper", FACTOR * (0.078125**2 + 0.0)),
        # Deviations 0.1 and 0.2, mean 0.15, over 0.8.
        ("code", FACTOR * (0.1875**2 + 0.0)),
    ],
)
def test_concentration_of_one_landmark_by_hand(kind, expected):
    variances = torch.tensor([[[0.01, 0.04], [0.0, 0.0]]])
    assert concentration_loss(variances, 0.8, kind).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["paper", "code"])
def test_concentration_is_summed_over_landmarks_and_averaged_over_images(kind):
    variances = torch.rand(4, 3, 2, generator=torch.Generator().manual_seed(0)) * 0.1
    singles = [
        concentration_loss(variances[n : n + 1, k : k + 1], 0.8, kind)
        for n in range(4)
        for k in range(3)
    ]
    whole = concentration_loss(variances, 0.8, kind)
    assert torch.allclose(whole, torch.stack(singles).sum() / 4)


def test_kinds_of_concentration_grow_as_the_fourth_and_the_second_power():
    variances = torch.rand(2, 3, 2, generator=torch.Generator().manual_seed(0)) * 0.1
    for kind, power in (("paper", 4), ("code", 2)):
        wide = concentration_loss(9.0 * variances, 0.8, kind)
        assert torch.allclose(wide, 3.0**power * concentration_loss(variances, 0.8, kind))


def test_separation_of_two_landmarks_by_hand():
    """At a distance of sigma every one of the two ordered pairs counts exp(-1/2)."""
    points = torch.tensor([[[0.5, 0.5], [0.5, 0.6]]])
    assert separation_loss(points, 0.1).item() == pytest.approx(2 * math.exp(-0.5), rel=1e-5)


def test_separation_of_coinciding_landmarks_counts_every_ordered_pair():
    points = torch.full((3, 5, 2), 0.3)
    assert separation_loss(points, 0.06).item() == pytest.approx(20.0)


def test_separation_agrees_with_a_naive_loop():
    points = torch.rand(3, 4, 2, generator=torch.Generator().manual_seed(0))
    total = 0.0
    for image in points.tolist():
        for i, (x, y) in enumerate(image):
            for j, (u, v) in enumerate(image):
                if i != j:
                    total += math.exp(-((x - u) ** 2 + (y - v) ** 2) / (2 * 0.2**2))
    assert separation_loss(points, 0.2).item() == pytest.approx(total / 3, rel=1e-5)


def test_separation_pushes_neighbours_apart():
    points = torch.tensor([[[0.5, 0.5], [0.53, 0.5]]], requires_grad=True)
    separation_loss(points, 0.06).backward()
    left, right = points.grad[0]
    assert left[0] > 0 > right[0]
    assert torch.allclose(left, -right)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # A distance of (0.03, 0.04) padded edges, 0.0025 squared, over 0.8^2.
        ("paper", 0.0025 / 0.64),
        # In half edges 0.01, over 0.8 once.
        ("code", 0.01 / 0.8),
    ],
)
def test_equivariance_of_one_landmark_by_hand(kind, expected):
    points, mapped = torch.tensor([[[0.5, 0.5]]]), torch.tensor([[[0.53, 0.54]]])
    got = equivariance_loss(points, mapped, 0.8, kind).item()
    assert got == pytest.approx(expected, rel=1e-4)


def test_unit_of_the_codes_equivariance_is_three_and_a_third_times_the_papers():
    """At 80 pixels of 96: 4 r^2 / r = 3.333."""
    points, mapped = torch.rand(2, 5, 3, 2, generator=torch.Generator().manual_seed(0))
    losses = [equivariance_loss(points, mapped, 80 / 96, kind) for kind in ("code", "paper")]
    assert (losses[0] / losses[1]).item() == pytest.approx(10 / 3, rel=1e-5)


@pytest.mark.parametrize("kind", ["paper", "code"])
def test_equivariance_is_summed_over_landmarks_averaged_over_images_and_pulls_at_both_sides(kind):
    points, mapped = torch.rand(2, 4, 3, 2, generator=torch.Generator().manual_seed(0))
    points.requires_grad_(True)
    mapped.requires_grad_(True)
    loss = equivariance_loss(points, mapped, 0.8, kind)
    singles = [
        equivariance_loss(points[n : n + 1, k : k + 1], mapped[n : n + 1, k : k + 1], 0.8, kind)
        for n in range(4)
        for k in range(3)
    ]
    assert torch.allclose(loss, torch.stack(singles).sum() / 4)
    loss.backward()
    assert torch.allclose(points.grad, -mapped.grad)
    assert points.grad.abs().min() > 0


@pytest.mark.parametrize(("kind", "expected"), [("paper", 400 * 0.05), ("code", 0.5 * 0.05)])
def test_pixel_loss_of_two_images_by_hand(kind, expected):
    """One value is off by 0.1 and another by 0.3: 0.1 in total, over two images."""
    real = torch.full((2, 3, 2, 2), 0.5)
    drawn = real.clone()
    drawn[0, 1, 0, 1] += 0.1
    drawn[1, 2, 1, 1] -= 0.3
    assert pixel_loss(drawn, real, kind).item() == pytest.approx(expected, rel=1e-5)


def test_papers_pixel_loss_is_800_times_the_codes():
    drawn, real = torch.rand(2, 2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    ratio = pixel_loss(drawn, real, "paper") / pixel_loss(drawn, real, "code")
    assert ratio.item() == pytest.approx(800.0, rel=1e-5)


@pytest.mark.parametrize("kind", ["paper", "code"])
def test_gradients_are_those_of_finite_differences(kind):
    generator = torch.Generator().manual_seed(0)
    points, mapped = torch.rand(2, 2, 3, 2, generator=generator).double()
    spread = torch.rand(2, 3, 2, generator=generator).double() + 0.1
    for value in (points, mapped, spread):
        value.requires_grad_(True)
    check = torch.autograd.gradcheck
    assert check(lambda v: concentration_loss(v, 0.8, kind), spread)
    assert check(lambda p, m: equivariance_loss(p, m, 0.8, kind), (points, mapped))
    assert check(lambda p: separation_loss(p, 0.3), points)


def test_order_of_landmarks_does_not_matter():
    generator = torch.Generator().manual_seed(0)
    points, mapped, variances = torch.rand(3, 2, 5, 2, generator=generator)
    order = [3, 0, 4, 1, 2]
    assert torch.allclose(separation_loss(points[:, order], 0.1), separation_loss(points, 0.1))
    assert torch.allclose(
        concentration_loss(variances[:, order], 0.8), concentration_loss(variances, 0.8)
    )
    shuffled = equivariance_loss(points[:, order], mapped[:, order], 0.8)
    assert torch.allclose(shuffled, equivariance_loss(points, mapped, 0.8))
