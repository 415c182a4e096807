"""`celeba_hq`: aligned faces in high resolution, with CelebA's attributes where asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from PIL import Image

from harness.contract import Samples
from harness_datasets.celeba_hq.attributes import HQAttributes
from harness_datasets.celeba_hq.options import HOME, LAYOUT, CelebAHQOptions
from harness_datasets.crops import Box, whole
from harness_datasets.official import OfficialTree, hashed_split
from harness_datasets.plain_photos import (
    PhotoSplit,
    PlainPhotos,
    named_by_number,
    numbered,
    wrong_size,
)
from harness_datasets.stores import PHOTO_ENDINGS, FolderStore, Store

#: The set has no official split; the share is 1,000 of 30,000.
TEST_SHARE = 1 / 30


class CelebAHQ(PlainPhotos):
    """The images of CelebA-HQ; ids are their numbers with five digits, in increasing order.

    The set has no split: `all` are all images, `test` the thirtieth of them (1,000 of 30,000)
    whose ids have the smallest sha256, `train` the others.

    Args:
        root: the folder that holds the images or their folder, or its parent.
        options: the crop, and whether attributes are read.

    Raises:
        DataError: the images, or the attributes that are asked for, are missing, with the expected
            tree, or the images' names have no number.
    """

    options: CelebAHQOptions
    expected: ClassVar[Mapping[str, int]] = {"all": 30_000, "train": 29_000, "test": 1_000}
    partition = ("all",)

    def __init__(self, root: Path | None, options: CelebAHQOptions) -> None:
        folders = ("celeba_hq", "CelebAMask-HQ")
        tree = OfficialTree("celeba_hq", root, home=HOME, layout=LAYOUT, folders=folders)
        super().__init__(root, options, tree)
        self._attributes = HQAttributes(tree) if options.attributes else None
        if self._attributes is not None:
            self.attribute_names = self._attributes.names

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos, with their attributes where these are asked for.

        Raises:
            DataError: as in `PlainPhotos.read`, or a photo's attributes are missing.
        """
        samples = super().read(split, indices, image_size)
        if self._attributes is None:
            return samples
        return replace(samples, attributes=self._attributes.of([int(n) for n in samples.ids]))

    def source(self) -> dict[str, Any]:
        """Options, sizes and times of the photos, and digests of the lists that are read."""
        lists = {"lists": self._attributes.digests()} if self._attributes else {}
        return {**super().source(), **lists}

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        found = super().check()
        if self._attributes is not None:
            count, expected = len(self._attributes), self.expected["all"]
            text = f"{count:,} rows, expected {expected:,}"
            found.append(("attributes", count == expected, text))
        return found

    def _find(self) -> dict[str, PhotoSplit]:
        store, names = self._images()
        files = numbered(store, names)
        by_id = {f"{number:05d}": number for number in files}
        splits = {"all": list(by_id), **hashed_split(list(by_id), TEST_SHARE)}
        return {
            split: named_by_number(store, files, [by_id[name] for name in ids])
            for split, ids in splits.items()
        }

    def _images(self) -> tuple[Store, list[str]]:
        base = self._tree.base
        names = [path.name for path in base.iterdir() if path.suffix.lower() in PHOTO_ENDINGS]
        plain = [name for name in names if not name.startswith(".")]
        if plain:
            return FolderStore(base), sorted(plain)
        store, _ = self._tree.images("CelebA-HQ-img")
        return store, store.photos()

    def _area(self, picture: Image.Image, where: str) -> Box:
        if picture.width != picture.height:
            raise wrong_size(picture, where, "a square")
        return whole(picture)
