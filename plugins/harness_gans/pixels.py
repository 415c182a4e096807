"""Images between bytes and the -1 to 1 in which networks see them, and random crops."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.vision.warps import affine_warp


def scaled(images: Tensor) -> Tensor:
    """`uint8` images as float32, 0 becomes -1 and 255 becomes 1."""
    return images.float() / 127.5 - 1.0


def to_bytes(images: Tensor) -> Tensor:
    """-1 to 1 as `uint8`, scaled and truncated (as GANSeg's code writes its samples)."""
    return ((images.float() * 0.5 + 0.5).clamp(0, 1) * 255.0).to(torch.uint8)


def mirrored(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images `[N, 3, H, W]`, each mirrored with probability one half."""
    chosen = torch.rand(len(images), generator=generator) < 0.5
    return torch.where(chosen[:, None, None, None], images.flip(-1), images)


def cropped(images: Tensor, width: Tensor, height: Tensor, place: Tensor) -> Tensor:
    """One crop of every image, resized to the whole image bilinearly.

    Args:
        images: `[N, 3, H, W]`.
        width: `[N]`, of the crop as a share of the image, at most 1.
        height: `[N]`, alike.
        place: `[2, N]`, 0 to 1, from the leftmost to the rightmost and from the uppermost to the
            lowest possible place.
    """
    boxes = torch.zeros(len(images), 2, 3)
    boxes[:, 0, 0], boxes[:, 1, 1] = width, height
    boxes[:, 0, 2] = (2.0 * place[0] - 1.0) * (1.0 - width)
    boxes[:, 1, 2] = (2.0 * place[1] - 1.0) * (1.0 - height)
    return affine_warp(boxes).warp(images)
