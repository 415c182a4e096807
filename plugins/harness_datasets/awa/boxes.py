"""A person's own boxes of animals, with the side they face to."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness_datasets.crops import Box
from harness_datasets.number_table import read_lines

COLUMNS = ("file", "x", "y", "width", "height", "facing")
FACINGS = ("left", "right", "front", "back")


@dataclass(frozen=True)
class Animal:
    """One row.

    Attributes:
        square: the box, made square along its shorter edge round the same centre.
        facing: one of `FACINGS`.
    """

    square: Box
    facing: str


def read_boxes(path: Path) -> dict[str, Animal]:
    """Animals by the path of their photo.

    Raises:
        DataError: the header or a row is malformed, or a photo has two rows, with the line.
    """
    found: dict[str, Animal] = {}
    rows = csv.reader(read_lines(path))
    header = next(rows)
    if tuple(header) != COLUMNS:
        raise DataError(f"{path} line 1: {','.join(header)}, expected {','.join(COLUMNS)}.")
    for number, row in enumerate(rows, start=2):
        if len(row) != len(COLUMNS) or row[5] not in FACINGS:
            raise DataError(
                f"{path} line {number}: expected {','.join(COLUMNS)} with facing "
                f"{', '.join(FACINGS)}."
            )
        name = row[0].replace("\\", "/")
        if name in found:
            raise DataError(f"{path} line {number}: '{name}' is there twice.")
        found[name] = Animal(_square(row, path, number), row[5])
    return found


def _square(row: list[str], path: Path, number: int) -> Box:
    try:
        x, y, width, height = (float(word) for word in row[1:5])
    except ValueError:
        raise DataError(f"{path} line {number}: x, y, width and height are numbers.") from None
    if not all(map(math.isfinite, (x, y, width, height))) or min(width, height) <= 0:
        raise DataError(f"{path} line {number}: width and height must be above 0.")
    half = max(width, height) / 2
    across, down = x + width / 2, y + height / 2
    return across - half, down - half, across + half, down + half
