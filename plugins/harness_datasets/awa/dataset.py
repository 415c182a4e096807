"""`awa`: photos of animals, without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.awa.boxes import Animal, read_boxes
from harness_datasets.awa.options import HOME, LAYOUT, AwAOptions
from harness_datasets.crops import squeeze, whole
from harness_datasets.official import OfficialTree, digest, hashed_split

#: Photos of the default classes (Xian et al. 2019).
EXPECTED = {"antelope": 1_046, "deer": 1_344, "moose": 704, "horse": 1_645, "zebra": 1_170}

#: No split is published; a tenth is held out.
TEST_SHARE = 0.1

BOXES = "boxes.csv"

#: How many classes a message lists.
LISTED = 12

#: Animals that lmdis-rep leaves out are those seen from the front or from behind.
PROFILES = ("left", "right")


class AwA(Dataset):
    """Animals with Attributes 2, some of its classes; ids are paths below `JPEGImages`, sorted.

    lmdis-rep took the first edition of the set, whose photos are no longer given out, and boxes by
    hand that are not published; see the option `crop`. Squares are cut and resized in one bilinear
    resize, antialiased, and where a box sticks out of its photo the edge is repeated. `test` is the
    tenth of the photos whose paths have the smallest sha256. EXIF orientation is not applied.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: classes and crop.

    Raises:
        DataError: a file is missing or malformed, with the expected tree, or a class has no photo.
    """

    options: AwAOptions

    def __init__(self, root: Path | None, options: AwAOptions) -> None:
        super().__init__(root, options)
        inner = "Animals_with_Attributes2"
        folders = (inner, f"awa/{inner}", "awa")
        self._tree = OfficialTree("awa", root, home=HOME, layout=LAYOUT, folders=folders)
        self._store, self._start = self._tree.images("JPEGImages")
        self._boxes = self._tree.file(BOXES) if options.crop == "boxes" else None
        there = {name.split("/")[0] for name in self._names}
        for wanted in options.classes:
            if wanted not in there:
                known = ", ".join(sorted(there)[:LISTED])
                raise DataError(f"{self._store.name}: no folder '{wanted}', there are {known}.")

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Photos of the default classes; how many have a box is a person's own affair."""
        if options.crop == "boxes" or not set(options.classes) <= set(EXPECTED):
            return {}
        photos = sum(EXPECTED[name] for name in options.classes)
        test = round(TEST_SHARE * photos)
        return {"train": photos - test, "test": test}

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return ["train", "test"]

    def ids(self, split: str) -> Sequence[str]:
        """Paths of a split's photos.

        Raises:
            DataError: there is no such split, or no box fits a photo.
        """
        if split not in self.splits():
            raise self._tree.no_split(split, self.splits())
        return self._splits[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos.

        Raises:
            DataError: a photo is broken.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        for row, name in enumerate(ids):
            where = f"{self._store.name}: {name}"
            picture = decode_photo(self._store.read(self._start + name), where, upright=False)
            animal = self._animals.get(name)
            box = whole(picture) if animal is None else animal.square
            square = squeeze(picture, box, image_size)
            turned = animal is not None and animal.facing == "right"
            images[row] = square[..., ::-1] if turned else square
        return Samples(ids=ids, images=images)

    def source(self) -> dict[str, Any]:
        """Options, the digest of the boxes, and sizes and times of the photos."""
        chosen = [self._start + name for name in self._chosen]
        return {
            "options": self.options.model_dump(mode="json"),
            "boxes": None if self._boxes is None else digest(self._boxes),
            "images": self._store.stamp(chosen),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Photos of each class against the official count, as (class, whether they agree, text)."""
        found = []
        for name in self.options.classes:
            count = sum(photo.startswith(f"{name}/") for photo in self._names)
            wanted = EXPECTED.get(name, count)
            found.append((name, count == wanted, f"{count:,} images, expected {wanted:,}"))
        if self._boxes is not None:
            text = f"{len(self._animals):,} animals seen from the side"
            found.append((BOXES, True, text))
        return found

    @cached_property
    def _names(self) -> list[str]:
        return [photo.removeprefix(self._start) for photo in self._store.photos()]

    @cached_property
    def _animals(self) -> dict[str, Animal]:
        if self._boxes is None:
            return {}
        boxes = read_boxes(self._boxes)
        return {name: one for name, one in boxes.items() if one.facing in PROFILES}

    @cached_property
    def _chosen(self) -> list[str]:
        wanted = set(self.options.classes)
        names = [name for name in self._names if name.split("/")[0] in wanted]
        if self._boxes is None:
            return names
        boxed = [name for name in names if name in self._animals]
        if not boxed:
            raise DataError(
                f"{self._boxes}: no row is of a photo below {self._store.name} that shows a chosen "
                f"class from the side; a row begins like '{names[0]}'."
            )
        return boxed

    @cached_property
    def _splits(self) -> dict[str, list[str]]:
        return hashed_split(self._chosen, TEST_SHARE)
