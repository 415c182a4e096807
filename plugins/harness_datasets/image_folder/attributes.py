"""Binary attributes from a CSV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.image_folder.tables import Row, Table

#: What a cell may say, and what it means.
MEANING = {"1": 1.0, "0": 0.0, "-1": 0.0, "": np.nan, "nan": np.nan, "NaN": np.nan}


@dataclass(frozen=True)
class Attributes:
    """Attributes of a set: names, and `float32 [A]` in {0, 1, NaN} by photo."""

    names: tuple[str, ...]
    values: dict[str, NDArray[np.float32]]

    def of(self, photo: str) -> NDArray[np.float32]:
        """The attributes of a photo; all NaN where the file has no row for it."""
        empty = np.full(len(self.names), np.nan, np.float32)
        return self.values.get(photo, empty)


def attributes_from_table(table: Table, ignore: set[str]) -> Attributes:
    """Every column that is not ignored, 0 or -1 = no, 1 = yes, empty = unknown.

    Args:
        table: the CSV.
        ignore: columns that are no attributes.

    Raises:
        DataError: a cell says something else, or one column says both 0 and -1.
    """
    names = tuple(column for column in table.columns if column not in ignore)
    values = {photo: _values(row, names) for photo, row in table.rows.items()}
    for column in names:
        said = {row.cells[column] for row in table.rows.values()}
        if {"0", "-1"} <= said:
            raise DataError(f"{table.name}: column '{column}' has both 0 and -1 for no.")
    return Attributes(names, values)


def _values(row: Row, names: tuple[str, ...]) -> NDArray[np.float32]:
    for column in names:
        if row.cells[column] not in MEANING:
            raise DataError(
                f"{row.place}: '{row.cells[column]}' in column '{column}' is not 0, 1 or -1; name "
                "the column in the option ignore_columns if it is no attribute."
            )
    return np.array([MEANING[row.cells[column]] for column in names], np.float32)
