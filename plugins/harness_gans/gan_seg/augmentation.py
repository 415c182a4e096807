"""Random views of real images for the GAN (code)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from harness_gans.pixels import cropped, scaled

#: Area share and aspect ratio of random crops (code, CUB and Flowers).
CROP_SCALE = (0.9, 1.0)
CROP_RATIO = (0.9, 1.1)


def augmented(images: Tensor, kind: str, generator: torch.Generator) -> Tensor:
    """Random views of images.

    Args:
        images: `uint8 [N, 3, H, W]` on the CPU.
        kind: `none`, `flip` (half of them mirrored) or `flip_crop` (also a random crop, resized).
        generator: source of all draws.

    Returns:
        float32 `[N, 3, H, W]`, -1 to 1.
    """
    views = scaled(images)
    if kind == "none":
        return views
    mirrored = torch.rand(len(images), generator=generator) < 0.5
    views = torch.where(mirrored[:, None, None, None], views.flip(-1), views)
    return views if kind == "flip" else _cropped(views, generator)


def _cropped(images: Tensor, generator: torch.Generator) -> Tensor:
    """One random crop of every image, resized bilinearly."""
    draws = torch.rand(4, len(images), generator=generator)
    area = CROP_SCALE[0] + draws[0] * (CROP_SCALE[1] - CROP_SCALE[0])
    low, high = (math.log(ratio) for ratio in CROP_RATIO)
    root = torch.exp(0.5 * (low + draws[1] * (high - low)))
    width = (area.sqrt() * root).clamp_max(1.0)
    height = (area.sqrt() / root).clamp_max(1.0)
    return cropped(images, width, height, draws[2:])
