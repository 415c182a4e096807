"""Maps that are large around points: Gaussians and cones."""

from __future__ import annotations

import torch
from torch import Tensor

#: Added to a scale before dividing by it, so that points that coincide give an empty map, not NaN.
SMALLEST_SCALE = 1e-6
#: Squared distances below this count as this: the slope of a root at zero is not finite.
_SMALLEST_SQUARE = 1e-12


def gaussian_heatmaps(points: Tensor, variances: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """exp(-|p - x|^2 / variance) at every pixel p; note that no factor 2 divides.

    The map is the outer product of two one-dimensional ones, so no map of distances is built.

    Args:
        points: `[N, K, 2]`, (x, y) in the unit of `xs` and `ys`.
        variances: `[N, K]`, squared scale in the same unit; `SMALLEST_SCALE`^2 is added.
        xs: `[W]`, coordinates of the columns.
        ys: `[H]`, coordinates of the rows.

    Returns:
        `[N, K, H, W]` in [0, 1].

    Source: He et al., 2022, eq. 4.
    """
    inverse = 1.0 / (variances + SMALLEST_SCALE**2)[..., None]
    across = torch.exp(-((points[..., :1] - xs) ** 2) * inverse)
    down = torch.exp(-((points[..., 1:] - ys) ** 2) * inverse)
    return down[..., :, None] * across[..., None, :]


def cone_heatmaps(points: Tensor, radii: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """max(0, 1 - |p - x| / radius) at every pixel p.

    Args:
        points: `[N, K, 2]`, (x, y) in the unit of `xs` and `ys`.
        radii: `[N, K]`, in the same unit; `SMALLEST_SCALE` is added.
        xs: `[W]`, coordinates of the columns.
        ys: `[H]`, coordinates of the rows.

    Returns:
        `[N, K, H, W]` in [0, 1].

    Source: He et al., 2022, the released configurations (the paper prints a Gaussian).
    """
    squares = squared_distances(points, xs, ys).clamp_min(_SMALLEST_SQUARE)
    return torch.relu(1.0 - squares.sqrt() / (radii + SMALLEST_SCALE)[..., None, None])


def squared_distances(points: Tensor, xs: Tensor, ys: Tensor) -> Tensor:
    """|p - x|^2 at every pixel p.

    Args:
        points: `[N, K, 2]`, (x, y) in the unit of `xs` and `ys`.
        xs: `[W]`, coordinates of the columns.
        ys: `[H]`, coordinates of the rows.

    Returns:
        `[N, K, H, W]`, in that unit squared.
    """
    across = (points[..., :1] - xs) ** 2
    down = (points[..., 1:] - ys) ** 2
    return down[..., :, None] + across[..., None, :]
