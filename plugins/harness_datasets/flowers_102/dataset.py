"""`flowers_102`: photos of 102 kinds of flowers with masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.crops import squeeze, whole
from harness_datasets.flowers_102.options import HOME, LAYOUT, Flowers102Options
from harness_datasets.matlab import load_mat, numbers
from harness_datasets.official import OfficialTree, count_checks, digest
from harness_datasets.stores import Store

#: The array of each split in `setid.mat`, and its photos (Nilsback and Zisserman 2008).
ARRAYS = {"train": "trnid", "val": "valid", "test": "tstid"}
EXPECTED = {"train": 1_020, "val": 1_020, "test": 6_149}

#: A pixel of a segmented photo is background where red or green has the first value, or blue the
#: second: the blue that was painted over it, as JPEG keeps it.
BLUE = (0, 254)


class Flowers102(Dataset):
    """Oxford's 102 kinds of flowers; ids are file names, in the order of their numbers.

    `train`, `val` and `test` are the official splits. The whole photo is squeezed to the square in
    one bilinear resize, antialiased; EXIF orientation is not applied.

    Masks come from an automatic method, not from people, as photos whose background is painted
    blue. As in GANSeg's code a pixel is background where, after the same resize, red is 0, green
    is 0 or blue is 254: JPEG and resize smear the border, so masks made in another order differ
    there. Photos that are listed but not on disk are left out; `check` tells how many.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: none.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: Flowers102Options

    def __init__(self, root: Path | None, options: Flowers102Options) -> None:
        super().__init__(root, options)
        folders = ("flowers_102", "flowers", "oxford-102-flowers")
        self._tree = OfficialTree("flowers_102", root, home=HOME, layout=LAYOUT, folders=folders)
        self._path = self._tree.file("setid.mat")
        self._photos, self._start = self._tree.images("jpg")
        self._masks, self._mask_start = self._tree.images("segmim")

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """The official three."""
        return list(EXPECTED)

    def ids(self, split: str) -> Sequence[str]:
        """File names of a split's photos on disk.

        Raises:
            DataError: there is no such split, or the list is malformed.
        """
        if split not in EXPECTED:
            raise self._tree.no_split(split, self.splits())
        return [_photo(number) for number in self._numbers[split]]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode and resize photos and masks.

        Raises:
            DataError: a photo or its mask is broken or missing.
        """
        self.ids(split)
        chosen = [self._numbers[split][index] for index in indices]
        images = np.empty((len(chosen), 3, image_size, image_size), np.uint8)
        masks = np.empty((len(chosen), image_size, image_size), bool)
        for row, number in enumerate(chosen):
            images[row] = _pixels(self._photos, self._start + _photo(number), image_size)
            painted = _pixels(self._masks, self._mask_start + _mask(number), image_size)
            masks[row] = ~_painted(painted)
        return Samples(ids=[_photo(number) for number in chosen], images=images, foreground=masks)

    def source(self) -> dict[str, Any]:
        """Options, the digest of the list, and sizes and times of photos and masks."""
        return {
            "options": self.options.model_dump(mode="json"),
            "lists": {self._path.name: digest(self._path)},
            "images": self._photos.stamp(self._photos.photos()),
            "masks": self._masks.stamp(self._masks.photos()),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, and photos without a mask."""
        found = count_checks({split: len(self.ids(split)) for split in EXPECTED}, EXPECTED)
        everything = sorted(number for split in self._numbers.values() for number in split)
        bare = [n for n in everything if self._mask_start + _mask(n) not in self._masks]
        first = f"; the first: {_photo(bare[0])}" if bare else ""
        return [*found, ("masks", not bare, f"{len(bare):,} photos have none{first}")]

    @cached_property
    def _numbers(self) -> dict[str, list[int]]:
        arrays = load_mat(self._path)
        listed: dict[int, str] = {}
        for split, name in ARRAYS.items():
            for value in numbers(arrays, name, (None,), self._path):
                if value < 1 or value != int(value):
                    raise DataError(f"{self._path}: array '{name}' has {value:g}, no photo.")
                if int(value) in listed:
                    raise DataError(f"{self._path}: photo {value:g} is listed twice.")
                listed[int(value)] = split
        there = [n for n in sorted(listed) if self._start + _photo(n) in self._photos]
        return {split: [n for n in there if listed[n] == split] for split in ARRAYS}


def _photo(number: int) -> str:
    return f"image_{number:05d}.jpg"


def _mask(number: int) -> str:
    return f"segmim_{number:05d}.jpg"


def _pixels(store: Store, name: str, size: int) -> NDArray[np.uint8]:
    picture = decode_photo(store.read(name), f"{store.name}: {name}", upright=False)
    return squeeze(picture, whole(picture), size)


def _painted(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    red, green, blue = pixels
    dark, bright = BLUE
    return np.asarray((red == dark) | (green == dark) | (blue == bright))
