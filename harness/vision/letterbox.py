"""Photos of any shape into a square and back, without squeezing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import ShapeError


@dataclass(frozen=True)
class Box:
    """Where a photo lies in the square that holds it: centred, touching both ends of its long side.

    Attributes:
        width: the photo's width in pixels.
        height: the photo's height in pixels.

    >>> Box(width=200, height=100).to_square(np.array([0.5, 0.0])).tolist()
    [0.5, 0.25]
    """

    width: int
    height: int

    @property
    def side(self) -> int:
        """Side of the square, in the photo's pixels."""
        return max(self.width, self.height)

    @property
    def left(self) -> int:
        """Padding at the left, in the photo's pixels; an odd rest goes to the right."""
        return (self.side - self.width) // 2

    @property
    def top(self) -> int:
        """Padding at the top, in the photo's pixels; an odd rest goes to the bottom."""
        return (self.side - self.height) // 2

    def to_square(self, points: NDArray[Any]) -> NDArray[Any]:
        """Points from fractions of the photo to fractions of the square.

        Args:
            points: (x, y), `[..., 2]`; NaN stays NaN.

        Returns:
            An array of the same shape, in float64.
        """
        corner, extent = self._frame()
        return (np.asarray(points, np.float64) * extent + corner) / self.side

    def to_photo(self, points: NDArray[Any]) -> NDArray[Any]:
        """Points from fractions of the square to fractions of the photo: undoes `to_square`.

        A point in the padding gets a fraction below 0 or above 1.
        """
        corner, extent = self._frame()
        return (np.asarray(points, np.float64) * self.side - corner) / extent

    def mask_to_photo(self, mask: NDArray[Any]) -> NDArray[Any]:
        """A map over the square at the photo's own size; each pixel takes the nearest value.

        Args:
            mask: labels or probabilities `[..., S, S]` at any S.

        Returns:
            `[..., height, width]` of the same type.

        Raises:
            ShapeError: the map is not square.
        """
        size = mask.shape[-1]
        if mask.ndim < 2 or mask.shape[-2] != size:
            raise ShapeError(f"mask has shape {list(mask.shape)}, expected [..., S, S].")
        rows = self._nearest(self.height, self.top, size)
        columns = self._nearest(self.width, self.left, size)
        return mask[..., rows[:, None], columns]

    def padding(self, size: int) -> NDArray[np.bool_]:
        """Pixels of the square whose centres lie outside the photo, `bool [size, size]`."""
        centres = (np.arange(size) + 0.5) * (self.side / size)
        beside = (centres < self.left) | (centres > self.left + self.width)
        above = (centres < self.top) | (centres > self.top + self.height)
        return above[:, None] | beside[None, :]

    def pad(self, pixels: NDArray[Any], **how: Any) -> NDArray[Any]:
        """The photo's array `[height, width, ...]` extended to the square; `how` as in `np.pad`."""
        below = self.side - self.height - self.top
        beyond = self.side - self.width - self.left
        widths = [(self.top, below), (self.left, beyond)] + [(0, 0)] * (pixels.ndim - 2)
        return np.pad(pixels, widths, **how)

    def _frame(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        corner = np.array([self.left, self.top], np.float64)
        return corner, np.array([self.width, self.height], np.float64)

    def _nearest(self, count: int, offset: int, size: int) -> NDArray[np.int64]:
        centres = (np.arange(count) + 0.5 + offset) * (size / self.side)
        return np.minimum(centres.astype(np.int64), size - 1)


def letterbox(image: Image.Image, size: int) -> tuple[NDArray[np.uint8], Box]:
    """A photo in a square, its shape kept.

    The short side is padded by repeating the photo's outermost pixels, so that no new straight edge
    appears which a method could take for a part; then the square is resized with Lanczos' filter,
    widened when shrinking (antialiased).

    Args:
        image: an RGB picture.
        size: side of the result in pixels.

    Returns:
        `uint8 [size, size, 3]`, and the geometry that takes points and masks there and back.
    """
    box = Box(*image.size)
    if box.width != box.height:
        image = Image.fromarray(box.pad(np.asarray(image), mode="edge"))
    return np.array(image.resize((size, size), Image.Resampling.LANCZOS)), box
