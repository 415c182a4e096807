"""Random batches of labelled images, each image a little moved and lit otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Generator, Tensor

from harness.training.images import resize_images
from harness_editing.oracles.config import OracleConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Images that are resized at once.
CHUNK = 1000


class Batch(NamedTuple):
    """Some of the images, changed.

    Attributes:
        places: their positions among all, `int64 [B]`.
        images: `float32 [B, 3, S, S]`, about -1 to 1, channels last.
        moves: how far they moved, (x, y) in image edges, `float32 [B, 2]`.
    """

    places: Tensor
    images: Tensor
    moves: Tensor


class Views:
    """Draws batches of labelled images.

    Args:
        images: `uint8 [N, 3, H, W]`, read piece by piece.
        size: S, side in pixels to which they are resized.
        config: how many a batch has, and how much they change.
        generator: the source of chance.
    """

    def __init__(
        self, images: NDArray[Any], size: int, config: OracleConfig, generator: Generator
    ) -> None:
        self.images = sized(images, size)
        self.count, self.light = config.batch_size, config.light
        self.reach = round(config.shift * size)
        self.generator = generator

    def draw(self) -> Batch:
        """Images chosen with repeats; what an image shows beyond its border repeats the border."""
        count, size = self.count, self.images.shape[-1]
        places = torch.randint(len(self.images), (count,), generator=self.generator)
        moves = self._whole_numbers(2 * self.reach + 1) - self.reach
        axis = torch.arange(size)
        columns, rows = ((axis - moves[:, i, None]).clamp(0, size - 1) for i in (0, 1))
        chosen = self.images[places[:, None, None], :, rows[:, :, None], columns[:, None, :]]
        contrast, brightness = (1 + self._signed(), self._signed())
        images = contrast * (chosen.permute(0, 3, 1, 2) / 127.5 - 1.0) + brightness
        return Batch(places, images, moves / size)

    def _whole_numbers(self, end: int) -> Tensor:
        return torch.randint(end, (self.count, 2), generator=self.generator)

    def _signed(self) -> Tensor:
        """One number an image, at most `light` from 0."""
        uniform = torch.rand(self.count, 1, 1, 1, generator=self.generator)
        return self.light * (2.0 * uniform - 1.0)


def sized(images: NDArray[Any], size: int) -> Tensor:
    """Images `uint8 [N, 3, H, W]` of an array, at another size, `[N, 3, size, size]`."""
    starts = range(0, len(images), CHUNK)
    pieces = (torch.from_numpy(np.array(images[start : start + CHUNK])) for start in starts)
    return torch.cat([resize_images(piece, size) for piece in pieces])
