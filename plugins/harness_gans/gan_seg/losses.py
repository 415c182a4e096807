"""The regularisers of GANSeg (paper 3.4); its adversarial losses are shared."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.vision.coordinates import Grid, signed_pixels
from harness.vision.heatmaps import squared_distances
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generated

#: Added to a mask's area before dividing by it (code).
SMALLEST_AREA = 1e-6


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
