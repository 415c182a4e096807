"""Training curves: scalars by loop and step, kept as one CSV that a resumed run continues."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from harness.errors import RecordError, RunError
from harness.files import replacing

Row = tuple[str, int, str, float]


class Curves:
    """Rows `loop, step, name, value`.

    Args:
        path: the CSV file.

    Raises:
        RecordError: the file is there but is no such CSV.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[Row] = []
        if path.exists():
            self._rows = _read(path)

    def rewind(self, loop: str, step: int) -> bool:
        """Forget what a loop logged at `step` or later; whether there was anything."""
        kept = [row for row in self._rows if row[0] != loop or row[1] < step]
        forgotten = len(kept) < len(self._rows)
        self._rows = kept
        return forgotten

    def add(self, loop: str, step: int, scalars: Mapping[str, float]) -> None:
        """Add the scalars of one step.

        Raises:
            RunError: a value is not finite: training has diverged.
        """
        for name, value in scalars.items():
            if not math.isfinite(value):
                raise RunError(
                    f"{loop}: {name} became {value} at step {step}: training diverged. "
                    "Try --precision fp32 or another seed."
                )
            self._rows.append((loop, step, name, value))

    def write(self) -> None:
        """Write the file whole.

        Raises:
            RunError: the file cannot be written.
        """
        with replacing(self._path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["loop", "step", "name", "value"])
            writer.writerows(self._rows)


def _read(path: Path) -> list[Row]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return [
                (loop, int(step), name, float(value))
                for loop, step, name, value in list(csv.reader(file))[1:]
            ]
    except (ValueError, csv.Error) as error:
        raise RecordError(f"{path}: damaged ({error}). Start again with --fresh.") from None
