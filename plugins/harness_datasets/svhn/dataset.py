"""`svhn`: digits of house numbers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness_datasets.matlab import load_mat
from harness_datasets.official import OfficialTree, count_checks
from harness_datasets.stores import FolderStore
from harness_datasets.svhn.options import HOME, LAYOUT, SVHNOptions

#: Images of each split (Netzer et al. 2011).
EXPECTED = {"train": 73_257, "test": 26_032, "extra": 531_131}
OPTIONAL = "extra"

DIGITS = 10
SIDE = 32


class SVHN(Dataset):
    """Cropped digits in colour; ids are SPLIT/NUMBER from 0.

    32 x 32 px are resized bilinearly; at their own size they stay as they are. Neighbouring digits
    often look in from the sides. Attributes `is_0` to `is_9` tell the digit in the middle. A file
    is read when the first of its images is, and stays in memory (225 MB for `train`).

    Args:
        root: the folder of the files, or its parent.
        options: which digits.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: SVHNOptions
    attribute_names = tuple(f"is_{digit}" for digit in range(DIGITS))

    def __init__(self, root: Path | None, options: SVHNOptions) -> None:
        super().__init__(root, options)
        folders = ("svhn", "SVHN")
        self._tree = OfficialTree("svhn", root, home=HOME, layout=LAYOUT, folders=folders)
        self._paths = {s: self._tree.file(_file(s)) for s in EXPECTED if s != OPTIONAL}
        extra = self._tree.find(_file(OPTIONAL))
        if extra is not None:
            self._paths[OPTIONAL] = extra
        self._lock = threading.Lock()
        self._digits: dict[str, NDArray[np.int64]] = {}
        self._pictures: dict[str, NDArray[np.uint8]] = {}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of all digits together."""
        return EXPECTED if options.digit is None else {}

    def splits(self) -> Sequence[str]:
        """`train` and `test`, and `extra` where its file is."""
        return list(self._paths)

    def ids(self, split: str) -> Sequence[str]:
        """Numbers of the images that show the digit asked for.

        Raises:
            DataError: there is no such split, or its file is malformed.
        """
        return [f"{split}/{row:06d}" for row in self._rows(split)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Resize images.

        Raises:
            DataError: the split's file is malformed.
        """
        rows = self._rows(split)[list(indices)]
        pictures = self._images(split)
        images = np.empty((len(rows), 3, image_size, image_size), np.uint8)
        for place, row in enumerate(rows):
            picture = Image.fromarray(pictures[row])
            if image_size != SIDE:
                picture = picture.resize((image_size, image_size), Image.Resampling.BILINEAR)
            images[place] = np.asarray(picture).transpose(2, 0, 1)
        attributes = self._digits[split][rows, None] == np.arange(DIGITS)
        return Samples(
            ids=[f"{split}/{row:06d}" for row in rows],
            images=images,
            attributes=attributes.astype(np.float32),
        )

    def source(self) -> dict[str, Any]:
        """Options, and sizes and times of the files."""
        stamp = FolderStore(self._tree.base).stamp(path.name for path in self._paths.values())
        return {"options": self.options.model_dump(mode="json"), "files": stamp}

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts of all digits against counts expected, as (split, whether they agree, text)."""
        counts = {split: len(self._labels(split)) for split in self._paths}
        return count_checks(counts, {split: EXPECTED[split] for split in self._paths})

    def _rows(self, split: str) -> NDArray[np.int64]:
        labels, wanted = self._labels(split), self.options.digit
        return np.flatnonzero(labels == wanted) if wanted is not None else np.arange(len(labels))

    def _labels(self, split: str) -> NDArray[np.int64]:
        """The digit of every image; the pixels of the file are skipped."""
        if split not in self._paths:
            raise self._tree.no_split(split, self.splits())
        with self._lock:
            if split not in self._digits:
                path = self._paths[split]
                self._digits[split] = _digits(load_mat(path, only=("y",)), path)
            return self._digits[split]

    def _images(self, split: str) -> NDArray[np.uint8]:
        """Pictures `uint8 [N, 32, 32, 3]`."""
        count = len(self._labels(split))
        with self._lock:
            if split not in self._pictures:
                path = self._paths[split]
                self._pictures[split] = _pixels(load_mat(path, only=("X",)), count, path)
            return self._pictures[split]


def _file(split: str) -> str:
    return f"{split}_32x32.mat"


def _digits(arrays: dict[str, Any], path: Path) -> NDArray[np.int64]:
    if "y" not in arrays:
        raise DataError(f"{path}: no array 'y' of labels, or it is cut off before it.")
    labels = np.atleast_1d(np.asarray(arrays["y"]))
    if labels.ndim != 1 or labels.dtype.kind not in "iuf":
        raise DataError(f"{path}: array 'y' is {labels.dtype} of {labels.ndim} dimensions.")
    wrong = ~np.isin(labels, np.arange(1, DIGITS + 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{path}: label {row} is {labels[row]}, expected 1 to 10.")
    return labels.astype(np.int64) % DIGITS


def _pixels(arrays: dict[str, Any], count: int, path: Path) -> NDArray[np.uint8]:
    if "X" not in arrays:
        raise DataError(f"{path}: no array 'X' of pixels.")
    pixels = np.asarray(arrays["X"])
    if pixels.ndim == 3:
        pixels = pixels[..., None]  # the reader drops the last dimension of one image
    if pixels.shape != (SIDE, SIDE, 3, count) or pixels.dtype != np.uint8:
        got = " x ".join(map(str, pixels.shape))
        raise DataError(
            f"{path}: array 'X' is {pixels.dtype} {got}, expected uint8 32 x 32 x 3 x {count} as "
            "there are labels."
        )
    return np.ascontiguousarray(pixels.transpose(3, 0, 1, 2))
