"""Cutting a box out of a photo and squeezing it to a square, with the landmarks in it."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

#: (left, top, right, bottom) in continuous pixels: a photo spans [0, width] x [0, height].
Box = tuple[float, float, float, float]


def whole(picture: Image.Image, margin: float = 0.0) -> Box:
    """The box of a photo without this share of its width and height at every side."""
    width, height = picture.size
    return margin * width, margin * height, (1 - margin) * width, (1 - margin) * height


def centre_square(picture: Image.Image) -> Box:
    """The largest square in the middle of a photo."""
    side = min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    return left, top, left + side, top + side


def squeeze(picture: Image.Image, box: Box, size: int) -> NDArray[np.uint8]:
    """A box of a photo as a square, in one bilinear resize, antialiased.

    Where the box lies outside the photo, its outermost pixels are repeated.

    Args:
        picture: an RGB picture.
        box: what to cut out; its width and height are above 0.
        size: side of the square in pixels.

    Returns:
        `uint8 [3, size, size]`.
    """
    left, top, right, bottom = box
    width, height = picture.size
    beyond = (
        max(0, math.ceil(-left)),
        max(0, math.ceil(-top)),
        max(0, math.ceil(right - width)),
        max(0, math.ceil(bottom - height)),
    )
    if any(beyond):
        widths = ((beyond[1], beyond[3]), (beyond[0], beyond[2]), (0, 0))
        picture = Image.fromarray(np.pad(np.asarray(picture), widths, mode="edge"))
    shifted = (left + beyond[0], top + beyond[1], right + beyond[0], bottom + beyond[1])
    pixels = picture.resize((size, size), Image.Resampling.BILINEAR, box=shifted)
    return np.array(pixels).transpose(2, 0, 1)


def to_box(points: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
    """Points (x, y) from pixels of the photo to fractions of the box, `[..., 2]`."""
    left, top, right, bottom = box
    return (points - (left, top)) / (right - left, bottom - top)
