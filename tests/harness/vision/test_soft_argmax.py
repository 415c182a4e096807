"""Points from score maps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from harness.vision.coordinates import pixel_centres, signed_pixels
from harness.vision.soft_argmax import expected_points, expected_squares, marginal_soft_argmax

#: Logarithms, so that the softmax weights are whole numbers over their sum.
LOGARITHMS = torch.tensor([[[[math.log(2.0), 0.0], [math.log(3.0), 0.0]]]], dtype=torch.float64)
XS = torch.tensor([0.0, 1.0], dtype=torch.float64)
YS = torch.tensor([10.0, 20.0], dtype=torch.float64)


def random_scores(rows: int = 3, columns: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 3, rows, columns, generator=generator, dtype=torch.float64)


def test_sums_by_hand() -> None:
    # Columns sum to log 6 and 0: weights 6/7 and 1/7; rows to log 2 and log 3: 2/5 and 3/5.
    got = marginal_soft_argmax(LOGARITHMS, XS, YS)
    expected = torch.tensor([[[1 / 7, 10 * 2 / 5 + 20 * 3 / 5]]], dtype=torch.float64)
    torch.testing.assert_close(got, expected)


def test_means_by_hand() -> None:
    # Halved sums: weights root 6 and 1; root 2 and root 3.
    got = marginal_soft_argmax(LOGARITHMS, XS, YS, reduction="mean")
    across = 1 / (math.sqrt(6.0) + 1)
    down = (10 * math.sqrt(2.0) + 20 * math.sqrt(3.0)) / (math.sqrt(2.0) + math.sqrt(3.0))
    torch.testing.assert_close(got, torch.tensor([[[across, down]]], dtype=torch.float64))


def test_means_are_softer_by_the_number_of_rows_and_of_columns() -> None:
    scores, xs, ys = random_scores(3, 5), torch.arange(5.0).double(), torch.arange(3.0).double()
    mean = marginal_soft_argmax(scores, xs, ys, reduction="mean")
    torch.testing.assert_close(mean[..., 0], marginal_soft_argmax(scores / 3, xs, ys)[..., 0])
    torch.testing.assert_close(mean[..., 1], marginal_soft_argmax(scores / 5, xs, ys)[..., 1])


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_gradients_are_exact(reduction: str) -> None:
    xs, ys = torch.arange(5.0).double(), torch.arange(3.0).double()
    scores = random_scores().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda s: marginal_soft_argmax(s, xs, ys, reduction=reduction), scores
    )


@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("level", [0.0, -3.0])
def test_uniform_maps_give_the_centre(reduction: str, level: float) -> None:
    scores = torch.full((2, 3, 4, 6), level)
    xs, ys = pixel_centres(6), pixel_centres(4)
    got = marginal_soft_argmax(scores, xs, ys, reduction=reduction)
    torch.testing.assert_close(got, torch.full((2, 3, 2), 0.5))


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_one_large_score_gives_its_cell(reduction: str) -> None:
    scores = torch.zeros(1, 2, 4, 6)
    scores[0, 0, 3, 1] = 1000.0
    scores[0, 1, 0, 5] = 1000.0
    xs, ys = signed_pixels(6, grid="corners"), signed_pixels(4, grid="corners")
    got = marginal_soft_argmax(scores, xs, ys, reduction=reduction)
    torch.testing.assert_close(got, torch.tensor([[[-0.6, 1.0], [1.0, -1.0]]]))


def test_expected_points_and_squares_by_hand() -> None:
    weights = torch.tensor([[[[0.1, 0.2], [0.3, 0.4]]]], dtype=torch.float64)
    got = expected_points(weights, XS, YS)
    torch.testing.assert_close(got, torch.tensor([[[0.6, 17.0]]], dtype=torch.float64))
    squares = expected_squares(weights, XS, YS)
    torch.testing.assert_close(squares, torch.tensor([[[0.6, 310.0]]], dtype=torch.float64))


def test_a_map_of_independent_axes_agrees_with_the_softmax_over_all_places() -> None:
    across, down = random_scores(1, 5), random_scores(3, 1)
    xs, ys = torch.arange(5.0).double(), torch.arange(3.0).double()
    # Summed over 3 rows and 5 columns, the scores of an axis count so often.
    weights = torch.softmax((3 * across + 5 * down).flatten(2), dim=-1).unflatten(-1, (3, 5))
    got = marginal_soft_argmax(across + down, xs, ys)
    torch.testing.assert_close(got, expected_points(weights, xs, ys))
