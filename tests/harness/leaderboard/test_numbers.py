from __future__ import annotations

import pytest

from harness.leaderboard.numbers import (
    bytes_text,
    count_text,
    decimals,
    interval_text,
    number_text,
    seconds_text,
    value_text,
)
from harness.leaderboard.rows import Cell


@pytest.mark.parametrize(
    ("unit", "values", "digits"),
    [
        ("% of inter-ocular distance", [123.0], 2),
        ("fraction", [0.81, 0.02], 4),
        ("fraction", [1.0], 3),
        ("pixels", [683.3, 4.0], 1),
        ("", [12345.0], 0),
        ("", [None], 3),
    ],
)
def test_digits_follow_unit_and_largest_value(
    unit: str, values: list[float | None], digits: int
) -> None:
    assert decimals(unit, values) == digits


def test_value_has_its_deviation_where_there_are_seeds() -> None:
    assert value_text(Cell(value=5.123), 2) == "5.12"
    assert value_text(Cell(value=5.123, std=0.1), 2) == "5.12 ± 0.10"
    assert value_text(Cell(), 2) == "n/a"


def test_interval_is_missing_without_ends() -> None:
    assert interval_text(Cell(value=1.0, low=0.5, high=1.5), 1) == "0.5 to 1.5"
    assert interval_text(Cell(value=1.0), 1) == "n/a"


def test_numbers_have_no_negative_zero() -> None:
    assert number_text(-0.0001, 2) == "0.00"


def test_amounts_of_memory_are_short() -> None:
    assert [bytes_text(n) for n in (0, 2**20, 2**30 - 1, 3 * 2**29, None)] == [
        *("0 MiB", "1 MiB", "1024 MiB", "1.5 GiB", "n/a"),
    ]


def test_counts_and_durations_are_short() -> None:
    assert [count_text(n) for n in (0, 999, 1000, 2_500_000_000, None)] == [
        *("0", "999", "1.0 k", "2.5 G", "n/a"),
    ]
    assert [seconds_text(s) for s in (0.04, 119, 120, 7199, 7200, None)] == [
        *("0.0 s", "119 s", "2 min", "120 min", "2.0 h", "n/a"),
    ]
