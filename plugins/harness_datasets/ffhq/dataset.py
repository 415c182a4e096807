"""`ffhq`: aligned faces in high resolution, without labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from PIL import Image

from harness_datasets.crops import Box, whole
from harness_datasets.ffhq.options import HOME, LAYOUT, FFHQOptions
from harness_datasets.official import OfficialTree
from harness_datasets.plain_photos import (
    PhotoSplit,
    PlainPhotos,
    named_by_number,
    numbered,
    wrong_size,
)

#: Images from this number on are the release's category `validation`.
FIRST_VALIDATION = 60_000

SIDES = {"images1024x1024": 1024, "thumbnails128x128": 128}


class FFHQ(PlainPhotos):
    """The images of FFHQ; ids are their numbers with five digits, in increasing order.

    `train` and `val` are the release's categories (the first 60,000 images and the last 10,000),
    `all` both together, as generators are often trained.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: the edition and the crop.

    Raises:
        DataError: the images are missing, with the expected tree, or their names have no number.
    """

    options: FFHQOptions
    expected: ClassVar[Mapping[str, int]] = {"all": 70_000, "train": 60_000, "val": 10_000}
    partition = ("all",)

    def __init__(self, root: Path | None, options: FFHQOptions) -> None:
        folders = ("ffhq", "ffhq-dataset")
        tree = OfficialTree("ffhq", root, home=HOME, layout=LAYOUT, folders=folders)
        super().__init__(root, options, tree)

    def _find(self) -> dict[str, PhotoSplit]:
        store, _ = self._tree.images(self.options.images)
        files = numbered(store, store.photos())
        splits = {
            "all": list(files),
            "train": [number for number in files if number < FIRST_VALIDATION],
            "val": [number for number in files if number >= FIRST_VALIDATION],
        }
        return {name: named_by_number(store, files, numbers) for name, numbers in splits.items()}

    def _area(self, picture: Image.Image, where: str) -> Box:
        side = SIDES[self.options.images]
        if picture.size != (side, side):
            raise wrong_size(picture, where, f"{side} x {side} px")
        return whole(picture)
