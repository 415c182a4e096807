from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from harness.leaderboard.place import with_places, with_ranks
from harness.leaderboard.rows import Cell, Column, Row
from harness.replicates import mean_interval

LOWER = Column(metric="m", unit="%", direction="lower", version=1, params={})
HIGHER = replace(LOWER, direction="higher")


def row(name: str, value: float | None, kind: str = "learned", half: float | None = None) -> Row:
    cell = Cell(value=value)
    if half is not None and value is not None:
        cell = Cell(value=value, low=value - half, high=value + half)
    return Row(
        method=name,
        preset="quick",
        kind=kind,
        package="p 1",
        sees=(),
        seeds=(0,),
        parameters=0,
        fit_seconds=0.0,
        predict_seconds=0.0,
        peak_memory_bytes=0,
        device="cpu",
        notes=(),
        cells={"m": cell},
    )


def ranks(rows: list[Row], column: Column = LOWER) -> dict[str, int | None]:
    return {one.method: one.rank for one in with_ranks(rows, column)}


def places(rows: list[Row], column: Column = LOWER) -> dict[str, float | None]:
    return {one.method: one.places["m"] for one in with_places(rows, [column])}


def test_only_measured_methods_are_ranked() -> None:
    rows = [
        row("oracle", 1, "oracle"),
        row("mean", 2, "trivial"),
        row("ours", 3),
        row("theirs", 4, "external"),
        row("broken", None),
    ]
    found = ranks(rows)
    assert found == {"oracle": None, "mean": None, "ours": 1, "theirs": 2, "broken": None}


def test_rows_whose_intervals_touch_share_a_rank() -> None:
    assert ranks([row("a", 1, half=1), row("b", 2, half=0.5), row("c", 4, half=0.5)]) == {
        "a": 1,
        "b": 1,
        "c": 3,
    }


def test_higher_is_better_turns_the_ranks_around() -> None:
    assert ranks([row("a", 1), row("b", 2)], HIGHER) == {"a": 2, "b": 1}


def spans(rows: list[Row], column: Column = LOWER) -> dict[str, tuple[int | None, int | None]]:
    return {one.method: (one.rank, one.worst_rank) for one in with_ranks(rows, column)}


@pytest.mark.parametrize("column", [LOWER, HIGHER], ids=["lower", "higher"])
def test_ranks_are_those_of_comparing_every_pair(column: Column) -> None:
    rng = np.random.default_rng(3)
    rows = [row(str(n), int(rng.integers(20)), half=int(rng.integers(4))) for n in range(60)]
    ends = {r.method: (r.cells["m"].low or 0, r.cells["m"].high or 0) for r in rows}

    def beats(one: str, other: str) -> bool:
        (low, high), (least, most) = ends[one], ends[other]
        return low > most if column.sign > 0 else high < least

    assert spans(rows, column) == {
        name: (
            1 + sum(beats(other, name) for other in ends),
            len(ends) - sum(beats(name, other) for other in ends),
        )
        for name in ends
    }


@pytest.mark.parametrize(("column", "sign"), [(LOWER, 1), (HIGHER, -1)], ids=["lower", "higher"])
def test_ranks_go_from_the_best_to_the_worst_place_that_noise_allows(
    column: Column, sign: int
) -> None:
    """Rows a and c are apart, b overlaps both, d is behind all."""
    rows = [
        row(name, sign * value, half=half)
        for name, value, half in (("a", 1, 0.5), ("b", 2, 1), ("c", 3, 0.5), ("d", 9, 1))
    ]
    assert spans(rows, column) == {"a": (1, 2), "b": (1, 3), "c": (2, 3), "d": (4, 4)}


def seeds(name: str, *values: float) -> Row:
    """A row of some seeds, without image noise."""
    interval = mean_interval(values, [None] * len(values))
    low, high = interval or (None, None)
    cell = Cell(value=sum(values) / len(values), runs=values, low=low, high=high)
    return replace(row(name, 0), cells={"m": cell})


def test_row_of_one_seed_is_ranked_with_the_training_noise_of_the_others() -> None:
    """Two seeds at 20 and 22: variance 2 with one degree, so 12.706 sqrt(2) = 17.97 each way."""
    assert ranks([seeds("one", 1.0), seeds("two", 2.0)]) == {"one": 1, "two": 2}
    near = [seeds("one", 1.0), seeds("two", 36.9), seeds("pair", 60.0, 62.0)]
    far = [seeds("one", 1.0), seeds("two", 37.0), seeds("pair", 60.0, 62.0)]
    assert (ranks(near)["two"], ranks(far)["two"]) == (1, 2)


def test_rows_that_are_not_ranked_lend_no_training_noise() -> None:
    trivial = replace(seeds("random", 0.0, 99.0), kind="trivial")
    assert spans([seeds("one", 1.0), seeds("two", 2.0), trivial]) == {
        "one": (1, 1),
        "two": (2, 2),
        "random": (None, None),
    }


def test_wide_interval_does_not_push_others_down() -> None:
    rows = [row("sure", 2, half=0.1), row("unsure", 1, half=5), row("third", 3, half=0.1)]
    assert ranks(rows) == {"sure": 1, "unsure": 1, "third": 2}


@pytest.mark.parametrize(
    ("column", "values"),
    [(LOWER, (40, 20, 4, 30)), (HIGHER, (10, 30, 46, 20))],
    ids=["lower", "higher"],
)
def test_place_runs_from_the_best_trivial_row_to_the_best_oracle(
    column: Column, values: tuple[float, float, float, float]
) -> None:
    mean, ours, oracle, second = values
    rows = [
        row("mean", mean, "trivial"),
        row("second", second, "trivial"),
        row("oracle", oracle, "oracle"),
        row("ours", ours),
    ]
    found = places(rows, column)
    assert (found["second"], found["oracle"]) == (0, 1)
    assert found["ours"] == pytest.approx(10 / 26)
    assert found["mean"] == pytest.approx(-10 / 26)


def test_place_is_not_clipped() -> None:
    rows = [row("t", 10, "trivial"), row("o", 5, "oracle"), row("ours", 0)]
    assert places(rows)["ours"] == 2


@pytest.mark.parametrize(
    "ends",
    [
        [row("t", 10, "trivial")],
        [row("o", 5, "oracle")],
        [row("t", 10, "trivial"), row("o", 10, "oracle")],
        [row("t", 10, "trivial"), row("o", 11, "oracle")],
        [row("t", None, "trivial"), row("o", 11, "oracle")],
    ],
    ids=["no oracle", "no trivial row", "equal", "oracle worse", "undefined"],
)
def test_place_is_undefined_without_two_ends(ends: list[Row]) -> None:
    assert places([*ends, row("ours", 7)])["ours"] is None


def test_undefined_value_has_no_place() -> None:
    rows = [row("t", 10, "trivial"), row("o", 5, "oracle"), row("ours", None)]
    assert places(rows)["ours"] is None


def test_interval_without_ends_counts_as_exact() -> None:
    exact = replace(row("b", 2), cells={"m": Cell(value=2.0, low=None, high=None)})
    assert ranks([row("a", 1, half=0.5), exact]) == {"a": 1, "b": 2}
