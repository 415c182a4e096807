from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from harness.replicates import (
    Spread,
    difference_half_width,
    improvement_probability,
    mean_interval,
    pooled_spread,
    run_half_width,
    run_permutation_test,
    student,
    with_training_noise,
)


@pytest.mark.parametrize(("freedom", "table"), [(1, 12.706), (2, 4.303), (4, 2.776), (30, 2.042)])
def test_quantiles_of_student_are_those_of_the_printed_table(freedom: int, table: float) -> None:
    assert student(freedom) == pytest.approx(table, abs=5e-4)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 30, 101, 2000, 2001, 2.5])
def test_quantiles_of_student_are_those_of_scipy(freedom: float) -> None:
    assert student(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-12)


def test_training_noise_of_some_runs_is_the_interval_of_scipy(rng: np.random.Generator) -> None:
    runs = rng.normal(8, 1, 5)
    low, high = stats.t.interval(0.95, 4, loc=runs.mean(), scale=stats.sem(runs))
    assert run_half_width(list(runs)) == pytest.approx((high - low) / 2)
    assert run_half_width([3.0]) is None


def test_training_noise_and_image_noise_add_in_quadrature_on_both_sides() -> None:
    """Deviations 3 and 12 with 4 and 5 of training: hypotenuses 5 and 13."""
    assert with_training_noise(10.0, (7.0, 14.0), 4.0)[0] == 5.0
    assert with_training_noise(10.0, (7.0, 22.0), 5.0)[1] == 23.0
    assert with_training_noise(10.0, None, 4.0) == (6.0, 14.0)


def test_several_runs_keep_the_noise_of_the_images_that_they_share() -> None:
    alike = mean_interval([5.0, 5.0, 5.0], [(4.0, 7.0), (4.0, 7.0), (4.0, 7.0)])
    assert alike == (4.0, 7.0)
    half = 4.302653 / math.sqrt(3)
    low, high = mean_interval([1.0, 2.0, 3.0], [(0.5, 1.2), (1.0, 2.4), (1.5, 3.6)]) or (0, 0)
    assert low == pytest.approx(2 - math.hypot(half, (0.5 + 1.0 + 1.5) / 3), abs=1e-5)
    assert high == pytest.approx(2 + math.hypot(half, (0.2 + 0.4 + 0.6) / 3), abs=1e-5)


def test_runs_without_intervals_of_their_own_have_training_noise_alone() -> None:
    half = 12.7062 * math.sqrt(2) / math.sqrt(2)
    assert mean_interval([1.0, 3.0], [None, None]) == pytest.approx((2 - half, 2 + half), abs=1e-3)
    assert mean_interval([1.0], [(0.5, 2.0)]) == (0.5, 2.0)
    assert mean_interval([1.0], [None]) is None


def test_pooled_spread_is_the_mean_square_of_a_one_way_analysis_of_variance() -> None:
    """Squares about the means: 2 in the first group, 6 in the third; one run tells nothing."""
    assert pooled_spread([[1, 3], [5], [10, 10, 13]]) == Spread(8 / 3, 3)
    assert pooled_spread([[1.0], [2.0]]) is None


def test_difference_of_runs_is_that_of_the_test_of_welch(rng: np.random.Generator) -> None:
    left, right = rng.normal(8, 1, 3), rng.normal(9, 3, 5)
    interval = stats.ttest_ind(left, right, equal_var=False).confidence_interval(0.95)
    half = difference_half_width(list(left), list(right))
    assert half == pytest.approx((interval.high - interval.low) / 2)


def test_side_with_one_run_counts_as_exact() -> None:
    runs = [1.0, 2.0, 4.0]
    assert difference_half_width(runs, [7.0]) == pytest.approx(run_half_width(runs))
    assert difference_half_width([1.0], [7.0]) is None
    assert difference_half_width([1.0, 1.0], [7.0, 7.0]) == 0


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([1, 2, 3], [7, 8, 9], 2 / 20),
        ([1, 2], [3], 2 / 3),
        ([1], [2], 1),
        ([4, 4], [4, 4], 1),
        ([0.1, 0.2, 0.3], [0.3, 0.2, 0.1], 1),
    ],
)
def test_dealing_the_runs_out_gives_the_counted_share(
    left: list[float], right: list[float], expected: float
) -> None:
    assert run_permutation_test(left, right) == pytest.approx(expected)


def test_dealing_the_runs_out_is_the_permutation_test_of_scipy(rng: np.random.Generator) -> None:
    left, right = rng.normal(0, 1, 4), rng.normal(1, 1, 5)
    exact = stats.permutation_test(
        (left, right),
        lambda a, b: abs(a.mean() - b.mean()),
        alternative="greater",
        n_resamples=1000,
    )
    assert run_permutation_test(list(left), list(right)) == pytest.approx(exact.pvalue)


def test_many_runs_are_dealt_out_at_random_and_never_give_zero(rng: np.random.Generator) -> None:
    left, right = list(rng.normal(0, 1, 10)), list(rng.normal(0.8, 1, 10))
    assert math.comb(20, 10) > 20_000
    wanted = stats.ttest_ind(left, right).pvalue
    assert run_permutation_test(left, right) == pytest.approx(wanted, abs=0.02)
    assert run_permutation_test([0.0] * 10, [1.0] * 10) == pytest.approx(1 / 10_001, rel=2)


def test_permutation_of_no_runs_is_undefined() -> None:
    assert math.isnan(run_permutation_test([], [1.0]))


def test_share_of_better_pairs_is_the_u_statistic(rng: np.random.Generator) -> None:
    """Hand-counted for (3, 5, 7) and (2, 5, 6): 5 wins and a tie of 9 pairs."""
    assert improvement_probability([3, 5, 7], [2, 5, 6], sign=1) == pytest.approx(5.5 / 9)
    assert improvement_probability([3, 5, 7], [2, 5, 6], sign=-1) == pytest.approx(3.5 / 9)
    left, right = rng.random(6), rng.random(4)
    u = stats.mannwhitneyu(left, right).statistic
    assert improvement_probability(list(left), list(right), sign=1) == pytest.approx(u / 24)
