"""Where a row stands: its rank among methods, and its place between trivial and oracle."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import replace

from harness.leaderboard.rows import RANKED, Cell, Column, Row
from harness.replicates import Ends, Spread, pooled_spread, student, with_training_noise


def with_ranks(rows: Sequence[Row], column: Column) -> list[Row]:
    """Rows with the range of ranks by one metric that noise allows.

    Of two rows one is better beyond doubt where their 95 % intervals do not touch. A row's best
    rank is one more than the number of ranked rows that are better beyond doubt, its worst rank the
    number of ranked rows less those that it is better than. A row of one seed says nothing of the
    noise of training: it is given that of the ranked rows with several seeds, pooled. Rows without
    an interval count as exact. Trivial rows, oracles and undefined values have no rank.
    """
    ranked = {
        index: cell
        for index, row in enumerate(rows)
        if row.kind in RANKED and (cell := row.cells[column.metric]).value is not None
    }
    spread = pooled_spread([cell.runs for cell in ranked.values()])
    ends = {index: _ends(cell, spread) for index, cell in ranked.items()}
    lows = sorted(low for low, _ in ends.values())
    highs = sorted(high for _, high in ends.values())

    def placed(index: int, row: Row) -> Row:
        if index not in ends:
            return replace(row, rank=None, worst_rank=None)
        low, high = ends[index]
        above, below = len(ends) - bisect_right(lows, high), bisect_left(highs, low)
        better, worse = (above, below) if column.sign > 0 else (below, above)
        return replace(row, rank=1 + better, worst_rank=len(ends) - worse)

    return [placed(index, row) for index, row in enumerate(rows)]


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


def _ends(cell: Cell, spread: Spread | None) -> Ends:
    """The interval that ranks: with pooled training noise where a cell has none of its own."""
    value = cell.value if cell.value is not None else float("nan")
    images = None if cell.low is None or cell.high is None else (cell.low, cell.high)
    if spread is None or len(cell.runs) > 1:
        return images or (value, value)
    return with_training_noise(value, images, student(spread.freedom) * spread.variance**0.5)
