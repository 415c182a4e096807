"""The two losses on probability maps: alignment and diversity (paper 3.2, 3.3)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import ShapeError


def alignment_loss(
    first: Tensor, second: Tensor, first_places: Tensor, second_places: Tensor
) -> Tensor:
    """Expected squared distance of a landmark in one image to itself in the other.

    1/K sum_r sum_u sum_v |a(u) - b(v)|^2 p_r(u) q_r(v), in time linear in the number of places: the
    square is multiplied out, and the double sum of the product of a and b is the product of sums.

    Args:
        first: p, `[N, K, H, W]`, sums to 1 over each map.
        second: q, likewise.
        first_places: a, where the places of the first maps lie in a frame that both images share,
            `[N, H W, 2]`, or `[H W, 2]` for all; rows of the map one after the other.
        second_places: b, likewise.

    Returns:
        Mean over images; the squared unit of the places. Never below the sum of the two maps'
        variances.

    Raises:
        ShapeError: there is not one place for every pixel of the maps.

    Source: Thewlis et al. 2017, the alignment loss of probability maps.
    """
    mean, square = _moments(first, first_places)
    other_mean, other_square = _moments(second, second_places)
    product = (mean * other_mean).sum(dim=-1)
    return (square + other_square - 2.0 * product).mean()


def diversity_loss(
    maps: Tensor, window: int, pooling: Literal["blocks", "sliding"] = "blocks"
) -> Tensor:
    """K minus what the strongest landmarks hold of all windows; mean over images.

    0 where no two landmarks share a window, K - 1 where all maps are equal.

    Args:
        maps: `[N, K, H, W]`, sums to 1 over each map.
        window: m, side in map pixels.
        pooling: `blocks` sums within neighbouring windows, smaller ones at the far borders;
            `sliding` averages within every window that touches the map, so that each place counts
            once in all.

    Source: Thewlis et al. 2017, the diversity loss with sum pooling; a public re-implementation
    slides the window.
    """
    if pooling == "blocks":
        pooled = F.avg_pool2d(maps, window, ceil_mode=True, divisor_override=1)
    else:
        wide = F.pad(maps, (window - 1,) * 4)
        pooled = F.avg_pool2d(wide, window, stride=1)
    strongest = pooled.amax(dim=1).sum(dim=(1, 2))
    return maps.shape[1] - strongest.mean()


def _moments(maps: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """Mean place `[N, K, 2]` and mean squared length `[N, K]` under each map."""
    if places.shape[-2:] != (maps.shape[-2] * maps.shape[-1], 2):
        raise ShapeError(
            f"places have shape {list(places.shape)}, expected [N, H W, 2] for maps of shape "
            f"{list(maps.shape)}."
        )
    values = torch.cat((places, places.square().sum(dim=-1, keepdim=True)), dim=-1)
    moments = maps.flatten(2) @ values
    return moments[..., :2], moments[..., 2]
