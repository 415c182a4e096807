"""Numbers as text: as many digits as the unit and the size of a column deserve."""

from __future__ import annotations

import math
from collections.abc import Iterable

from harness.leaderboard.rows import Cell, Column, Row

#: What stands where there is no value.
MISSING = "n/a"
#: Significant digits of the largest value of a column.
DIGITS = 4


def decimals(unit: str, values: Iterable[float | None]) -> int:
    """Digits after the point for a column: two for percentages, else `DIGITS` significant ones.

    >>> decimals("% of image edge", [5.123]), decimals("fraction", [0.81]), decimals("", [683.3])
    (2, 4, 1)
    """
    if unit.startswith("%"):
        return 2
    largest = max([abs(value) for value in values if value is not None], default=1.0)
    before = 0 if largest < 1 else math.floor(math.log10(largest)) + 1
    return max(0, DIGITS - before)


def column_decimals(column: Column, rows: Iterable[Row]) -> int:
    """Digits after the point of one metric's values in a table."""
    return decimals(column.unit, (row.cells[column.metric].value for row in rows))


def value_text(cell: Cell, digits: int) -> str:
    """The value, with its deviation over seeds where there is one, such as `5.12 ± 0.10`."""
    if cell.value is None:
        return MISSING
    text = number_text(cell.value, digits)
    return text if cell.std is None else f"{text} ± {number_text(cell.std, digits)}"


def interval_text(cell: Cell, digits: int) -> str:
    """The 95 % interval, such as `4.80 to 5.44`."""
    if cell.value is None or cell.low is None or cell.high is None:
        return MISSING
    return f"{number_text(cell.low, digits)} to {number_text(cell.high, digits)}"


def rank_text(row: Row) -> str:
    """The ranks that noise allows, such as `2` or `1-3`; empty for rows that are not ranked."""
    if row.rank is None:
        return ""
    same = row.worst_rank is None or row.worst_rank == row.rank
    return str(row.rank) if same else f"{row.rank}-{row.worst_rank}"


def number_text(value: float | None, digits: int) -> str:
    """A plain number without a negative zero, or `n/a`.

    >>> number_text(-0.001, 2), number_text(None, 2)
    ('0.00', 'n/a')
    """
    return MISSING if value is None else f"{value:z.{digits}f}"


def count_text(count: int | None) -> str:
    """A large count, such as `12.3 M`.

    >>> count_text(950), count_text(12_345), count_text(4_200_000)
    ('950', '12.3 k', '4.2 M')
    """
    if count is None:
        return MISSING
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f} {letter}"
    return str(count)


def bytes_text(count: int | None) -> str:
    """An amount of memory, such as `912 MiB`.

    >>> bytes_text(956_301_312), bytes_text(5 * 2**30)
    ('912 MiB', '5.0 GiB')
    """
    if count is None:
        return MISSING
    mebibytes = count / 2**20
    return f"{mebibytes:.0f} MiB" if mebibytes < 1024 else f"{mebibytes / 1024:.1f} GiB"


def seconds_text(seconds: float | None) -> str:
    """A duration, such as `85 s` or `3.2 h`.

    >>> seconds_text(0.25), seconds_text(85), seconds_text(600), seconds_text(11520)
    ('0.2 s', '85 s', '10 min', '3.2 h')
    """
    if seconds is None:
        return MISSING
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
