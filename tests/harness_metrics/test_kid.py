from itertools import permutations, product

import numpy as np
import pytest

from harness.errors import ConfigError
from harness_metrics.kid import Kid, discrepancy
from harness_metrics.params import KidParams


def naive(one: np.ndarray, other: np.ndarray) -> float:
    """The definition, kernel by kernel."""

    def kernel(x: np.ndarray, y: np.ndarray) -> float:
        return float((x @ y / len(x) + 1) ** 3)

    m = len(one)
    within = [sum(kernel(s[i], s[j]) for i, j in permutations(range(m), 2)) for s in (one, other)]
    across = sum(kernel(x, y) for x, y in product(one, other))
    return sum(within) / (m * (m - 1)) - 2 * across / m**2


def test_two_dimensions_by_hand():
    """Kernels 1 and 8 within, 3.375, 8, 3.375 and 1 across."""
    one, other = np.array([[1.0, 0], [0, 1]]), np.array([[1.0, 1], [2, 0]])
    assert discrepancy(one, other) == pytest.approx(1.125, abs=1e-12)


def test_one_dimension_by_hand():
    one = np.array([[0.0], [1], [2]])
    assert discrepancy(one, one) == pytest.approx(-70 / 3)
    assert discrepancy(one, one + 1) == pytest.approx(65 / 3)


def test_it_is_the_definition():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(9, 5)), random.normal(size=(9, 5)) + 0.5
    assert discrepancy(one, other) == pytest.approx(naive(one, other), rel=1e-12)


def test_single_precision_is_summed_in_double():
    rows = np.random.default_rng(0).normal(size=(2, 50, 8)).astype(np.float32)
    assert discrepancy(*rows) == discrepancy(*rows.astype(np.float64))


def test_equal_distributions_have_no_discrepancy_on_average():
    """Unbiased: the mean of many lies within four of its standard errors of 0."""
    random = np.random.default_rng(0)
    values = np.array([discrepancy(*random.normal(size=(2, 20, 3))) for _ in range(800)])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(800)
    assert (values < 0).any()


def test_subsets_of_everything_all_say_the_same(colour_world):
    """Subsets as large as both sides: the whole sets' value, and nothing deviates."""
    world = colour_world(real=40, shift=20)
    got = Kid(KidParams(count=40, subset_size=40, subsets=3)).measure(world.evaluation)
    real, made = world.real_features(), world.made_features(40)
    assert got.value == pytest.approx(naive(made, real), rel=1e-6)
    assert got.details["standard deviation of subsets"] == pytest.approx(0, abs=1e-9)
    assert (got.per_image, got.resample) == (None, None)


def test_subsets_scatter_about_the_whole(colour_world):
    """The mean of 200 subsets is near the value of all; one subset alone deviates."""
    world = colour_world(real=60, shift=60)
    got = Kid(KidParams(count=80, subset_size=20, subsets=200)).measure(world.evaluation)
    whole = naive(world.made_features(80)[:60], world.real_features())
    spread = got.details["standard deviation of subsets"]
    assert spread > 0
    assert got.value == pytest.approx(whole, abs=spread)


def test_one_subset_has_no_deviation(colour_world):
    evaluation = colour_world(real=10).evaluation
    got = Kid(KidParams(count=10, subset_size=5, subsets=1)).measure(evaluation)
    assert np.isnan(got.details["standard deviation of subsets"])


def test_seed_decides_images_and_subsets(colour_world):
    evaluation = colour_world(real=30).evaluation
    values = [
        Kid(KidParams(count=30, subset_size=10, subsets=5, seed=seed)).measure(evaluation).value
        for seed in (0, 0, 1)
    ]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize(("count", "real"), [(5, 30), (30, 5)], ids=["generated", "real"])
def test_subsets_larger_than_a_side_are_refused(count, real, colour_world):
    with pytest.raises(ConfigError, match="subset_size = 10, but one side has 5 images"):
        Kid(KidParams(count=count, subset_size=10)).measure(colour_world(real=real).evaluation)
