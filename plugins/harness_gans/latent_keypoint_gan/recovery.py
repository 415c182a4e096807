"""A small network that finds the keypoints again in generated images; not in the paper.

Nothing in the paper makes the generator listen to a single keypoint: where the others agree on a
pose, one that has moved is outvoted. With `position_jitter` the keypoints move independently of
each other while the GAN learns, and with `recovery_weight` the generator must show in a small
neighbourhood where each of them is (the idea of InfoGAN: Chen et al., 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.vision.soft_argmax import expected_points
from harness_gans.latent_keypoint_gan.spatial_embedding import KeypointGrid, pixel_coordinates
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32
from harness_gans.start_weights import draw_layer

#: Channels of the first convolution; the others have twice as many.
CHANNELS = 32


class Locator(nn.Module):
    """Three convolutions that see 15 x 15 pixels, then a mean place for each keypoint.

    Args:
        keypoints: K.
        grid: convention of the coordinates.
        generator: source of the start weights.
    """

    def __init__(self, keypoints: int, grid: KeypointGrid, generator: torch.Generator) -> None:
        super().__init__()
        self.grid = grid
        self.layers = nn.ModuleList(
            (
                nn.Conv2d(3, CHANNELS, 3, stride=2, padding=1),
                nn.Conv2d(CHANNELS, 2 * CHANNELS, 3, stride=2, padding=1),
                nn.Conv2d(2 * CHANNELS, 2 * CHANNELS, 3, padding=1),
            )
        )
        self.maps = nn.Conv2d(2 * CHANNELS, keypoints, 1)
        for part in self.modules():
            if isinstance(part, nn.Conv2d):
                draw_layer(part, generator)

    def forward(self, images: Tensor) -> Tensor:
        """Images `[N, 3, H, W]`, -1 to 1, to signed points `[N, K, 2]`."""
        maps = images
        for layer in self.layers:
            maps = F.leaky_relu(layer(maps), SLOPE)
        scores = at_least_float32(self.maps(maps))
        weights = torch.softmax(scores.flatten(2), dim=-1).view_as(scores)
        along = pixel_coordinates(scores.shape[-1], self.grid, like=scores)
        return expected_points(weights, along, along)
