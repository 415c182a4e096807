from __future__ import annotations

import itertools
import math

import pytest

from harness.web.axes import Axis, axis_of, tick_text


def test_share_is_linear_or_follows_ratios() -> None:
    assert Axis(10, 30).share(15) == 0.25
    assert Axis(1, 10_000, log=True).share(10) == pytest.approx(0.25)


def test_values_beyond_the_ends_lie_on_them() -> None:
    assert (Axis(0, 1).share(-5), Axis(0, 1).share(5)) == (0.0, 1.0)
    assert Axis(1, 10, log=True).share(0.0) == 0.0


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (-3.0, 8.0), (0.4471, 0.4512), (11.0, 76.8), (1e-7, 3e-7)]
)
def test_ticks_are_few_round_and_inside(low: float, high: float) -> None:
    ticks = Axis(low, high).ticks(5)
    assert 2 <= len(ticks) <= 11
    assert all(low - 1e-12 <= tick <= high + 1e-12 for tick in ticks)
    steps = {round((b - a) / (high - low), 6) for a, b in itertools.pairwise(ticks)}
    assert len(steps) == 1


def test_logarithmic_ticks_are_powers_of_ten_or_steps_of_one_two_five() -> None:
    assert Axis(0.5, 2e5, log=True).ticks() == [1, 10, 100, 1000, 1e4, 1e5]
    assert Axis(3, 60, log=True).ticks() == [5, 10, 20, 50]
    assert Axis(4.2, 4.9, log=True).ticks() == [4.2, 4.4, 4.6, 4.8]  # too narrow for either


def test_axis_leaves_room_for_all_values_and_becomes_logarithmic_where_they_are_wide() -> None:
    axis = axis_of([2.0, 4.0, math.nan, math.inf])
    assert (axis.low, axis.high, axis.log) == (2 - 0.12, 4 + 0.12, False)
    assert axis_of([1.0, 1000.0], log=None).log
    assert not axis_of([0.0, 1000.0], log=None).log
    assert not axis_of([1.0, 40.0], log=None).log


def test_axis_of_one_value_or_none_is_no_point() -> None:
    for values in ([], [0.0], [5.0], [-2.0]):
        axis = axis_of(values)
        assert axis.high > axis.low
        assert all(0 < axis.share(value) < 1 for value in values)


def test_texts_beside_axes_are_short() -> None:
    values = (0.0, -0.5, 999, 1500, 12_000, 2.5e6, 7e9)
    assert list(map(tick_text, values)) == ["0", "-0.5", "999", "1,500", "12k", "2.5M", "7G"]
