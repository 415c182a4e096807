"""`zappos_shoes`: catalogue photos of shoes, without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.vision.photo import decode_photo
from harness_datasets.official import OfficialTree, count_checks, hashed_split
from harness_datasets.zappos_shoes.options import HOME, LAYOUT, ZapposShoesOptions

#: Images of the splits (lmdis-rep, section 4.1); which ones is not published.
EXPECTED = {"train": 49_525, "test": 500}

TEST_SHARE = 500 / 50_025

WHITE = (255, 255, 255)


class ZapposShoes(Dataset):
    """Shoes on white; ids are the paths below `ut-zap50k-images`, sorted.

    The photo is resized bilinearly, antialiased, laid on a white square, and all brightness is
    mapped from [0, 1] to [low, high]. The papers' lists are not published: `test` is the hundredth
    of the photos (500 of 50,025) whose paths have the smallest sha256.

    Args:
        root: the folder that holds the images or their zip, or its parent.
        options: the geometry and the range of values.

    Raises:
        DataError: a file is missing, with the expected tree.
    """

    options: ZapposShoesOptions

    def __init__(self, root: Path | None, options: ZapposShoesOptions) -> None:
        super().__init__(root, options)
        folders = ("zappos_shoes", "ut-zap50k")
        self._tree = OfficialTree("zappos_shoes", root, home=HOME, layout=LAYOUT, folders=folders)
        self._store, self._prefix = self._tree.images("ut-zap50k-images")

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return list(EXPECTED)

    def ids(self, split: str) -> Sequence[str]:
        """Paths of a split's photos.

        Raises:
            DataError: there is no such split.
        """
        if split not in EXPECTED:
            raise self._tree.no_split(split, self.splits())
        return self._splits[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, resize and pad photos.

        Raises:
            DataError: a photo is broken.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        for row, name in enumerate(ids):
            data = self._store.read(self._prefix + name)
            picture = decode_photo(data, f"{self._store.name}: {name}", upright=False)
            images[row] = self._square(picture, image_size).transpose(2, 0, 1)
        return Samples(ids=ids, images=images)

    def source(self) -> dict[str, Any]:
        """Options, and sizes and times of the photos."""
        return {
            "options": self.options.model_dump(mode="json"),
            "images": self._store.stamp(self._store.photos()),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        return count_checks({split: len(self.ids(split)) for split in EXPECTED}, EXPECTED)

    @cached_property
    def _splits(self) -> dict[str, list[str]]:
        names = [name.removeprefix(self._prefix) for name in self._store.photos()]
        return hashed_split(names, TEST_SHARE)

    def _square(self, picture: Image.Image, size: int) -> NDArray[np.uint8]:
        inner = max(1, round(self.options.inner * size))
        width, height = inner, inner
        if self.options.shape == "keep":
            scale = inner / max(picture.size)
            width, height = (max(1, round(scale * side)) for side in picture.size)
        sheet = Image.new("RGB", (size, size), WHITE)
        resized = picture.resize((width, height), Image.Resampling.BILINEAR)
        sheet.paste(resized, ((size - width) // 2, (size - height) // 2))
        low, high = 255 * self.options.low, 255 * self.options.high
        return np.rint(low + (high - low) / 255 * np.asarray(sheet)).astype(np.uint8)
