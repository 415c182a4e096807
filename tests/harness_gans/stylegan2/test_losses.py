"""Path lengths, their penalty, and Adam for regularisers that come once in a while."""

import pytest
import torch

from harness_gans.adversarial_losses import gradient_penalty
from harness_gans.stylegan2.losses import PathPenalty, lazy_adam, path_lengths


def test_path_length_of_a_linear_generator_by_hand():
    """Images of one pixel: image = M (w_1 + w_2), so |J^T y|^2 = mean of twice |M^T y|^2."""
    source = torch.Generator().manual_seed(0)
    matrix = torch.randn(3, 5, generator=source, dtype=torch.float64)
    w = torch.randn(4, 2, 5, generator=source, dtype=torch.float64).requires_grad_()
    images = (w.sum(dim=1) @ matrix.T)[:, :, None, None]
    got = path_lengths(images, w, torch.Generator().manual_seed(7))
    directions = torch.randn(4, 3, 1, 1, generator=torch.Generator().manual_seed(7))
    expected = (directions[:, :, 0, 0].double() @ matrix).norm(dim=1)
    assert torch.allclose(got, expected, atol=1e-6)


def test_path_length_does_not_grow_with_the_side():
    w = torch.ones(2000, 1, 1, requires_grad=True)
    for side in (1, 4):
        images = w[:, :, :, None].expand(-1, 3, side, side)
        # y summed over 3 side^2 pixels of variance 1 / side^2: variance 3.
        lengths = path_lengths(images, w, torch.Generator().manual_seed(1))
        assert lengths.square().mean().item() == pytest.approx(3.0, rel=0.1)


def test_directions_have_the_variance_of_one_over_the_pixels():
    """One layer that moves a single pixel's value: the length is |y| there."""
    w = torch.zeros(4000, 1, 1, requires_grad=True)
    images = torch.nn.functional.pad(w[:, :, :, None], (0, 3, 0, 3)).expand(-1, 3, 4, 4)
    images = images * torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    lengths = path_lengths(images, w, torch.Generator().manual_seed(1))
    assert lengths.square().mean().item() == pytest.approx(1 / 16, rel=0.1)


def test_penalty_against_the_running_mean_by_hand():
    penalty = PathPenalty(0.75)
    # mean = 0.25 * 4 = 1: ((3 - 1)^2 + (5 - 1)^2) / 2
    assert penalty(torch.tensor([3.0, 5.0])).item() == pytest.approx(10.0)
    # mean = 0.75 + 0.25 * 5 = 2
    assert penalty(torch.tensor([5.0])).item() == pytest.approx(9.0)
    assert penalty.mean.item() == pytest.approx(2.0)


def test_penalty_moves_lengths_and_not_the_mean():
    penalty = PathPenalty(0.99)
    lengths = torch.tensor([2.0, 4.0], requires_grad=True)
    penalty(lengths).backward()
    # d/dl of mean (l - 0.03)^2
    assert lengths.grad.tolist() == pytest.approx([1.97, 3.97])
    assert "mean" in penalty.state_dict()


@pytest.mark.parametrize(
    ("interval", "rate", "second"), [(4, 0.0016, 0.991992), (16, 0.00188235, 0.990585)]
)
def test_lazy_adam_has_the_published_rates(interval, rate, second):
    optimiser = lazy_adam([torch.nn.Parameter(torch.zeros(1))], 0.002, (0.0, 0.99), interval)
    (group,) = optimiser.param_groups
    assert group["lr"] == pytest.approx(rate, rel=1e-5)
    assert group["betas"] == (0.0, pytest.approx(second, rel=1e-5))
    assert group["eps"] == 1e-8


def test_adam_without_a_regulariser_is_left_as_it_is():
    optimiser = lazy_adam([torch.nn.Parameter(torch.zeros(1))], 0.002, (0.5, 0.99), None)
    (group,) = optimiser.param_groups
    assert (group["lr"], group["betas"]) == (0.002, (0.5, 0.99))


def test_penalty_on_the_slope_of_three_and_four():
    real = torch.zeros(2, 2, 1, 1, requires_grad=True)
    logits = 3 * real[:, 0, 0, 0] + 4 * real[:, 1, 0, 0]
    penalty = gradient_penalty(real, logits, "r1").item()
    assert 0.5 * 10 * penalty == pytest.approx(125.0)
    assert 0.5 * 10 * 16 * penalty == pytest.approx(2000.0)
