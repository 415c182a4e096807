import numpy as np
import pytest
from pydantic import ValidationError

from harness_metrics.fid import Fid
from harness_metrics.frechet_distance import FrechetDistance
from harness_metrics.params import FrechetParams, ImageSetParams


def measure(world, **params):
    return FrechetDistance(FrechetParams(extractor="colour.any", **params)).measure(
        world.evaluation
    )


def moments(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return rows.mean(axis=0), np.cov(rows.T)


def test_it_is_the_formula_on_the_features(colour_world):
    """Means, covariances and the root of their product, all from scratch."""
    from scipy.linalg import sqrtm

    world = colour_world(real=300, shift=10, spread=1.5)
    got = measure(world, count=200)
    (m1, s1), (m2, s2) = moments(world.made_features(200)), moments(world.real_features())
    expected = np.square(m1 - m2).sum() + np.trace(s1 + s2 - 2 * sqrtm(s1 @ s2).real)
    assert got.value == pytest.approx(expected, rel=1e-6)
    assert got.details["squared distance of the means"] == pytest.approx(np.square(m1 - m2).sum())
    assert got.details["variance of generated images"] == pytest.approx(np.trace(s1))
    assert got.details["variance of real images"] == pytest.approx(np.trace(s2))
    assert (got.details["generated images"], got.details["real images"]) == (200, 300)
    assert (got.per_image, got.resample, got.curve) == (None, None, None)


def test_shifted_colours_are_their_shift_apart(colour_world):
    """Three channels, each two deviations from the real ones: 3 * 2^2, and what chance adds."""
    got = measure(colour_world(real=2000, shift=30), count=2000)
    assert got.value == pytest.approx(12, abs=1.2)


def test_collapsed_generator_is_the_real_variance_apart(colour_world):
    world = colour_world(real=500, spread=0)
    assert measure(world, count=50).value == pytest.approx(
        np.trace(moments(world.real_features())[1])
        + np.square(world.real_features().mean(axis=0) - world.made_features(1)[0]).sum(),
        rel=1e-6,
    )


def test_real_images_themselves_are_at_no_distance(colour_world):
    world = colour_world(real=100)
    made = world.evaluation.sample(100, 0)
    same = world.with_real(np.concatenate([batch.images for batch in made]))
    assert measure(same, count=100).value < 1e-9


def test_seed_and_real_role_count(colour_world):
    world = colour_world(real=60)
    values = [
        measure(world, count=60, seed=seed, real=real).value
        for seed, real in ((0, "fit"), (0, "fit"), (1, "fit"), (0, "test"))
    ]
    assert values[0] == values[1]
    assert len(set(values)) == 3


def test_fid_is_the_same_distance_under_one_extractor_only(colour_world):
    world = colour_world(real=60, shift=5)
    fid = Fid(ImageSetParams(count=60)).measure(world.evaluation)
    assert fid.value == measure(world, count=60).value


def test_the_quality_of_the_extractor_is_told(colour_world, monkeypatch):
    world = colour_world(real=20)
    monkeypatch.setitem(world.extractor.facts, "extractor: accuracy, %", 91.0)
    assert measure(world, count=20).details["extractor: accuracy, %"] == 91.0


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_generated_images_are_refused(count):
    with pytest.raises(ValidationError, match="greater than or equal to 2"):
        FrechetParams(count=count)


def test_inception_is_no_named_extractor():
    with pytest.raises(ValidationError, match="with the features of inception this is the metric"):
        FrechetParams(extractor="inception")


@pytest.mark.parametrize("digits", ["xyz", "ABC", "0" * 65])
def test_wrong_digests_are_refused(digits):
    with pytest.raises(ValidationError, match="weights_sha256"):
        FrechetParams(weights_sha256=digits)
