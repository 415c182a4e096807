"""The constraints on landmarks (paper 3.2) and the two pixel losses (paper 3.4)."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

#: Factor of a Gaussian's entropy, exponentiated: 2 pi e (paper eq. 5).
ENTROPY_FACTOR = 2.0 * math.pi * math.e
#: Deviation of a pixel in the paper's reconstruction (eq. 17).
PIXEL_DEVIATION = 0.05


def concentration_loss(
    variances: Tensor, share: float, kind: Literal["paper", "code"] = "paper"
) -> Tensor:
    """How widely the landmarks' maps are spread; sum over landmarks, mean over images.

    Args:
        variances: `[N, K, 2]`, in padded edges squared.
        share: r, the image's share of the padded edge.
        kind: 2 pi e (var_x + var_y)^2 (paper) or 2 pi e ((std_x + std_y) / 2)^2 (code), both in
            edges of the image.

    Source: Zhang et al. 2018, eq. 5, which squares the variance though it speaks of the entropy.
    """
    if kind == "paper":
        spread = (variances.sum(-1) / share**2).square()
    else:
        spread = (variances.sqrt().mean(-1) / share).square()
    return ENTROPY_FACTOR * spread.sum(-1).mean()


def separation_loss(points: Tensor, sigma: float) -> Tensor:
    """exp(-|p - q|^2 / (2 sigma^2)) over all ordered pairs of landmarks, mean over images.

    Args:
        points: `[N, K, 2]`.
        sigma: reach, in the unit of the points.

    Source: Zhang et al. 2018, eq. 7.
    """
    squared = (points[:, :, None] - points[:, None]).square().sum(-1)
    near = torch.exp(-squared / (2.0 * sigma**2))
    return near.sum(dim=(1, 2)).mean() - points.shape[1]


def equivariance_loss(
    points: Tensor, mapped: Tensor, share: float, kind: Literal["paper", "code"] = "paper"
) -> Tensor:
    """Squared distance of landmarks to those of the warped image, mapped back.

    Args:
        points: of the images, `[N, K, 2]`, fractions of the padded edge.
        mapped: of the warped images, mapped through the warp, likewise.
        share: r, the image's share of the padded edge.
        kind: in image edges (paper eq. 8), or in half padded edges and divided by r once (code).

    Source: Zhang et al. 2018, eq. 8; sum over landmarks, mean over images.
    """
    unit = 1.0 / share**2 if kind == "paper" else 4.0 / share
    return unit * (points - mapped).square().sum(dim=(1, 2)).mean()


def pixel_loss(
    drawn: Tensor,
    real: Tensor,
    kind: Literal["paper", "code"] = "paper",
    mask: Tensor | None = None,
) -> Tensor:
    """Squared error over all values of an image, mean over images, without its constant.

    Args:
        drawn: `[N, 3, S, S]`, 0 to 1.
        real: likewise.
        kind: divided by 0.05^2 (paper eq. 17) or by 2 (code).
        mask: how much a pixel counts, broadcast to the images.
    """
    errors = (drawn - real).square()
    error = (errors if mask is None else mask * errors).sum(dim=(1, 2, 3)).mean()
    return error / PIXEL_DEVIATION**2 if kind == "paper" else 0.5 * error
