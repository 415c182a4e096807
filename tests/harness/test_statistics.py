from itertools import product

import numpy as np
import pytest

from harness.errors import ShapeError
from harness.statistics import (
    bootstrap_interval,
    bootstrap_interval_of,
    holm,
    paired_permutation_test,
    seeds_interval,
)


def quantiles_of_all_resamples(data: list[float], level: float) -> tuple[float, float]:
    means = [np.mean(draw) for draw in product(data, repeat=len(data))]
    ends = [(1 - level) / 2, (1 + level) / 2]
    return tuple(np.quantile(means, ends, method="inverted_cdf"))


def test_all_27_resample_means_of_the_sheet_have_the_expected_deviation():
    """Ties the exhaustive reference of the next test to its hand-checked number."""
    means = [np.mean(draw) for draw in product([1, 2, 6], repeat=3)]
    assert np.std(means) == pytest.approx(1.2472191)


@pytest.mark.parametrize("level", [0.95, 0.8, 0.5])
def test_interval_is_the_quantiles_of_all_resamples(level):
    """27 equally likely resamples; quantiles of the draws fall on the same means."""
    got = bootstrap_interval([1, 2, 6], seed=0, resamples=50_000, level=level)
    assert got == pytest.approx(quantiles_of_all_resamples([1, 2, 6], level))


def test_interval_of_many_images_is_that_of_the_normal_law():
    data = np.random.default_rng(0).normal(5, 2, 4000)
    low, high = bootstrap_interval(data, seed=1)
    half = 1.96 * data.std() / np.sqrt(4000)
    assert (low, high) == pytest.approx((data.mean() - half, data.mean() + half), abs=0.1 * half)


def test_interval_of_constant_values_has_no_width():
    assert bootstrap_interval([3.5] * 9, seed=0) == (3.5, 3.5)


def test_images_left_out_have_no_influence():
    data = np.arange(12.0)
    spoiled = np.insert(data, 4, np.nan)
    assert bootstrap_interval(spoiled, seed=2) == bootstrap_interval(data, seed=2)


@pytest.mark.parametrize("data", [[], [1.0], [1.0, np.nan], [np.nan, np.nan]])
def test_interval_of_fewer_than_two_images_is_undefined(data):
    assert bootstrap_interval(data, seed=0) is None


def test_interval_depends_on_the_seed_alone():
    data = np.random.default_rng(3).random(50)
    assert bootstrap_interval(data, seed=4) == bootstrap_interval(data, seed=4)
    assert bootstrap_interval(data, seed=4) != bootstrap_interval(data, seed=5)


def test_values_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"shapes \[\[2, 3\]\], expected \[N\]"):
        bootstrap_interval(np.zeros((2, 3)), seed=0)


def test_recomputed_mean_has_the_interval_of_the_mean():
    data = np.random.default_rng(6).random(40)
    got = bootstrap_interval_of(lambda drawn: data[drawn].mean(), 40, seed=0, resamples=20_000)
    assert got == pytest.approx(bootstrap_interval(data, seed=0, resamples=20_000), abs=0.005)


def test_recomputed_metric_leaves_out_undefined_resamples():
    data = np.arange(5.0)

    def largest(drawn: np.ndarray) -> float:
        return float(data[drawn].max()) if 0 in drawn else float("nan")

    low, high = bootstrap_interval_of(largest, 5, seed=0)
    assert 0 <= low < high == 4
    assert bootstrap_interval_of(lambda drawn: float("nan"), 5, seed=0) is None
    assert bootstrap_interval_of(largest, 1, seed=0) is None


def test_one_run_has_the_interval_over_its_images():
    data = np.random.default_rng(7).random(30)
    assert seeds_interval([data], seed=0) == bootstrap_interval(data, seed=0)


def test_interval_over_runs_and_images_is_the_quantiles_of_all_resamples():
    """Runs (0, 3) and (1, 8): 2^2 draws of images times 2^2 draws of runs."""
    runs = np.array([[0.0, 3.0], [1.0, 8.0]])
    means = [
        runs[np.ix_(chosen, images)].mean()
        for images in product((0, 1), repeat=2)
        for chosen in product((0, 1), repeat=2)
    ]
    for level in (0.9, 0.6, 0.3):
        got = seeds_interval(runs, seed=0, resamples=50_000, level=level)
        expected = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
        assert got == pytest.approx(tuple(expected))


def test_runs_that_differ_widen_the_interval():
    data = np.random.default_rng(8).random(50)
    apart = seeds_interval([data, data + 1, data + 2], seed=0)
    alike = seeds_interval([data, data, data], seed=0)
    assert apart.high - apart.low > 5 * (alike.high - alike.low)


def test_runs_without_images_of_their_own_vary_only_over_runs():
    low, high = seeds_interval([[1.0], [2.0], [6.0]], seed=0, resamples=50_000, level=0.8)
    assert (low, high) == pytest.approx(quantiles_of_all_resamples([1, 2, 6], 0.8))


def test_image_left_out_of_one_run_stays_in_the_others():
    runs = [[1.0, 1.0, np.nan], [1.0, 1.0, 1.0]]
    assert seeds_interval(runs, seed=0) == (1, 1)


def test_runs_over_different_numbers_of_images_are_refused():
    with pytest.raises(ShapeError, match=r"shapes \[\[2\], \[3\]\]"):
        seeds_interval([[1, 2], [1, 2, 3]], seed=0)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([1, 2, 3, 4], 2 / 16),
        ([1, 2, 3, -4], 0.875),
        ([3, 1, 2, 2, 4, -1], 6 / 64),
        ([0, 0, 0], 1),
        ([5, np.nan], 1),
    ],
)
def test_exact_permutation_test_gives_the_hand_checked_values(differences, expected):
    assert paired_permutation_test(differences) == expected


def test_equal_statistics_count_in_spite_of_rounding():
    """Only the patterns of equal signs reach the sum; added in another order it is smaller."""
    assert paired_permutation_test([0, 0.2, 0.9, 0.4, 0.3, 0.1]) == 4 / 64


def test_random_permutation_test_comes_near_the_exact_one():
    differences = np.random.default_rng(9).normal(0.4, 1, 17)
    signs = np.array(list(product((-1, 1), repeat=17)))
    exact = (np.abs(signs @ differences) >= abs(differences.sum()) - 1e-9).mean()
    assert paired_permutation_test(differences) == pytest.approx(exact, abs=0.015)


def test_random_permutation_test_never_says_zero():
    assert paired_permutation_test(np.ones(100)) == pytest.approx(1 / 10_001)
    assert paired_permutation_test(np.zeros(100)) == 1


def test_permutation_test_without_images_is_undefined():
    assert np.isnan(paired_permutation_test([np.nan]))


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_gives_the_hand_checked_values(p_values, expected):
    assert holm(p_values) == pytest.approx(expected)
