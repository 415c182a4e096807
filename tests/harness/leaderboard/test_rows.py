from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from made_records import record, score

from harness.leaderboard.rows import Column, aggregate, make_rows
from harness.record import Record

LOWER = Column(metric="toy_spread", unit="fraction", direction="lower", version=1, params={})
HIGHER = replace(LOWER, direction="higher")
HASHED = {"version": 1}


def some(*values: tuple[str, float | None], **changes: Any) -> list[Record]:
    return [record(HASHED, method, value, **changes) for method, value in values]


def test_seeds_become_one_row_with_mean_deviation_and_student_interval() -> None:
    seeds = [record(HASHED, value=v, seed=s) for s, v in enumerate([1.0, 2.0, 3.0])]
    (row,) = make_rows(seeds, [LOWER])
    cell = row.cells["toy_spread"]
    assert (cell.value, cell.std) == (2.0, 1.0)
    half = 4.302653 / math.sqrt(3)  # 97.5 % quantile of t with two degrees of freedom, from a table
    assert cell.low == pytest.approx(2 - half, abs=1e-5)
    assert cell.high == pytest.approx(2 + half, abs=1e-5)
    assert row.seeds == (0, 1, 2)
    assert cell.runs == (1.0, 2.0, 3.0)
    assert (row.fit_seconds, row.predict_seconds) == (11.0, 1.0)


def test_noise_of_the_images_stays_in_the_interval_of_several_seeds() -> None:
    scores = [score(value, ci95=(value - 3, value + 3)) for value in (1.0, 2.0, 3.0)]
    cell = aggregate(scores)
    half = math.hypot(3, 4.302653 / math.sqrt(3))
    assert (cell.low, cell.high) == pytest.approx((2 - half, 2 + half), abs=1e-5)


def test_memory_of_a_row_is_the_largest_of_its_seeds() -> None:
    first, second = record(HASHED), record(HASHED, seed=1)
    assert first.cost is not None
    large = first.model_copy(
        update={"cost": first.cost.model_copy(update={"peak_memory_bytes": 7})}
    )
    (row,) = make_rows([large, second], [LOWER])
    assert row.peak_memory_bytes == 7


def test_one_seed_keeps_the_interval_over_images() -> None:
    cell = aggregate([score(0.5, ci95=(0.4, 0.7))])
    assert (cell.value, cell.std, cell.low, cell.high) == (0.5, None, 0.4, 0.7)


def test_undefined_seed_makes_the_row_undefined_so_that_failing_never_helps() -> None:
    cell = aggregate([score(0.1), score(None, missing="nothing could be counted")])
    assert cell.value is None
    assert cell.missing == "nothing could be counted"


def test_metric_measured_for_some_seeds_only_has_no_value() -> None:
    assert aggregate([score(0.1), None]).missing == "not measured for every seed"
    assert aggregate([None]).missing == "not measured"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 2}, "measured by version 2 of the metric"),
        ({"params": {"scale": 2.0}}, "measured with other parameters"),
    ],
    ids=["version", "parameters"],
)
@pytest.mark.parametrize("same", [0, 1], ids=["every seed", "one of two seeds"])
def test_score_of_another_version_or_other_parameters_is_not_shown(
    changes: dict[str, Any], reason: str, same: int
) -> None:
    alike = [record(HASHED, seed=seed, scores=[score(0.1)]) for seed in range(same)]
    strange = record(HASHED, seed=9, scores=[score(0.1, **changes)])
    (row,) = make_rows([*alike, strange], [LOWER])
    cell = row.cells["toy_spread"]
    assert (cell.value, cell.missing) == (None, reason)


def test_other_conventions_are_averaged_and_exclusions_are_summed() -> None:
    first = score(
        1.0, also={"bias": 2.0, "corner": 1.0}, details={"n=1": 5.0}, excluded={"points": 3}
    )
    second = score(
        1.0,
        also={"bias": 4.0, "corner": None},
        details={"n=1": 7.0},
        excluded={"points": 4, "images": 1},
    )
    cell = aggregate([first, second])
    assert cell.also == {"bias": 3.0, "corner": None}
    assert cell.details == {"n=1": 6.0}
    assert cell.excluded == {"points": 7, "images": 1}


def test_other_settings_of_one_preset_stand_in_a_row_of_their_own() -> None:
    records = [
        record(HASHED, value=0.1, config={"steps": 10, "rate": 1.0}),
        record(HASHED, value=0.2, config={"steps": 20, "rate": 1.0}),
    ]
    rows = make_rows(records, [LOWER])
    assert [row.preset for row in rows] == ["quick (steps=10)", "quick (steps=20)"]


def test_a_setting_that_only_later_records_have_is_named_as_default() -> None:
    records = [
        record(HASHED, value=0.1, config={"steps": 10}),
        record(HASHED, value=0.2, config={"steps": 10, "bottleneck": "vector"}),
    ]
    rows = make_rows(records, [LOWER])
    assert [row.preset for row in rows] == [
        "quick (bottleneck=default)",
        "quick (bottleneck=vector)",
    ]


def test_another_version_of_a_method_stands_in_a_row_of_its_own() -> None:
    rows = make_rows([record(HASHED, value=0.1), record(HASHED, value=0.2, version=2)], [LOWER])
    assert [row.preset for row in rows] == ["quick (version 1)", "quick (version 2)"]


def test_many_or_nested_differences_are_named_by_the_fingerprint() -> None:
    nested = [record(HASHED, config={"loss": {"weight": weight}}) for weight in (1, 2)]
    names = {row.preset for row in make_rows(nested, [LOWER])}
    assert names == {f"quick ({one.method.fingerprint[:8]})" for one in nested}


@pytest.mark.parametrize(
    ("column", "order"), [(LOWER, "abc"), (HIGHER, "bac")], ids=["lower", "higher"]
)
def test_best_row_comes_first_and_undefined_ones_last(column: Column, order: str) -> None:
    rows = make_rows(some(("c", None), ("b", 2.0), ("a", 1.0)), [column])
    assert "".join(row.method for row in rows) == order


def test_order_of_the_records_does_not_matter() -> None:
    records = [*some(("b", 1.0), ("a", 1.0)), record(HASHED, "a", 1.5, seed=1)]
    assert make_rows(records, [LOWER]) == make_rows(records[::-1], [LOWER])


def test_record_without_cost_has_unknown_cost() -> None:
    (row,) = make_rows([record(HASHED, cost=None)], [LOWER])
    assert (row.parameters, row.fit_seconds, row.device) == (None, None, "")
    assert (row.predict_seconds, row.peak_memory_bytes) == (None, None)
