import numpy as np
import pytest

from harness.errors import ConfigError
from harness_metrics import precision_recall as module
from harness_metrics.params import PrecisionRecallParams
from harness_metrics.precision_recall import (
    Overlap,
    PrecisionRecall,
    overlap,
    radii,
    squared_distances,
)

REAL = np.array([[0.0], [1], [2], [10]])
MADE = np.array([[0.5], [1.5], [2.5], [20], [21]])


def naive(real: np.ndarray, made: np.ndarray, k: int) -> Overlap:
    """All pairs one by one."""

    def reach(points: np.ndarray, i: int) -> float:
        return sorted(np.linalg.norm(points[i] - x) for j, x in enumerate(points) if j != i)[k - 1]

    inside = np.array(
        [[np.linalg.norm(m - r) <= reach(real, i) for i, r in enumerate(real)] for m in made]
    )
    back = np.array(
        [[np.linalg.norm(m - r) <= reach(made, j) for r in real] for j, m in enumerate(made)]
    )
    return Overlap(
        precision=inside.any(axis=1).mean(),
        recall=back.any(axis=0).mean(),
        density=inside.sum() / (k * len(made)),
        coverage=inside.any(axis=0).mean(),
    )


def test_points_on_a_line_by_hand():
    """Real balls reach 1, 1, 1 and 8, generated ones 1; 2.5 to 1 is farther, 2.5 to 2 is not."""
    assert overlap(REAL, MADE, 1) == Overlap(0.6, 0.75, 1.2, 1.0)
    np.testing.assert_allclose(np.sqrt(radii(REAL, 1)), [1, 1, 1, 8])
    np.testing.assert_allclose(np.sqrt(radii(REAL, 2)), [2, 1, 2, 9])


def test_the_value_is_the_harmonic_mean():
    assert Overlap(0.6, 0.75, 0, 0).harmonic_mean() == pytest.approx(2 / 3)
    assert Overlap(0.0, 0.0, 0, 0).harmonic_mean() == 0


@pytest.mark.parametrize("block", [1, 37, 2**24], ids=["row by row", "blocks", "at once"])
def test_it_is_the_definition_in_blocks_of_any_size(block, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", block)
    random = np.random.default_rng(0)
    real, made = random.normal(size=(40, 3)), random.normal(size=(31, 3)) * 1.2 + 1.0
    got, expected = overlap(real, made, 3), naive(real, made, 3)
    assert 0 < got.recall < 1
    assert 0 < got.precision < 1
    assert got.precision == pytest.approx(expected.precision)
    assert got.recall == pytest.approx(expected.recall)
    assert got.density == pytest.approx(expected.density)
    assert got.coverage == pytest.approx(expected.coverage)


def test_equal_sets_lie_in_each_other():
    points = np.random.default_rng(1).normal(size=(50, 20)).astype(np.float32) + 100
    got = overlap(points, points, 3)
    assert (got.precision, got.recall, got.coverage) == (1, 1, 1)
    # A ball holds its own image and its three nearest, of which the last lies on the border.
    assert got.density == pytest.approx(4 / 3)


def test_repeated_images_are_hit_by_copies_only():
    """Two equal real images have balls of radius 0, whose border is their own place."""
    real = np.random.default_rng(0).normal(size=(1, 200)).repeat(2, axis=0) + 50
    copies, others = real.copy(), real + 1e-3 * np.eye(2, 200)
    assert overlap(real, copies, 1).precision == 1
    assert overlap(real, others, 1).precision == 0


def test_sets_apart_have_nothing_in_common():
    random = np.random.default_rng(0)
    got = overlap(random.normal(size=(30, 2)), random.normal(size=(30, 2)) + 100, 3)
    assert got == Overlap(0, 0, 0, 0)


def test_one_mode_of_two_is_precise_and_recalls_half():
    random = np.random.default_rng(0)
    modes = np.array([[0.0, 0], [100, 0]])
    real = np.concatenate([random.normal(size=(200, 2)) + mode for mode in modes])
    got = overlap(real, random.normal(size=(400, 2)), 3)
    assert got.precision > 0.9
    assert 0.35 < got.recall <= 0.5


def test_distances_are_exact_far_from_the_origin():
    random = np.random.default_rng(0)
    one, other = random.normal(size=(2, 5, 4)) + 1e6
    expected = np.square(one[:, None] - other[None]).sum(axis=2)
    np.testing.assert_allclose(squared_distances(one, other), expected, rtol=1e-9)


def test_generator_of_the_real_distribution_beats_one_beside_it(colour_world):
    def measure(shift: float):
        world = colour_world(real=150, shift=shift)
        return PrecisionRecall(PrecisionRecallParams(count=150)).measure(world.evaluation)

    same, beside = measure(0), measure(40)
    assert same.value > 0.8
    assert beside.value < same.value / 2
    expected = {"precision", "recall", "density", "coverage", "generated images", "real images"}
    assert expected <= set(same.details)
    parts = Overlap(same.details["precision"], same.details["recall"], 0, 0)
    assert same.value == parts.harmonic_mean()


@pytest.mark.parametrize(("count", "real"), [(4, 30), (30, 4)], ids=["generated", "real"])
def test_too_few_images_for_the_neighbours_are_refused(count, real, colour_world):
    params = PrecisionRecallParams(count=count, neighbours=4)
    with pytest.raises(ConfigError, match="4 neighbours need more images, but one side has 4"):
        PrecisionRecall(params).measure(colour_world(real=real).evaluation)
