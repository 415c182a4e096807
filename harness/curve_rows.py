"""`curves.csv`: what a run logged while it learned."""

from __future__ import annotations

import csv
from pathlib import Path

from harness.errors import RecordError

#: Loop, step, name and value.
Row = tuple[str, int, str, float]


def read_rows(path: Path) -> list[Row]:
    """The rows of the file, in its order.

    Raises:
        RecordError: the file is no such CSV.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                (loop, int(step), name, float(value))
                for loop, step, name, value in list(csv.reader(file))[1:]
            ]
    except (OSError, ValueError, csv.Error) as error:
        raise RecordError(f"{path}: damaged ({error}). Start again with --fresh.") from None
