"""`mnist`: handwritten digits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness_datasets.mnist.idx import IMAGES, LABELS, read_idx
from harness_datasets.mnist.options import HOME, LAYOUT, MNISTOptions
from harness_datasets.official import OfficialTree, count_checks
from harness_datasets.stores import FolderStore

#: What the official files' names begin with, and their images.
FILES = {"train": "train", "test": "t10k"}
EXPECTED = {"train": 60_000, "test": 10_000}

DIGITS = 10
SIDE = 28


class MNIST(Dataset):
    """White digits on black, the grey value repeated over RGB; ids are SPLIT/NUMBER from 0.

    The 28 x 28 px, with a black border where the option `padding` asks for one, are resized
    bilinearly; at their own size they stay as they are. Attributes `is_0` to `is_9` tell the digit.

    Args:
        root: the folder of the four files, or its parent.
        options: which digits, and the border.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: MNISTOptions
    attribute_names = tuple(f"is_{digit}" for digit in range(DIGITS))

    def __init__(self, root: Path | None, options: MNISTOptions) -> None:
        super().__init__(root, options)
        folders = ("mnist/raw", "MNIST/raw", "mnist", "MNIST", "raw")
        self._tree = OfficialTree("mnist", root, home=HOME, layout=LAYOUT, folders=folders)
        self._paths = {split: self._files(start) for split, start in FILES.items()}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of all digits together."""
        return EXPECTED if options.digit is None else {}

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return list(FILES)

    def ids(self, split: str) -> Sequence[str]:
        """Numbers of the images that show the digit asked for.

        Raises:
            DataError: there is no such split, or its file is malformed.
        """
        return [f"{split}/{row:05d}" for row in self._rows(split)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Pad and resize images.

        Raises:
            DataError: a file is malformed.
        """
        rows = self._rows(split)[list(indices)]
        grey, labels = self._arrays[split]
        images = np.empty((len(rows), 3, image_size, image_size), np.uint8)
        for place, row in enumerate(rows):
            images[place] = self._square(grey[row], image_size)
        attributes = labels[rows, None] == np.arange(DIGITS)
        return Samples(
            ids=[f"{split}/{row:05d}" for row in rows],
            images=images,
            attributes=attributes.astype(np.float32),
        )

    def source(self) -> dict[str, Any]:
        """Options, and sizes and times of the files."""
        store = FolderStore(self._tree.base)
        names = [path.name for paths in self._paths.values() for path in paths]
        return {"options": self.options.model_dump(mode="json"), "files": store.stamp(names)}

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts of all digits against counts expected, as (split, whether they agree, text)."""
        counts = {split: len(labels) for split, (_, labels) in self._arrays.items()}
        return count_checks(counts, EXPECTED)

    def _files(self, start: str) -> tuple[Path, Path]:
        images, labels = (
            self._tree.file(
                *(f"{start}-{kind}{dot}{idx}{gz}" for gz in ("", ".gz") for dot in "-.")
            )
            for kind, idx in (("images", "idx3-ubyte"), ("labels", "idx1-ubyte"))
        )
        return images, labels

    @cached_property
    def _arrays(self) -> dict[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
        return {split: self._load(*paths) for split, paths in self._paths.items()}

    def _load(self, images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        grey, digits = read_idx(images, IMAGES), read_idx(labels, LABELS)
        if grey.shape[1:] != (SIDE, SIDE):
            height, width = grey.shape[1:]
            raise DataError(f"{images}: images of {width} x {height} px, expected 28 x 28 px.")
        if len(grey) != len(digits):
            raise DataError(f"{labels}: {len(digits):,} labels for {len(grey):,} images.")
        if len(digits) and digits.max() >= DIGITS:
            row = int(np.argmax(digits >= DIGITS))
            raise DataError(f"{labels}: label {row} is {digits[row]}, expected 0 to 9.")
        return grey, digits

    def _rows(self, split: str) -> NDArray[np.int64]:
        if split not in FILES:
            raise self._tree.no_split(split, self.splits())
        labels = self._arrays[split][1]
        wanted = self.options.digit
        return np.flatnonzero(labels == wanted) if wanted is not None else np.arange(len(labels))

    def _square(self, grey: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
        padded = np.pad(grey, self.options.padding)
        if len(padded) == size:
            return padded
        return np.array(Image.fromarray(padded).resize((size, size), Image.Resampling.BILINEAR))
