from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.leaderboard.pareto import COSTS, with_fronts
from harness.leaderboard.rows import Cell, Column, Row

LOWER = Column(metric="m", unit="%", direction="lower", version=1, params={})
HIGHER = replace(LOWER, direction="higher")


def row(name: str, value: float | None, cost: float | None, **changes: object) -> Row:
    """A row whose costs are all the same number."""
    spent = None if cost is None else int(cost)
    made = Row(
        method=name,
        preset="quick",
        kind="learned",
        package="p 1",
        sees=(),
        seeds=(0,),
        parameters=spent,
        fit_seconds=cost,
        predict_seconds=0.0,
        peak_memory_bytes=spent,
        device="cpu",
        notes=(),
        cells={"m": Cell(value=value)},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def on_front(rows: list[Row], cost: str = "fit_seconds", column: Column = LOWER) -> str:
    return "".join(one.method for one in with_fronts(rows, column) if cost in one.fronts)


#: a is best, c cheapest, b between, d dominated by b, e by all.
ROWS = [
    *(row("a", 1, 90), row("b", 2, 50), row("c", 8, 10), row("d", 3, 50), row("e", 9, 95)),
]


@pytest.mark.parametrize("cost", COSTS)
def test_front_is_what_no_cheaper_row_equals(cost: str) -> None:
    assert on_front(ROWS, cost) == "abc"


def test_higher_scores_turn_the_front_around() -> None:
    assert on_front(ROWS, column=HIGHER) == "ce"


def test_equal_rows_do_not_push_each_other_off() -> None:
    assert on_front([row("a", 1, 5), row("b", 1, 5), row("c", 1, 6), row("d", 2, 5)]) == "ab"


def test_order_of_the_rows_does_not_matter() -> None:
    assert set(on_front(ROWS[::-1])) == set("abc")


def test_trivial_rows_count_and_oracles_do_not() -> None:
    rows = [row("a", 2, 50), row("t", 1, 1, kind="trivial"), row("o", 0, 0, kind="oracle")]
    assert on_front(rows) == "t"


@pytest.mark.parametrize(
    ("cost", "expected"), [("fit_seconds", "ab"), ("peak_memory_bytes", "ab"), ("parameters", "a")]
)
def test_seconds_and_memory_compare_on_one_device_only(cost: str, expected: str) -> None:
    assert on_front([row("a", 1, 5), row("b", 2, 9, device="H100")], cost) == expected


@pytest.mark.parametrize("column", [LOWER, HIGHER], ids=["lower", "higher"])
def test_front_is_that_of_comparing_every_pair(column: Column) -> None:
    rng = np.random.default_rng(3)
    rows = [
        row(f"{n},", int(rng.integers(9)), float(rng.integers(9)), device="ab"[rng.integers(2)])
        for n in range(80)
    ]

    def beats(one: Row, other: Row) -> bool:
        a, b = (column.sign * (r.cells["m"].value or 0) for r in (one, other))
        c, d = one.fit_seconds or 0, other.fit_seconds or 0
        return one.device == other.device and a >= b and c <= d and (a, c) != (b, d)

    expected = [r.method for r in rows if not any(beats(other, r) for other in rows)]
    assert on_front(rows, column=column) == "".join(expected)


def test_row_without_score_or_cost_is_on_no_front_and_beats_none() -> None:
    rows = [row("a", None, 1), row("b", 1, None, kind="external"), row("c", 2, 3)]
    assert on_front(rows) == "c"
