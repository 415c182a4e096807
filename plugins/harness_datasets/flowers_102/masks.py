"""The foreground of Oxford's flowers: photos whose background is painted blue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.vision.photo import decode_photo
from harness_datasets.official import OfficialTree

#: A pixel of a segmented photo is background where red or green has the first value, or blue the
#: second: the blue that was painted over it, as JPEG keeps it.
BLUE = (0, 254)


class Masks:
    """Segmented photos, by an automatic method (Nilsback and Zisserman).

    Args:
        tree: the files below the root.

    Raises:
        DataError: they are missing, with the expected tree.
    """

    def __init__(self, tree: OfficialTree) -> None:
        self._store, self._start = tree.images("segmim")

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Photos without one."""
        return [name for name in ids if self._file(name) not in self._store]

    def picture(self, name: str) -> tuple[Image.Image, str]:
        """The segmented photo of an id, and where it lies, for messages.

        Raises:
            DataError: it is broken or missing.
        """
        where = f"{self._store.name}: {self._file(name)}"
        return decode_photo(self._store.read(self._file(name)), where, upright=False), where

    def stamp(self) -> Any:
        """Sizes and times of the files."""
        return self._store.stamp(self._store.photos())

    def _file(self, name: str) -> str:
        return f"{self._start}{name.replace('image', 'segmim')}.jpg"


def painted(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pixels of `uint8 [3, H, W]` are background, `bool [H, W]`."""
    red, green, blue = pixels
    dark, bright = BLUE
    return np.asarray((red == dark) | (green == dark) | (blue == bright))
