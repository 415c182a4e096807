"""The attributes of CelebA-HQ: its own list, or CelebA's by the mapping of the images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.celeba.files import CelebAFiles
from harness_datasets.celeba.listing import Listing
from harness_datasets.celeba_hq.options import HOME
from harness_datasets.official import OfficialTree, digest, read_bytes

OWN_LIST = "CelebAMask-HQ-attribute-anno.txt"
MAPPING = "CelebA-HQ-to-CelebA-mapping.txt"
#: The mapping's columns: number of an image, and of CelebA's from 0, and that one's file.
MAPPING_COLUMNS = ["idx", "orig_idx", "orig_file"]
#: What the lists say for no and yes.
NO, YES = -1, 1


class HQAttributes:
    """Attributes by the number of an image, from whichever of both places is there.

    Args:
        tree: where to look; CelebA's list may also lie below the folder beside it.

    Raises:
        DataError: neither is there, with the expected tree; or a file is malformed.
    """

    def __init__(self, tree: OfficialTree) -> None:
        own = tree.find(OWN_LIST)
        self._mapping_path: Path | None = None
        self._files: dict[int, str] = {}
        if own is None:
            if tree.find(MAPPING) is None:
                raise tree.missing(OWN_LIST)
            self._mapping_path = tree.file(MAPPING)
            self._files = read_mapping(self._mapping_path)
            own = _celeba_list(tree)
        self._list = Listing(own, home=HOME)
        if not self._list.columns:
            raise DataError(f"{own}: no line names the attributes.")
        #: Their names, in the list's order.
        self.names = self._list.columns

    def of(self, numbers: Sequence[int]) -> NDArray[np.float32]:
        """Attributes `float32 [N, A]`, 0 or 1, of these images.

        Raises:
            DataError: an image has no row, or a row has another value than -1 and 1.
        """
        files = [self._file(number) for number in numbers]
        values = self._list.numbers(files, self.names)
        wrong = ~np.isin(values, (NO, YES)).all(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"{self._list.path}: the row of '{files[row]}' has a value other than -1 and 1."
            )
        return np.where(values == YES, np.float32(1), np.float32(0))

    def __len__(self) -> int:
        """How many images have a row."""
        return len(self._files) if self._mapping_path else len(self._list.rows[0])

    def digests(self) -> dict[str, str]:
        """sha256 of the files that are read."""
        found = {self._list.path.name: self._list.digest}
        if self._mapping_path is not None:
            found[MAPPING] = digest(self._mapping_path)
        return found

    def _file(self, number: int) -> str:
        if self._mapping_path is None:
            return f"{number}.jpg"
        if number not in self._files:
            raise DataError(f"{self._mapping_path}: no row for image {number}; get it from {HOME}.")
        return self._files[number]


def read_mapping(path: Path) -> dict[int, str]:
    """CelebA's file name of every image by the image's number.

    Raises:
        DataError: the file is an HTML page or no text, its header is another one, or a row is
            malformed or there twice (with its line).
    """
    try:
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file.") from None
    if not lines or lines[0].split() != MAPPING_COLUMNS:
        raise DataError(f"{path} line 1: expected the columns {' '.join(MAPPING_COLUMNS)}.")
    files: dict[int, str] = {}
    for place, line in enumerate(lines[1:], start=2):
        words = line.split()
        if not words:
            continue
        if len(words) != len(MAPPING_COLUMNS) or not (words[0].isdigit() and words[1].isdigit()):
            raise DataError(f"{path} line {place}: expected two whole numbers and a file name.")
        if int(words[1]) + 1 != _number(words[2]):
            raise DataError(
                f"{path} line {place}: '{words[2]}' is not CelebA's image {words[1]}, counted from "
                "0: the line was cut off or changed."
            )
        if int(words[0]) in files:
            raise DataError(f"{path} line {place}: image {words[0]} is there twice.")
        files[int(words[0])] = words[2]
    return files


def _number(name: str) -> int | None:
    stem, _, ending = name.partition(".")
    return int(stem) if stem.isdigit() and ending == "jpg" else None


def _celeba_list(tree: OfficialTree) -> Path:
    for base in (tree.base, tree.base.parent):
        found = CelebAFiles(base).find("list_attr_celeba")
        if found is not None:
            return found
    raise tree.missing("list_attr_celeba.txt")
