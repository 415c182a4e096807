"""`flowers_102`: photos of flowers with masks or captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Samples
from harness.errors import DataError
from harness_datasets.crops import Box, centre_square, squeeze, whole
from harness_datasets.flowers_102.captions import Captions
from harness_datasets.flowers_102.masks import Masks, painted
from harness_datasets.flowers_102.options import HOME, LAYOUT, Flowers102Options
from harness_datasets.matlab import load_mat, numbers
from harness_datasets.official import OfficialTree, digest
from harness_datasets.plain_photos import PhotoSplit, PlainPhotos
from harness_datasets.random_crop import random_part

#: Names of the official splits and of their variables in setid.mat.
SPLITS = {"train": "trnid", "val": "valid", "test": "tstid"}
PHOTOS = 8_189


class Flowers102(PlainPhotos):
    """Flowers of 102 categories; ids are the photos' names without ending, by number.

    `train`, `val` and `test` are the official splits; learning without labels often takes `test`,
    which is the largest (GANSeg). Every photo has ten captions, of which one is read, and a mask
    by an automatic method: the photo with its background painted blue, cut and resized like it.
    Photos that are listed and not on disk are left out, which `check` counts.

    Args:
        root: the folder that holds the official files, or its parent.
        options: shape and crop, masks, and which caption.

    Raises:
        DataError: a file is missing, with the expected tree, or malformed.
    """

    options: Flowers102Options
    expected: ClassVar[Mapping[str, int]] = {"train": 1_020, "val": 1_020, "test": 6_149}
    partition = ("train", "val", "test")

    def __init__(self, root: Path | None, options: Flowers102Options) -> None:
        folders = ("flowers_102", "102flowers", "flowers", "oxford-102-flowers")
        tree = OfficialTree("flowers_102", root, home=HOME, layout=LAYOUT, folders=folders)
        self._setid = tree.file("setid.mat")
        super().__init__(root, options, tree)
        self._captions = Captions(tree) if options.captions else None
        self._masks = Masks(tree) if options.masks else None

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos, with a mask and a caption each where these are read.

        Raises:
            DataError: as in `PlainPhotos.read`, or masks or captions are missing or malformed.
        """
        samples = super().read(split, indices, image_size)
        if self._masks is not None:
            samples = replace(samples, foreground=self._foreground(samples.ids, image_size))
        if self._captions is not None:
            captions = self._captions.of(samples.ids, self.options.caption)
            samples = replace(samples, captions=captions)
        return samples

    def source(self) -> dict[str, Any]:
        """Options, digest of the splits, sizes and times of photos, masks and captions."""
        found = {**super().source(), "splits": digest(self._setid)}
        if self._captions is not None:
            ids = [name for split in self.partition for name in self.ids(split)]
            found["captions"] = self._captions.stamp(ids)
        if self._masks is not None:
            found["masks"] = self._masks.stamp()
        return found

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        found = super().check()
        if self._captions is not None:
            count = len(self._captions)
            text = f"{count:,} photos have them, expected {PHOTOS:,}"
            found.append(("captions", count == PHOTOS, text))
        if self._masks is not None:
            everything = sorted(name for split in self.partition for name in self.ids(split))
            bare = self._masks.missing(everything)
            first = f"; the first: {bare[0]}" if bare else ""
            found.append(("masks", not bare, f"{len(bare):,} photos have none{first}"))
        return found

    def _foreground(self, ids: Sequence[str], size: int) -> NDArray[np.bool_]:
        """The masks of photos, `bool [N, size, size]`, cut and resized before they are read off."""
        masks = np.empty((len(ids), size, size), bool)
        for row, name in enumerate(ids):
            picture, where = cast(Masks, self._masks).picture(name)
            part = random_part(self._area(picture, where), name, self.options)
            masks[row] = ~painted(squeeze(picture, part, size))
        return masks

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
