"""The two editions of the cat heads: published photos, and the prepared crops."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.cat_head.options import POINTS
from harness_datasets.crops import Box, whole
from harness_datasets.official import OfficialTree, hashed_split, refuse_page
from harness_datasets.prepared import PreparedLists
from harness_datasets.stores import FolderStore, Store

#: What the centre 80 x 80 px of 100 x 100 px leave out at every side, as a share of the side.
MARGIN = 0.1

#: Share of the photos in `hash_test`: that of the paper's 1,257 of 9,004.
TEST_SHARE = 1_257 / 9_004

HASHED = ("hash_train", "hash_test")

#: Numbers of a `.cat` file: the count of points, then x and y of each.
NUMBERS = 1 + 2 * POINTS


class Edition(ABC):
    """Where photos and landmarks come from.

    Attributes:
        store: the store of the photos.
    """

    store: Store

    @abstractmethod
    def splits(self) -> dict[str, list[str]]:
        """Names of the photos on disk by split."""

    @abstractmethod
    def head(self, name: str) -> tuple[Image.Image, Box, NDArray[np.float64]]:
        """A photo, the box of the head in its pixels, and the nine landmarks in its pixels.

        Raises:
            DataError: the photo or its annotation is broken.
        """

    def _photo(self, name: str) -> Image.Image:
        return decode_photo(self.store.read(name), f"{self.store.name}: {name}", upright=False)


class PreparedHeads(Edition):
    """Crops of 100 x 100 px of which the centre 80 x 80 px count; splits `train` and `test`."""

    def __init__(self, tree: OfficialTree, lists: PreparedLists) -> None:
        self.store, self._prefix = tree.images("cat_images")
        self._lists = lists

    @cached_property
    def _found(self) -> dict[str, list[str]]:
        return {
            split: [n for n in self._lists.listed(split).names if self._prefix + n in self.store]
            for split in ("train", "test")
        }

    @cached_property
    def _fractions(self) -> dict[str, NDArray[np.float64]]:
        lists = [self._lists.listed(split) for split in ("train", "test")]
        return {name: row for one in lists for name, row in zip(one.names, one.points, strict=True)}

    def splits(self) -> dict[str, list[str]]:
        """`train` and `test`, in the order of the lists."""
        return self._found

    def head(self, name: str) -> tuple[Image.Image, Box, NDArray[np.float64]]:
        """A crop, its centre 80 %, and the landmarks."""
        picture = self._photo(self._prefix + name)
        return picture, whole(picture, MARGIN), self._fractions[name] * picture.size


class PublishedHeads(Edition):
    """The published photos with one annotation file each.

    Splits are `train` and `test` where the lists of the prepared release lie beside them, else
    `hash_train` and `hash_test` by the sha256 of the name.

    Args:
        tree: where CAT_00 to CAT_06 are.
        lists: the lists, if there are any.
        margin: how much the square around the landmarks is enlarged at every side.
    """

    def __init__(self, tree: OfficialTree, lists: PreparedLists, margin: float) -> None:
        self.store = FolderStore(tree.base)
        self._lists, self._margin = lists, margin
        self._names = [name for name in self.store.photos() if self._annotated(name)]
        if not self._names:
            raise DataError(
                f"cat_head: {tree.base}: no photo in CAT_00 ... CAT_06 has its annotation "
                f"NAME.jpg.cat beside it. Expected:\n{tree.layout}"
            )

    @cached_property
    def _found(self) -> dict[str, list[str]]:
        if not self._lists.present:
            return hashed_split(self._names, TEST_SHARE, split_names=HASHED)
        return {split: self._listed(split) for split in ("train", "test")}

    def splits(self) -> dict[str, list[str]]:
        """The splits of the lists in their order, else by hash."""
        return self._found

    def head(self, name: str) -> tuple[Image.Image, Box, NDArray[np.float64]]:
        """A photo, the square around its landmarks, and the landmarks."""
        points = self._annotation(f"{name}.cat")
        low, high = points.min(axis=0), points.max(axis=0)
        side = (high - low).max()
        if side <= 0:
            raise DataError(f"{self.store.name}: {name}.cat: all points are the same.")
        half = (0.5 - MARGIN) * (1 + 2 * self._margin) * side
        centre = (low + high) / 2
        left, top = centre - half
        right, bottom = centre + half
        return self._photo(name), (left, top, right, bottom), points

    def _annotated(self, name: str) -> bool:
        return name.startswith("CAT_") and f"{name}.cat" in self.store

    def _listed(self, split: str) -> list[str]:
        by_file = {PurePosixPath(name).name: name for name in self._names}
        known = set(self._names)
        names = self._lists.names(split)
        found = [n if n in known else by_file.get(PurePosixPath(n).name, "") for n in names]
        present = [name for name in found if name]
        if not present:
            raise DataError(
                f"cat_head: no photo of cat_{split}_images.txt is below {self.store.name}: the "
                f"list begins with '{names[0]}', the photos with '{self._names[0]}'."
            )
        return present

    def _annotation(self, name: str) -> NDArray[np.float64]:
        data, where = self.store.read(name), f"{self.store.name}: {name}"
        refuse_page(data, where)
        try:
            values = np.array([float(word) for word in data.split()])
        except ValueError:
            raise DataError(f"{where}: expected whole numbers '9 x1 y1 ... x9 y9'.") from None
        if len(values) != NUMBERS or values[0] != POINTS or not np.isfinite(values).all():
            raise DataError(
                f"{where}: {len(values)} numbers, expected {NUMBERS}: '9 x1 y1 ... x9 y9'."
            )
        return values[1:].reshape(POINTS, 2)
