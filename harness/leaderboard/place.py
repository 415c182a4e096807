"""Where a row stands: its rank among methods, and its place between trivial and oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.leaderboard.rows import RANKED, Cell, Column, Row


def with_ranks(rows: Sequence[Row], column: Column) -> list[Row]:
    """Rows with ranks by one metric.

    A row's rank is one more than the number of ranked rows that are better beyond doubt, which
    means that their 95 % intervals do not touch. Rows without an interval count as exact. Trivial
    rows, oracles and undefined values have no rank.
    """
    ranked = [
        row for row in rows if row.kind in RANKED and row.cells[column.metric].value is not None
    ]

    def rank(row: Row) -> int | None:
        if row not in ranked:
            return None
        mine = row.cells[column.metric]
        return 1 + sum(_is_better(other.cells[column.metric], mine, column) for other in ranked)

    return [replace(row, rank=rank(row)) for row in rows]


def with_places(rows: Sequence[Row], columns: Sequence[Column]) -> list[Row]:
    """Rows with their place on every metric: 0 the best trivial row, 1 the best oracle.

    A place may lie below 0 or above 1. It is undefined without a trivial row, without an oracle,
    or where the oracle is not better than the trivial row.
    """
    ends = {
        column.metric: (_best(rows, "trivial", column), _best(rows, "oracle", column))
        for column in columns
    }

    def place(row: Row, column: Column) -> float | None:
        value = row.cells[column.metric].value
        floor, ceiling = ends[column.metric]
        if value is None or floor is None or ceiling is None:
            return None
        if column.sign * (ceiling - floor) <= 0:
            return None
        return (value - floor) / (ceiling - floor)

    return [
        replace(row, places={column.metric: place(row, column) for column in columns})
        for row in rows
    ]


def _best(rows: Sequence[Row], kind: str, column: Column) -> float | None:
    values = [
        value
        for row in rows
        if row.kind == kind and (value := row.cells[column.metric].value) is not None
    ]
    return max(values, key=lambda value: column.sign * value, default=None)


def _is_better(one: Cell, other: Cell, column: Column) -> bool:
    (low, high), (other_low, other_high) = _ends(one), _ends(other)
    return low > other_high if column.sign > 0 else high < other_low


def _ends(cell: Cell) -> tuple[float, float]:
    value = cell.value if cell.value is not None else float("nan")
    return (
        cell.low if cell.low is not None else value,
        cell.high if cell.high is not None else value,
    )
