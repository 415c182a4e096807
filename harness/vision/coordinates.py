"""Image coordinates and the conversions between their conventions.

The harness speaks in fractions: (x, y) of width and height, the centre of pixel i at (i + 0.5) / W.
Networks often think in signed coordinates from -1 to 1, of which there are two kinds: `centres`
has the image borders at -1 and 1, `corners` has the centres of the first and last pixel there.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

#: Where a signed grid has its ends: at the image borders, or at the outermost pixel centres.
Grid = Literal["centres", "corners"]


def pixel_centres(size: int, *, like: Tensor | None = None) -> Tensor:
    """Fractions of all pixel centres along one axis.

    Args:
        size: number of pixels.
        like: a tensor whose dtype and device are taken; float32 on the CPU without it.

    Returns:
        `[size]`, (i + 0.5) / size.

    Example:
        >>> pixel_centres(4)
        tensor([0.1250, 0.3750, 0.6250, 0.8750])
    """
    dtype, device = (torch.float32, None) if like is None else (like.dtype, like.device)
    return (torch.arange(size, dtype=dtype, device=device) + 0.5) / size


def signed_pixels(
    size: int, *, margin: int = 0, grid: Grid = "centres", like: Tensor | None = None
) -> Tensor:
    """Signed coordinates of all pixels along one axis of an image with a margin around it.

    Args:
        size: number of pixels of the image, without the margin; at least 2 for `corners`.
        margin: pixels added at both ends; their coordinates lie beyond -1 and 1.
        grid: the convention, see the module.
        like: a tensor whose dtype and device are taken; float32 on the CPU without it.

    Returns:
        `[size + 2 margin]`, spacing 2 / size (`centres`) or 2 / (size - 1) (`corners`).

    Example:
        >>> signed_pixels(2, margin=1, grid="corners")
        tensor([-3., -1.,  1.,  3.])
    """
    dtype, device = (torch.float32, None) if like is None else (like.dtype, like.device)
    index = torch.arange(-margin, size + margin, dtype=dtype, device=device)
    if grid == "corners":
        return index * (2.0 / (size - 1)) - 1.0
    return (index + 0.5) * (2.0 / size) - 1.0


def signed_to_fractions(points: Tensor, size: int, *, grid: Grid = "centres") -> Tensor:
    """Signed coordinates to fractions of an image of `size` pixels.

    Args:
        points: any shape, signed.
        size: side in pixels; only `corners` depends on it.
        grid: the convention of `points`.

    Returns:
        The same shape; pixel i of `signed_pixels` becomes (i + 0.5) / size.
    """
    if grid == "corners":
        return ((points + 1.0) * (0.5 * (size - 1)) + 0.5) / size
    return (points + 1.0) * 0.5


def fractions_to_signed(points: Tensor, size: int, *, grid: Grid = "centres") -> Tensor:
    """Fractions to signed coordinates, the inverse of `signed_to_fractions`."""
    if grid == "corners":
        return (points * size - 0.5) * (2.0 / (size - 1)) - 1.0
    return points * 2.0 - 1.0
