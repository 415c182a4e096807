"""`flowers_102`: photos of flowers with captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from harness.contract import Samples
from harness.errors import DataError
from harness_datasets.crops import Box, centre_square, whole
from harness_datasets.flowers_102.captions import Captions
from harness_datasets.flowers_102.options import HOME, LAYOUT, Flowers102Options
from harness_datasets.matlab import load_mat, numbers
from harness_datasets.official import OfficialTree, digest
from harness_datasets.plain_photos import PhotoSplit, PlainPhotos

#: Names of the official splits and of their variables in setid.mat.
SPLITS = {"train": "trnid", "val": "valid", "test": "tstid"}
PHOTOS = 8_189


class Flowers102(PlainPhotos):
    """Flowers of 102 categories; ids are the photos' names without ending, by number.

    `train`, `val` and `test` are the official splits; learning without labels often takes `test`,
    which is the largest (GANSeg). Every photo has ten captions, of which one is read. Photos that
    are listed and not on disk are left out, which `check` counts.

    Args:
        root: the folder that holds the official files, or its parent.
        options: shape and crop, and which caption.

    Raises:
        DataError: a file is missing, with the expected tree, or malformed.
    """

    options: Flowers102Options
    expected: ClassVar[Mapping[str, int]] = {"train": 1_020, "val": 1_020, "test": 6_149}
    partition = ("train", "val", "test")

    def __init__(self, root: Path | None, options: Flowers102Options) -> None:
        folders = ("flowers_102", "102flowers")
        tree = OfficialTree("flowers_102", root, home=HOME, layout=LAYOUT, folders=folders)
        self._setid = tree.file("setid.mat")
        super().__init__(root, options, tree)
        self._captions = Captions(tree) if options.captions else None

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos, with a caption each.

        Raises:
            DataError: as in `PlainPhotos.read`, or captions are missing or malformed.
        """
        samples = super().read(split, indices, image_size)
        if self._captions is None:
            return samples
        return replace(samples, captions=self._captions.of(samples.ids, self.options.caption))

    def source(self) -> dict[str, Any]:
        """Options, digest of the splits, sizes and times of photos and captions."""
        found = {**super().source(), "splits": digest(self._setid)}
        if self._captions is not None:
            ids = [name for split in self.partition for name in self.ids(split)]
            found["captions"] = self._captions.stamp(ids)
        return found

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        found = super().check()
        if self._captions is not None:
            count = len(self._captions)
            text = f"{count:,} photos have them, expected {PHOTOS:,}"
            found.append(("captions", count == PHOTOS, text))
        return found

    def _find(self) -> dict[str, PhotoSplit]:
        store, _ = self._tree.images("jpg")
        by_id = {PurePosixPath(name).stem: name for name in store.photos()}
        lists = load_mat(self._setid)
        found, seen = {}, set[int]()
        for split, variable in SPLITS.items():
            members = numbers(lists, variable, (None,), self._setid)
            if (members != np.floor(members)).any() or members.min(initial=1) < 1:
                raise DataError(
                    f"{self._setid}: array '{variable}' holds what is no photo's number."
                )
            chosen = sorted(int(member) for member in members)
            if len(set(chosen)) < len(chosen) or seen & set(chosen):
                raise DataError(f"{self._setid}: array '{variable}' repeats a photo's number.")
            seen |= set(chosen)
            ids = [name for number in chosen if (name := f"image_{number:05d}") in by_id]
            found[split] = PhotoSplit(store, ids, [by_id[name] for name in ids])
        return found

    def _area(self, picture: Image.Image, where: str) -> Box:
        return whole(picture) if self.options.shape == "squeeze" else centre_square(picture)
