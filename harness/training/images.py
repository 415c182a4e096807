"""The unlabelled images of the role `fit`, as an endless shuffled stream without state."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

if TYPE_CHECKING:
    from numpy.typing import NDArray


def resize_images(images: Tensor, size: int) -> Tensor:
    """Resize to `size` squared with an antialiased bilinear filter; equal sizes pass through.

    Args:
        images: `uint8 [N, 3, H, W]`.
        size: side in pixels.

    Returns:
        `uint8 [N, 3, size, size]`, rounded.
    """
    if images.shape[-2:] == (size, size):
        return images
    resized = interpolate(images.float(), (size, size), mode="bilinear", antialias=True)
    return resized.round_().clamp_(0, 255).to(torch.uint8)


def derived_seed(*parts: object) -> int:
    """A 63-bit seed from any values, equal on every machine."""
    digest = hashlib.sha256(":".join(str(part) for part in parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


class FitImages:
    """Images in a memory-mapped array, served as batches that depend on (seed, step) alone.

    Args:
        array: `uint8 [N, 3, S, S]`, RGB; or what opens it, called when an image is first needed, so
            that nothing is resized for a method that looks at none.
        seed: the cell's seed.
        clips: number of each image's clip, `int64 [N]`, or `None`.

    Raises:
        ValueError: the array holds no image.
    """

    def __init__(
        self,
        array: NDArray[np.uint8] | Callable[[], NDArray[np.uint8]],
        seed: int,
        clips: NDArray[np.int64] | None = None,
    ) -> None:
        if not callable(array) and len(array) == 0:
            raise ValueError("FitImages needs at least one image.")
        self._source = array
        self._clips = None if clips is None else torch.from_numpy(np.array(clips))
        self._seed = seed
        self._epoch = -1
        self._order = np.empty(0, dtype=np.int64)

    @cached_property
    def _array(self) -> NDArray[np.uint8]:
        return self._source() if callable(self._source) else self._source

    def __len__(self) -> int:
        return len(self._array)

    @property
    def size(self) -> int:
        """Side in pixels."""
        return int(self._array.shape[-1])

    @property
    def clips(self) -> Tensor | None:
        """Number of each image's clip, `int64 [N]`, -1 for none; `None` where not to be seen."""
        return self._clips

    def batch(self, step: int, count: int) -> Tensor:
        """Batch number `step` of `count` images, `uint8 [count, 3, S, S]`, channels last.

        Every epoch is a new permutation; a batch may reach from one epoch into the next.
        """
        first = step * count
        indices = [self._at(position) for position in range(first, first + count)]
        return self.take(indices)

    def take(self, indices: Any) -> Tensor:
        """The images at these positions, `uint8 [n, 3, S, S]`, channels last."""
        chosen = np.take(self._array, np.asarray(indices), axis=0)
        # Written plane by plane, which is more than twice as fast as torch's change of the order.
        ordered = np.empty((len(chosen), self.size, self.size, 3), np.uint8)
        for channel in range(3):
            ordered[..., channel] = chosen[:, channel]
        return torch.from_numpy(ordered).permute(0, 3, 1, 2)

    def _at(self, position: int) -> int:
        epoch, offset = divmod(position, len(self._array))
        if epoch != self._epoch:
            generator = np.random.default_rng(derived_seed(self._seed, "epoch", epoch))
            self._order, self._epoch = generator.permutation(len(self._array)), epoch
        return int(self._order[offset])
