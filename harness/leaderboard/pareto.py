"""Score against cost: the rows that no cheaper row equals."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from harness.leaderboard.rows import RANKED, Column, Row

#: Costs of a row (fields of `Row`), and whether they compare only on the same device.
COSTS = {"fit_seconds": True, "peak_memory_bytes": True, "parameters": False}
#: Kinds of rows that are compared: oracles see true labels, papers state no cost.
COMPARED = (*RANKED, "trivial")


class Point(NamedTuple):
    """A row by score and cost."""

    row: Row
    score: float
    cost: float


def with_fronts(rows: Sequence[Row], column: Column) -> list[Row]:
    """Rows with the costs for which they lie on the Pareto front of score against cost.

    A row lies on the front where no other one has at least its score at no more cost, and is better
    in one of both. Scores are taken as they are, without their intervals. Seconds and memory are
    compared among rows of one device only. Oracles and rows without score or cost lie on none.
    """
    fronts = {cost: {id(p.row) for p in front(rows, column, cost)} for cost in COSTS}
    return [
        replace(row, fronts=tuple(cost for cost in COSTS if id(row) in fronts[cost]))
        for row in rows
    ]


def points(rows: Sequence[Row], column: Column, cost: str) -> list[Point]:
    """The rows that are compared by this cost, with score and cost.

    Args:
        rows: of one table.
        column: the score.
        cost: one of `COSTS`.
    """
    found = []
    for row in rows:
        value, spent = row.cells[column.metric].value, getattr(row, cost)
        if row.kind in COMPARED and value is not None and spent is not None:
            found.append(Point(row, value, float(spent)))
    return found


def front(rows: Sequence[Row], column: Column, cost: str) -> list[Point]:
    """The points that no other one dominates, in the order of the rows."""
    known = points(rows, column, cost)
    devices: dict[str, list[Point]] = {}
    for point in known:
        devices.setdefault(point.row.device if COSTS[cost] else "", []).append(point)
    kept: set[int] = set()
    for group in devices.values():
        best = -math.inf
        for _, same in itertools.groupby(sorted(group, key=_cost), key=_cost):
            equals = list(same)
            top = max(column.sign * point.score for point in equals)
            if top > best:
                kept |= {id(p.row) for p in equals if column.sign * p.score == top}
                best = top
    return [point for point in known if id(point.row) in kept]


def _cost(point: Point) -> float:
    return point.cost
