"""Text files of numbers: rows of equal length, separated by white space."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.official import read_bytes


def read_lines(path: Path) -> list[str]:
    """The lines of a text file, without empty ones at its end.

    Raises:
        DataError: the file is an HTML page, is no text, or is empty.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file.") from None
    lines = text.rstrip().splitlines()
    if not lines:
        raise DataError(f"{path}: the file has no line.")
    return lines


def read_table(path: Path, columns: Sequence[str]) -> NDArray[np.float64]:
    """A file of finite numbers, `float64 [rows, columns]`.

    Args:
        path: the file.
        columns: what each column holds, for messages.

    Raises:
        DataError: the file is an HTML page, is no text, is empty, or a line holds something else
            (with its number).
    """
    lines = read_lines(path)
    try:
        table = np.loadtxt(lines, np.float64, comments=None, ndmin=2)
    except ValueError:
        table = np.empty((0, 0))
    if table.shape != (len(lines), len(columns)) or not np.isfinite(table).all():
        number = next(n for n, line in enumerate(lines, 1) if not _fits(line, len(columns)))
        raise DataError(
            f"{path} line {number}: expected {len(columns)} numbers: {' '.join(columns)}."
        )
    return table


def _fits(line: str, count: int) -> bool:
    try:
        values = [float(word) for word in line.split()]
    except ValueError:
        return False
    return len(values) == count and all(map(math.isfinite, values))
