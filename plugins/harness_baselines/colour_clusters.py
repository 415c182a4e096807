"""Two colours an image: the simplest segmentation that looks at the image and at no label."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from harness.contract import Images, Run
from harness.vision.border import border_values
from harness_baselines.config import ColourClustersConfig
from harness_baselines.stored import StoredBaseline


class ColourClusters(StoredBaseline):
    """Two-means on the colours of each image; background is the cluster that fills the border.

    The first clusters are the two sides of the mean along the direction of largest colour
    variance, so nothing is random. Pixels at equal distance go to the first cluster; the border is
    one pixel wide; on a tie the larger cluster is background. An image of one colour is all
    background. Sums of 8-bit colours are exact in float64: the batch has no influence.
    """

    STORED: ClassVar[dict[str, int]] = {}
    config: ColourClustersConfig

    def fit(self, images: Images, run: Run) -> None:
        """Nothing is learned."""

    def segment(self, images: Tensor) -> Tensor:
        """Hard masks `float32 [N, 2, H, W]` of `uint8 [N, 3, H, W]`, channel 0 background."""
        colours = images.flatten(2).to(torch.float64)
        second = _two_means(colours, self.config.iterations).reshape(len(images), *images.shape[2:])
        share = border_values(second).double().mean(dim=1)
        size = second.flatten(1).double().mean(dim=1)
        is_background = (share > 0.5) | ((share == 0.5) & (size > 0.5))
        foreground = second ^ is_background[:, None, None]
        return torch.stack([~foreground, foreground], dim=1).float()


def _two_means(colours: Tensor, iterations: int) -> Tensor:
    """Membership `bool [N, P]` in the second of two clusters of colours `float64 [N, 3, P]`."""
    middle = colours.mean(dim=2)
    second = _side(colours, middle, _main_direction(colours))
    for _ in range(iterations):
        low, high = _mean_colour(colours, ~second), _mean_colour(colours, second)
        update = _side(colours, (low + high) / 2, high - low)
        if torch.equal(update, second):
            break
        second = update
    return second


def _main_direction(colours: Tensor) -> Tensor:
    """Direction of largest variance `[N, 3]`."""
    pixels = colours.shape[2]
    moments = torch.bmm(colours, colours.transpose(1, 2)) * pixels
    sums = colours.sum(dim=2)
    _, directions = torch.linalg.eigh(moments - sums[:, :, None] * sums[:, None])
    main: Tensor = directions[:, :, -1]
    return main


def _side(colours: Tensor, middle: Tensor, direction: Tensor) -> Tensor:
    """Which pixels lie beyond the plane through `middle` across `direction`, `bool [N, P]`."""
    gaps = (colours - middle[:, :, None]) * direction[:, :, None]
    return gaps[:, 0] + gaps[:, 1] + gaps[:, 2] > 0


def _mean_colour(colours: Tensor, members: Tensor) -> Tensor:
    """Mean colour `[N, 3]` of the members `[N, P]`; black for a cluster without members."""
    weights = members.to(colours.dtype)
    return (colours * weights[:, None]).sum(dim=2) / weights.sum(dim=1, keepdim=True).clamp_min(1)
