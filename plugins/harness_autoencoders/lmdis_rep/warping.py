"""The warps of the equivariance: on a grid, or through the landmarks themselves (paper 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from harness.training.parallel import processes, share
from harness.vision.coordinates import fractions_to_signed
from harness.vision.warps import (
    Warp,
    WarpRanges,
    random_similarities,
    random_warps,
    spline_warp,
)
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig


@dataclass(frozen=True)
class Warps:
    """A batch of warps of two kinds.

    Attributes:
        grid: through a moved grid.
        landmark: through moved landmarks; `None` when none is drawn.
        chosen: where the second kind counts, `bool [N]`.
    """

    grid: Warp
    landmark: Warp | None
    chosen: Tensor

    def warp(self, images: Tensor) -> Tensor:
        """The warped images; what lies outside repeats the border."""
        warped = self.grid.warp(images)
        if self.landmark is None:
            return warped
        return torch.where(self.chosen[:, None, None, None], self.landmark.warp(images), warped)

    def map(self, points: Tensor) -> Tensor:
        """Places in the warped images as places in the images; fractions of the padded edge."""
        mapped = self.grid.map(points)
        if self.landmark is None:
            return mapped
        return torch.where(self.chosen[:, None, None], self.landmark.map(points), mapped)

    def to(self, device: torch.device) -> Warps:
        """The same warps on a device."""
        landmark = None if self.landmark is None else self.landmark.to(device)
        return Warps(self.grid.to(device), landmark, self.chosen.to(device))


def draw_warps(
    config: LmdisRepConfig, step: int, points: Tensor | None, count: int, generator: Generator
) -> Warps:
    """The warps of a step.

    Args:
        config: their size and kinds.
        step: from which the share of landmark warps follows.
        points: landmarks of the images, `[N, K, 2]` padded fractions on the CPU; needed only where
            the share is above 0.
        count: N, this process's rows of a batch; draws are made for all of it.
        generator: source of all draws.
    """
    joint = processes() * count
    ranges = WarpRanges(
        rotation_degrees=config.warp_rotation,
        log_scale=config.warp_log_scale,
        translation=config.warp_translation,
        grid=config.warp_grid,
        displacement=config.warp_displacement,
    )
    grid = random_warps(joint, ranges, generator).rows(share)
    part = landmark_share(config, step)
    if points is None or part == 0.0:
        return Warps(grid, None, torch.zeros(count, dtype=torch.bool))
    chosen = share(torch.rand(joint, generator=generator)) < part
    first = share(random_similarities(joint, ranges, generator))
    centres = fractions_to_signed(points, config.padded_size)
    moves = share(torch.randn((joint, *centres.shape[1:]), generator=generator))
    shifts = 2.0 * config.landmark_displacement * moves
    return Warps(grid, spline_warp(centres, centres + shifts, first=first), chosen)


def landmark_share(config: LmdisRepConfig, step: int) -> float:
    """Share of warps through landmarks: 0, then a linear rise, then the configured one."""
    first, last = config.landmark_warps_from
    risen = (step - first) / max(1, last - first)
    return config.landmark_warps * min(1.0, max(0.0, risen))
