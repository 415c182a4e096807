"""`cub`: photos of birds with fifteen landmarks and masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.vision.photo import decode_photo
from harness_datasets.crops import squeeze, whole
from harness_datasets.cub.options import HOME, LAYOUT, CUBOptions
from harness_datasets.cub.tables import Points, read_codes, read_paths, read_points
from harness_datasets.official import OfficialTree, count_checks, digest

#: Code of each split in its list.
OFFICIAL = {"train": 1, "test": 0}
REDO = {"redo_train": 0, "redo_val": 1, "redo_test": 2}

#: Photos of each split (Wah et al. 2011; ReDO's list, which GANSeg uses and whose val part its
#: text gives as 778).
EXPECTED = {
    "train": 5_994,
    "test": 5_794,
    "redo_train": 10_000,
    "redo_val": 788,
    "redo_test": 1_000,
}

TABLES = (
    "images.txt",
    "train_test_split.txt",
    "train_val_test_split.txt",
    "parts/part_locs.txt",
)


class CUB(Dataset):
    """CUB-200-2011's photos; ids are paths below `images/`, in the order of `images.txt`.

    `train` and `test` are the official split, `redo_train`, `redo_val` and `redo_test` ReDO's,
    which GANSeg takes. The whole photo, without the official box, is squeezed to the square in one
    bilinear resize, antialiased, and the mask with it (its first channel). EXIF orientation is not
    applied.

    Landmarks are pixels of the photo, of which it is not documented whether they count from 0 or
    1; they are divided by width and height as they stand. Left and right are the bird's. A landmark
    that is not visible is NaN. Photos that are listed but not on disk are left out; `check` tells
    how many.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: the level of the masks.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: CUBOptions
    landmark_names = (
        "back",
        "beak",
        "belly",
        "breast",
        "crown",
        "forehead",
        "left eye",
        "left leg",
        "left wing",
        "nape",
        "right eye",
        "right leg",
        "right wing",
        "tail",
        "throat",
    )

    def __init__(self, root: Path | None, options: CUBOptions) -> None:
        super().__init__(root, options)
        folders = ("CUB_200_2011", "cub/CUB_200_2011", "cub")
        self._tree = OfficialTree("cub", root, home=HOME, layout=LAYOUT, folders=folders)
        self._paths = {name: self._tree.file(name) for name in TABLES}
        self._photos, self._start = self._tree.images("images")
        self._masks, self._mask_start = self._tree.images("segmentations", "../segmentations")
        self._names = read_paths(self._paths["images.txt"])
        self._places = {name: place for place, name in enumerate(self._names)}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """The official two, and ReDO's three."""
        return list(EXPECTED)

    def ids(self, split: str) -> Sequence[str]:
        """Paths of a split's photos on disk.

        Raises:
            DataError: there is no such split, or its list is malformed.
        """
        if split not in EXPECTED:
            raise self._tree.no_split(split, self.splits())
        return self._splits[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode and resize photos and masks.

        Raises:
            DataError: a photo or its mask is broken or missing.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        masks = np.empty((len(ids), image_size, image_size), bool)
        sizes = np.empty((len(ids), 1, 2))
        for row, name in enumerate(ids):
            picture = self._decode(name)
            sizes[row] = picture.size
            images[row] = squeeze(picture, whole(picture), image_size)
            masks[row] = self._mask(name, image_size)
        places = [self._places[name] for name in ids]
        visible = self._points.visible[places]
        points = np.where(visible[..., None], self._points.pixels[places] / sizes, np.nan)
        return Samples(
            ids=ids,
            images=images,
            landmarks=points.astype(np.float32),
            visible=visible,
            foreground=masks,
        )

    def source(self) -> dict[str, Any]:
        """Options, digests of the lists, and sizes and times of photos and masks."""
        return {
            "options": self.options.model_dump(mode="json"),
            "lists": {name: digest(path) for name, path in self._paths.items()},
            "images": self._photos.stamp(self._photos.photos()),
            "masks": self._masks.stamp(self._masks.photos()),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, and photos without a mask."""
        found = count_checks({split: len(self.ids(split)) for split in EXPECTED}, EXPECTED)
        photos = [*self.ids("train"), *self.ids("test")]
        bare = [name for name in photos if self._mask_name(name) not in self._masks]
        first = f"; the first: {bare[0]}" if bare else ""
        return [*found, ("masks", not bare, f"{len(bare):,} photos have none{first}")]

    @cached_property
    def _splits(self) -> dict[str, list[str]]:
        there = [self._start + name in self._photos for name in self._names]
        found = {}
        for file, codes in (("train_test_split.txt", OFFICIAL), ("train_val_test_split.txt", REDO)):
            coded = read_codes(self._paths[file], len(self._names), sorted(codes.values()))
            for split, code in codes.items():
                found[split] = [
                    name
                    for name, mine, here in zip(self._names, coded, there, strict=True)
                    if mine == code and here
                ]
        return found

    @cached_property
    def _points(self) -> Points:
        return read_points(self._paths["parts/part_locs.txt"], len(self._names))

    def _decode(self, name: str) -> Image.Image:
        data = self._photos.read(self._start + name)
        return decode_photo(data, f"{self._photos.name}: {name}", upright=False)

    def _mask_name(self, name: str) -> str:
        return self._mask_start + PurePosixPath(name).with_suffix(".png").as_posix()

    def _mask(self, photo: str, size: int) -> NDArray[np.bool_]:
        name = self._mask_name(photo)
        mask = decode_photo(self._masks.read(name), f"{self._masks.name}: {name}", upright=False)
        resized = squeeze(mask, whole(mask), size)[0]
        return np.asarray(resized > 255 * self.options.mask_level)
