"""Finished runs by their folders: the record and the values an image that lie beside it."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, RecordError
from harness.fingerprint import changes, short
from harness.predictions import ids_of, read_arrays
from harness.record import Record, read_record
from harness.seal import check_file

#: Fields that a message names; more are counted.
NAMED = 4


@dataclass(frozen=True)
class FinishedRun:
    """A finished run.

    Attributes:
        folder: where it lies.
        record: its record.
    """

    folder: Path
    record: Record

    def per_image(self) -> dict[str, NDArray[np.float64]]:
        """The values of every metric that has some, `float64 [N]` over the test images.

        Raises:
            RecordError: the file is missing or was changed.
            DataError: it is no file of arrays.
        """
        check_file(self.record, self.folder, "per_image.npz")
        arrays = read_arrays(self.folder / "per_image.npz")
        names = {score.per_image for score in self.record.scores if score.per_image}
        return {name: arrays[name].astype(np.float64) for name in names & set(arrays)}

    def predictions(self) -> dict[str, NDArray[Any]]:
        """The arrays of `predictions.npz`.

        Raises:
            RecordError: the file is missing or was changed.
            DataError: it is no file of arrays.
        """
        check_file(self.record, self.folder, "predictions.npz")
        return read_arrays(self.folder / "predictions.npz")

    def test_ids(self) -> list[str] | None:
        """Names of the test images in the order of the values; `None` where no file tells it.

        Predictions made outside keep their own order, in which values an image do not stand.
        """
        kept = ids_of(read_arrays(self.folder / "per_image.npz"), "test_ids")
        if kept is None and self.record.method.kind != "external":
            kept = ids_of(self.predictions(), "test_ids")
        return kept


def read_run(path: Path) -> FinishedRun:
    """A finished run.

    Args:
        path: its folder, or the record in it.

    Raises:
        RecordError: there is no record, it was changed, or the run failed.
    """
    folder = path if path.is_dir() else path.parent
    file = folder / "record.json" if path.is_dir() else path
    if path.is_dir() and not file.exists():
        raise RecordError(
            f"{folder}: no record.json: this is no finished run; the command that began it, given "
            "again, ends it."
        )
    record = read_record(file)
    if record.status != "finished":
        raise RecordError(f"{folder}: the run failed and has no scores: {record.error}")
    return FinishedRun(folder, record)


def find_runs(words: str) -> list[Path]:
    """Paths that a word of the command line stands for: separated by commas, with `*` and `?`.

    Raises:
        DataError: nothing fits a pattern.
    """
    found: list[Path] = []
    for word in filter(None, (word.strip() for word in words.split(","))):
        if Path(word).exists() or not glob.has_magic(word):
            found.append(Path(word))
            continue
        fitting = sorted(map(Path, glob.glob(word)))
        if not fitting:
            raise DataError(f"{word!r}: no folder fits the pattern.")
        found += fitting
    if not found:
        raise DataError("An empty name stands where the folder of a run is expected.")
    return found


def check_comparable(runs: Sequence[FinishedRun]) -> None:
    """Refuse runs of different suites or protocols.

    Raises:
        DataError: with the fields that differ.
    """
    first = runs[0]
    for run in runs[1:]:
        here, there = first.record.suite, run.record.suite
        if here.name != there.name:
            raise DataError(
                f"{first.folder} was measured on the suite {here.name!r}, {run.folder} on "
                f"{there.name!r}; only runs of one suite can be compared."
            )
        if here.fingerprint != there.fingerprint:
            raise DataError(
                f"{first.folder} and {run.folder} are not comparable: their protocols differ in "
                f"{told(changes(here.protocol, there.protocol))}."
            )


def told(found: dict[str, tuple[Any, Any]]) -> str:
    """Differing fields in words, such as `parts (8, 10)`.

    >>> told({"parts": (8, 10)})
    'parts (8, 10)'
    """
    parts = [f"{name} ({short(a)}, {short(b)})" for name, (a, b) in list(found.items())[:NAMED]]
    more = len(found) - len(parts)
    return ", ".join(parts) + (f" and {more} more" if more > 0 else "")
