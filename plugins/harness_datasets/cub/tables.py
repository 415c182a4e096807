"""CUB's text files: which photos there are, their splits, and where the landmarks lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.number_table import read_lines, read_table

#: Landmarks of every photo.
LANDMARKS = 15


@dataclass(frozen=True)
class Points:
    """Landmarks of all photos, in the order of `images.txt`.

    Attributes:
        pixels: `float64 [N, 15, 2]`, (x, y) in pixels of the photo.
        visible: `bool [N, 15]`.
    """

    pixels: NDArray[np.float64]
    visible: NDArray[np.bool_]


def read_paths(path: Path) -> list[str]:
    """Paths of the photos below `images/`; row i, from 1, is photo number i.

    Raises:
        DataError: a line is no number and path, numbers do not count from 1, or a path is there
            twice.
    """
    names: dict[str, int] = {}
    for number, line in enumerate(read_lines(path), start=1):
        words = line.split(maxsplit=1)
        if len(words) != 2 or words[0] != str(number):
            raise DataError(f"{path} line {number}: expected '{number} CLASS/NAME.jpg'.")
        if words[1] in names:
            raise DataError(f"{path} line {number}: '{words[1]}' is there twice.")
        names[words[1]] = number
    return list(names)


def read_codes(path: Path, count: int, codes: Sequence[int]) -> NDArray[np.int64]:
    """The code of every photo in a list of splits, `int64 [count]`.

    Args:
        path: the file: rows of photo number and code.
        count: number of photos.
        codes: codes that may occur.

    Raises:
        DataError: rows do not name the photos in order, or a code is another one.
    """
    table = read_table(path, ("photo", "split"))
    _check_order(path, table[:, 0], np.arange(1, count + 1))
    wrong = ~np.isin(table[:, 1], codes)
    if wrong.any():
        row = int(np.argmax(wrong))
        known = ", ".join(map(str, codes))
        raise DataError(f"{path} line {row + 1}: split {table[row, 1]:g}, expected {known}.")
    return table[:, 1].astype(np.int64)


def read_points(path: Path, count: int) -> Points:
    """Landmarks of all photos.

    Args:
        path: the file: 15 rows for every photo, with number, part, x, y and whether it is visible.
        count: number of photos.

    Raises:
        DataError: rows do not name photos and parts in order, or visibility is neither 0 nor 1.
    """
    table = read_table(path, ("photo", "part", "x", "y", "visible"))
    photos = np.repeat(np.arange(1, count + 1), LANDMARKS)
    _check_order(path, table[:, 0], photos)
    _check_order(path, table[:, 1], np.tile(np.arange(1, LANDMARKS + 1), count))
    wrong = ~np.isin(table[:, 4], (0, 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{path} line {row + 1}: visible is {table[row, 4]:g}, expected 0 or 1.")
    rows = table.reshape(count, LANDMARKS, 5)
    return Points(rows[..., 2:4], rows[..., 4] == 1)


def _check_order(path: Path, got: NDArray[np.float64], expected: NDArray[np.int64]) -> None:
    if len(got) != len(expected):
        raise DataError(
            f"{path}: {len(got):,} rows, expected {len(expected):,} for the photos of images.txt; "
            "get it again."
        )
    wrong = got != expected
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(f"{path} line {row + 1}: number {got[row]:g}, expected {expected[row]}.")
