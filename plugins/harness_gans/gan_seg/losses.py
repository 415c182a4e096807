"""The losses of GANSeg (paper 3.4)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.vision.coordinates import Grid, signed_pixels
from harness.vision.heatmaps import squared_distances
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generated
from harness_gans.gan_seg.precision import at_least_float32

#: Added to a mask's area before dividing by it (code).
SMALLEST_AREA = 1e-6


def generator_loss(fake_logits: Tensor) -> Tensor:
    """Mean of log(1 + exp(-D(fake))), the non-saturating loss (eq. 13)."""
    return F.softplus(-fake_logits).mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean of log(1 + exp(D(fake))) plus mean of log(1 + exp(-D(real))) (eq. 14)."""
    return F.softplus(fake_logits).mean() + F.softplus(-real_logits).mean()


def gradient_penalty(real: Tensor, real_logits: Tensor, kind: str) -> Tensor:
    """Penalty on the gradient g of D at real images.

    Args:
        real: `[N, 3, H, W]`, part of the graph of `real_logits`.
        real_logits: `[N]`.
        kind: `r1`, mean |g|^2, or `one_centred`, mean (|g| - 1)^2.

    Source: eq. 15 prints the mean of g itself and cites Mescheder et al., 2018, who penalise
    |g|^2 with a factor 1/2 that is left out here; the code has the second form.
    """
    (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    squares = at_least_float32(slope).square().sum(dim=(1, 2, 3))
    if kind == "r1":
        return squares.mean()
    return (squares.sqrt() - 1.0).square().mean()


def concentration_loss(masks: Tensor, centres: Tensor, *, grid: Grid, reduction: str) -> Tensor:
    """Mean squared distance of a part's mass from its centre (eq. 16).

    Args:
        masks: `[N, K, H, W]`, without the background.
        centres: `[N, K, 2]`, signed (x, y).
        grid: convention of the coordinates.
        reduction: over parts, `sum` (paper) or `mean` (code); over images the mean.
    """
    xs = signed_pixels(masks.shape[-1], grid=grid, like=masks)
    ys = signed_pixels(masks.shape[-2], grid=grid, like=masks)
    mass = masks.sum(dim=(2, 3)) + SMALLEST_AREA
    spread = (masks * squared_distances(centres, xs, ys)).sum(dim=(2, 3)) / mass
    return spread.mean() if reduction == "mean" else spread.sum(dim=1).mean()


def area_loss(masks: Tensor, areas: Tensor) -> Tensor:
    """How far the parts' masks fall short of their least areas, in pixels (eq. 17).

    Args:
        masks: `[N, K, H, W]`, without the background.
        areas: `[N, K]`, least areas in pixels of the same image.
    """
    return torch.relu(areas - masks.sum(dim=(2, 3))).sum(dim=1).mean()


def least_areas(drawn: Generated, target: str) -> Tensor:
    """The areas in pixels `[N, K]` that masks should not fall below.

    Args:
        drawn: images of side S with their parts.
        target: `heatmap`, the sum of a part's heatmap (eq. 17), or `disc`, pi r^2 with r = S/2
            times the mean absolute deviation of its points (code).
    """
    if target == "heatmap":
        return drawn.heatmaps.sum(dim=(2, 3))
    deviations = drawn.parts.deviations[:, -drawn.masks.shape[1] + 1 :]
    return torch.pi * (deviations * (0.5 * drawn.masks.shape[-1])).square()


def regularisers(config: GanSegConfig, drawn: Generated) -> tuple[Tensor, Tensor]:
    """Concentration and area loss of generated images, each without its weight."""
    parts = drawn.masks[:, 1:]
    concentration = concentration_loss(
        parts, drawn.centres, grid=config.grid, reduction=config.concentration_reduction
    )
    if not config.use_points:
        return concentration, torch.zeros_like(concentration)
    return concentration, area_loss(parts, least_areas(drawn, config.area_target))
