"""Photos without labels, each cut to a square: what the data sets for generators share."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.crops import Box, squeeze
from harness_datasets.official import OfficialTree, count_checks
from harness_datasets.random_crop import RandomCropOptions, random_part
from harness_datasets.stores import Store

NUMBER = re.compile(r"\d+$")


@dataclass(frozen=True)
class PhotoSplit:
    """The photos of a split.

    Attributes:
        store: where they lie.
        ids: their ids, in the split's order.
        names: the path of each in the store.
    """

    store: Store
    ids: list[str]
    names: list[str]


class PlainPhotos(Dataset):
    """Photos that are cut by `random_part` and resized once, bilinear, antialiased.

    EXIF orientation is not applied. A photo is never enlarged as a whole: where the part that a
    crop is taken from has fewer pixels than are asked for, another edition must be used.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: the crop.
        tree: the files below the root.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: RandomCropOptions
    #: Images of the splits of the whole set.
    expected: ClassVar[Mapping[str, int]]
    #: Splits that together hold every photo once.
    partition: ClassVar[tuple[str, ...]]

    def __init__(self, root: Path | None, options: RandomCropOptions, tree: OfficialTree) -> None:
        super().__init__(root, options)
        self._tree = tree
        self._splits = self._find()

    @abstractmethod
    def _find(self) -> dict[str, PhotoSplit]:
        """All splits by name."""

    @abstractmethod
    def _area(self, picture: Image.Image, where: str) -> Box:
        """The box that a photo's crop is taken from; refuses a photo of a wrong size."""

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return cls.expected

    def splits(self) -> Sequence[str]:
        """Names of the splits."""
        return list(self._splits)

    def ids(self, split: str) -> Sequence[str]:
        """Ids of a split's photos.

        Raises:
            DataError: there is no such split.
        """
        return self._split(split).ids

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos.

        Raises:
            DataError: a photo is broken, of a wrong size, or smaller than asked for.
        """
        chosen = self._split(split)
        ids = [chosen.ids[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        for row, index in enumerate(indices):
            name = chosen.names[index]
            where = f"{chosen.store.name}: {name}"
            picture = decode_photo(chosen.store.read(name), where, upright=False)
            area = self._area(picture, where)
            if min(area[2] - area[0], area[3] - area[1]) < image_size:
                raise DataError(
                    f"{where}: {_pixels(picture)}, fewer than the {image_size} px asked for; use "
                    f"an edition with more, or --set suite.image_size={min(picture.size)}."
                )
            images[row] = squeeze(picture, random_part(area, ids[row], self.options), image_size)
        return Samples(ids=ids, images=images)

    def source(self) -> dict[str, Any]:
        """Options, and sizes and times of the photos."""
        parts = {name: self._splits[name] for name in self.partition}
        return {
            "options": self.options.model_dump(mode="json"),
            "images": {name: part.store.stamp(part.names) for name, part in parts.items()},
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        counts = {split: len(self.ids(split)) for split in self.expected}
        return count_checks(counts, dict(self.expected))

    def _split(self, split: str) -> PhotoSplit:
        if split not in self._splits:
            raise self._tree.no_split(split, self.splits())
        return self._splits[split]


def numbered(store: Store, names: Iterable[str]) -> dict[int, str]:
    """Photos by the number at the end of their name, increasing.

    Raises:
        DataError: a name has no number, or two have the same.
    """
    found: dict[int, str] = {}
    for name in names:
        match = NUMBER.search(PurePosixPath(name).stem)
        if match is None:
            raise DataError(f"{store.name}: {name}: expected a name that ends in a number.")
        if int(match[0]) in found:
            raise DataError(
                f"{store.name}: '{found[int(match[0])]}' and '{name}' have the same number."
            )
        found[int(match[0])] = name
    return dict(sorted(found.items()))


def named_by_number(store: Store, files: Mapping[int, str], numbers: Iterable[int]) -> PhotoSplit:
    """A split of these numbers; ids are numbers of five digits."""
    chosen = list(numbers)
    return PhotoSplit(store, [f"{n:05d}" for n in chosen], [files[n] for n in chosen])


def wrong_size(picture: Image.Image, where: str, expected: str) -> DataError:
    """The error for a photo whose width or height is not as it should be."""
    return DataError(f"{where}: {_pixels(picture)}, expected {expected}.")


def _pixels(picture: Image.Image) -> str:
    return f"{picture.width} x {picture.height} px"
