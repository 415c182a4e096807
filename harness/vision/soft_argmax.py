"""From score maps to points, differentiably."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor


def marginal_soft_argmax(
    scores: Tensor, xs: Tensor, ys: Tensor, *, reduction: Literal["sum", "mean"] = "sum"
) -> Tensor:
    """Mean places under the softmax of the two marginals of each map.

    The scores of a column are summed (or averaged) over the rows; the softmax of these numbers
    weights the columns' coordinates; rows alike. With `mean` the softmax is as many times softer as
    there are rows or columns.

    Args:
        scores: `[N, K, H, W]`.
        xs: coordinates of the columns, `[W]`.
        ys: coordinates of the rows, `[H]`.
        reduction: over the other axis.

    Returns:
        `[N, K, 2]`, (x, y) in the unit of `xs` and `ys`.

    Source: Jakab et al. 2018, section 3.1, which sums; the code averages.
    """
    reduce = torch.sum if reduction == "sum" else torch.mean
    across = torch.softmax(reduce(scores, dim=-2), dim=-1) @ xs
    down = torch.softmax(reduce(scores, dim=-1), dim=-1) @ ys
    return torch.stack((across, down), dim=-1)


def expected_points(weights: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """Mean places under weights that sum to 1 over each map.

    Args:
        weights: `[N, K, H, W]`.
        xs: coordinates of the columns, `[W]`.
        ys: coordinates of the rows, `[H]`.

    Returns:
        `[N, K, 2]`, (x, y) in the unit of `xs` and `ys`.
    """
    return torch.stack((weights.sum(dim=-2) @ xs, weights.sum(dim=-1) @ ys), dim=-1)


def expected_squares(weights: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """Mean squares of the coordinates, `[N, K, 2]`; see `expected_points`."""
    return expected_points(weights, xs * xs, ys * ys)
