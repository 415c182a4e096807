"""`celeba_hq`: aligned faces in high resolution, without labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from PIL import Image

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
        options: the crop.

    Raises:
        DataError: the images are missing, with the expected tree, or their names have no number.
    """

    options: CelebAHQOptions
    expected: ClassVar[Mapping[str, int]] = {"all": 30_000, "train": 29_000, "test": 1_000}
    partition = ("all",)

    def __init__(self, root: Path | None, options: CelebAHQOptions) -> None:
        folders = ("celeba_hq", "CelebAMask-HQ")
        tree = OfficialTree("celeba_hq", root, home=HOME, layout=LAYOUT, folders=folders)
        super().__init__(root, options, tree)

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
