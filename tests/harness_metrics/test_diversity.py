import numpy as np
import pytest

from harness_metrics.diversity import Diversity, pair_distances
from harness_metrics.params import ExtractorParams


def measure(world, **params):
    return Diversity(ExtractorParams(**params)).measure(world.evaluation)


def test_pairs_by_hand():
    """3-4-5 and 5-12-13; the fifth has no partner."""
    rows = np.array([[0, 0], [3, 4], [1, 1], [6, 13], [9, 9]], np.float32)
    assert pair_distances(rows).tolist() == [5, 13]


def test_generator_of_the_real_distribution_has_ratio_one(colour_world):
    """Within four standard errors of the ratio."""
    got = measure(colour_world(real=400), count=400)
    errors = [got.details[f"standard error of {side} images"] for side in ("generated", "real")]
    means = [got.details[f"mean distance of {side} images"] for side in ("generated", "real")]
    assert got.value == pytest.approx(means[0] / means[1])
    assert got.value == pytest.approx(1, abs=4 * np.hypot(*errors) / means[1])
    assert got.value != 1


def test_generator_that_draws_one_image_has_none(colour_world):
    assert measure(colour_world(real=40, spread=0), count=40).value == 0


def test_half_the_spread_is_half_the_ratio(colour_world):
    assert measure(colour_world(real=400, spread=0.5), count=400).value == pytest.approx(
        0.5, abs=0.06
    )


def test_real_images_are_paired_at_random(colour_world):
    """Every image stands twice in a row, as frames do: neighbours would have no distance."""
    world = colour_world(real=100)
    twice = world.with_real(np.repeat(world.evaluation.fit_images[:50], 2, axis=0))
    got = measure(twice, count=100)
    assert got.details["mean distance of real images"] > 0.8 * np.mean(
        pair_distances(np.random.default_rng(1).permutation(twice.real_features()))
    )


def test_equal_real_images_leave_it_undefined(colour_world):
    world = colour_world(real=10)
    same = world.with_real(np.repeat(world.evaluation.fit_images[:1], 10, axis=0))
    assert np.isnan(measure(same, count=10).value)
