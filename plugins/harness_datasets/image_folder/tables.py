"""CSV files with one row a photo, checked line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from harness.errors import DataError

#: Characters of a name that a message shows.
_SHOWN = 200


@dataclass(frozen=True)
class Row:
    """The cells of one photo by column, and where they stand."""

    place: str
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A CSV file.

    Attributes:
        name: the file.
        columns: its header without the file column.
        rows: rows by photo, in the file's order.
    """

    name: str
    columns: tuple[str, ...]
    rows: dict[str, Row]

    @property
    def places(self) -> dict[str, str]:
        """File and line of every photo's row."""
        return {photo: row.place for photo, row in self.rows.items()}


def read_table(data: bytes, name: str, file_column: str) -> Table:
    """Parse a comma-separated file with a header.

    Args:
        data: the file's bytes, UTF-8 with or without byte order mark.
        name: the file, for messages.
        file_column: the column that holds the photo's path.

    Raises:
        DataError: the header lacks the file column or repeats a column, a row has another number of
            columns, or a photo has two rows.
    """
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
        header = [cell.strip() for cell in next(reader, [])]
        _check_header(header, name, file_column)
        rows: dict[str, Row] = {}
        for cells in reader:
            if not any(cells):
                continue
            place = f"{name} line {reader.line_num}"
            if len(cells) != len(header):
                raise DataError(f"{place}: {len(cells)} columns, the header has {len(header)}.")
            named = {key: cell.strip() for key, cell in zip(header, cells, strict=True)}
            photo = named.pop(file_column)
            if photo in rows:
                raise DataError(f"{place}: '{photo}' is there twice, first in {rows[photo].place}.")
            rows[photo] = Row(place, named)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{name}: not a CSV file in UTF-8: {error}.") from None
    return Table(name, tuple(column for column in header if column != file_column), rows)


def check_photos(places: Mapping[str, str], photos: Collection[str]) -> None:
    """Every labelled name must be a photo.

    Args:
        places: where each name stands.
        photos: all photos.

    Raises:
        DataError: one is not, with its place.
    """
    for photo, place in places.items():
        if photo not in photos:
            shown = str(photo)[:_SHOWN]
            raise DataError(
                f"{place}: there is no photo '{shown}' among the {len(photos)} found; write the "
                "path as it is below the folder or inside the zip."
            )


def _check_header(header: list[str], name: str, file_column: str) -> None:
    if file_column not in header:
        got = ",".join(header)[:80]
        raise DataError(f"{name} line 1: no column '{file_column}' in the header, got '{got}'.")
    for column in header:
        if header.count(column) > 1:
            raise DataError(f"{name} line 1: the column '{column}' is there twice.")
