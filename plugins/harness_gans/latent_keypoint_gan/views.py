"""Random views of real images for the GAN (paper 4.1)."""

from __future__ import annotations

import torch
from torch import Tensor

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.pixels import cropped, mirrored, scaled


def views(config: LatentKeypointGanConfig, images: Tensor, generator: torch.Generator) -> Tensor:
    """Random views of images, at their own size.

    Args:
        config: whether half of them are mirrored, and how small the square crops may be. A crop's
            side is uniform between that share and all of the image's, its place is uniform.
        images: `uint8 [N, 3, H, W]` on the CPU.
        generator: source of all draws.

    Returns:
        float32 `[N, 3, H, W]`, -1 to 1.
    """
    seen = scaled(images)
    if config.flip:
        seen = mirrored(seen, generator)
    if config.smallest_crop == 1.0:
        return seen
    draws = torch.rand(3, len(images), generator=generator)
    side = config.smallest_crop + draws[0] * (1.0 - config.smallest_crop)
    return cropped(seen, side, side, draws[1:])
