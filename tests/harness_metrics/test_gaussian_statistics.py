import numpy as np
import pytest

from harness.errors import DataError, ShapeError
from harness_metrics.gaussian_statistics import Gaussian, GaussianStatistics

#: More vectors than the 6 dimensions, far from the origin, where sums of squares would cancel.
MANY = np.random.default_rng(0).normal(size=(100, 6)) @ np.diag([1, 2, 3, 4, 5, 6]) + 1e4
FEW = MANY[:5]


def streamed(rows: np.ndarray, *sizes: int) -> GaussianStatistics:
    """Batches of these sizes, over and over."""
    statistics, start, turn = GaussianStatistics(), 0, 0
    while start < len(rows):
        size = sizes[turn % len(sizes)]
        statistics.update(rows[start : start + size])
        start, turn = start + size, turn + 1
    return statistics


def covariance(gaussian: Gaussian) -> np.ndarray:
    return gaussian.matrix.T @ gaussian.matrix if gaussian.rooted else gaussian.matrix


def assert_same(got: GaussianStatistics, rows: np.ndarray) -> None:
    """Those of NumPy on all rows at once; 1e-12 of the values of about 1e4 and of the variances."""
    gaussian = got.gaussian()
    expected = np.cov(rows.T)
    assert len(got) == len(rows)
    np.testing.assert_allclose(gaussian.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(covariance(gaussian), expected, atol=1e-12 * expected.max())
    assert gaussian.variance() == pytest.approx(np.trace(expected), rel=1e-12)


@pytest.mark.parametrize("rows", [MANY, FEW], ids=["many", "few"])
@pytest.mark.parametrize("sizes", [(100,), (1,), (7,), (3, 0, 20)], ids=str)
def test_batches_of_any_size_give_the_statistics_of_the_whole(rows, sizes):
    assert_same(streamed(rows, *sizes), rows)


def test_order_does_not_matter():
    one, other = streamed(MANY, 9).gaussian(), streamed(MANY[::-1], 4).gaussian()
    np.testing.assert_allclose(one.matrix, other.matrix, atol=1e-12 * one.matrix.max())


@pytest.mark.parametrize("cut", [0, 3, 50, 97, 100])
def test_pieces_merge_to_the_whole(cut):
    """Pieces that are still held as they are, folded ones, and an empty one."""
    one, other = streamed(MANY[:cut], 8), streamed(MANY[cut:], 5)
    before = len(other), {name: array.copy() for name, array in other.arrays().items()}
    one.merge(other)
    assert_same(one, MANY)
    assert len(other) == before[0]
    for name, array in other.arrays().items():
        np.testing.assert_array_equal(array, before[1][name])


def test_merged_few_stay_what_they_are():
    one = streamed(FEW[:2], 1)
    one.merge(streamed(FEW[2:], 2))
    assert_same(one, FEW)
    assert one.gaussian().rooted


def test_going_on_after_a_merge_leaves_the_other_alone():
    one, other = GaussianStatistics(), streamed(MANY[:60], 60)
    one.merge(other)
    one.update(MANY[60:])
    assert_same(one, MANY)
    assert_same(other, MANY[:60])


def test_few_vectors_are_their_own_root():
    """Six vectors of six dimensions are held; the seventh folds them."""
    held, folded = streamed(MANY[:6], 2).gaussian(), streamed(MANY[:7], 2).gaussian()
    assert (held.rooted, held.matrix.shape) == (True, (6, 6))
    np.testing.assert_allclose(held.matrix.sum(axis=0), 0, atol=1e-10)
    assert not folded.rooted


def test_memory_does_not_grow_with_the_number_of_vectors():
    statistics = GaussianStatistics()
    for seed in range(50):
        statistics.update(np.random.default_rng(seed).normal(size=(13, 6)))
        assert sum(array.size for array in statistics.arrays().values()) <= 2 * 6**2 + 6 + 1
    assert len(statistics) == 650


@pytest.mark.parametrize("rows", [MANY, MANY[:70], FEW], ids=["folded", "both", "held"])
def test_arrays_bring_everything_back(rows):
    given = streamed(rows[:-2], 16)
    restored = GaussianStatistics.from_arrays(given.arrays())
    restored.update(rows[-2:])
    assert_same(restored, rows)


def test_single_precision_is_summed_in_double():
    rows = MANY.astype(np.float32)
    assert_same(streamed(rows, 10), rows.astype(np.float64))


def test_the_given_array_is_not_kept():
    rows, statistics = FEW.copy(), GaussianStatistics()
    statistics.update(rows)
    rows[:] = 0
    assert_same(statistics, FEW)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_vectors_have_no_covariance(count):
    statistics = GaussianStatistics()
    statistics.update(MANY[:count])
    with pytest.raises(DataError, match=f"needs at least 2 images, got {count}"):
        statistics.gaussian()


def test_vector_that_is_not_finite_is_named():
    statistics = streamed(MANY[:9], 9)
    bad = MANY[:4].copy()
    bad[2, 1] = np.inf
    with pytest.raises(DataError, match="features of image 11 are not finite"):
        statistics.update(bad)


@pytest.mark.parametrize("rows", [MANY[:, :5], MANY[0]], ids=["dimension", "form"])
def test_other_shapes_are_refused(rows):
    with pytest.raises(ShapeError, match=r"expected \[n, 6\]"):
        streamed(FEW, 5).update(rows)


def test_statistics_of_other_dimensions_do_not_merge():
    with pytest.raises(ShapeError, match="of 5 dimensions cannot join those of 6"):
        streamed(MANY, 50).merge(streamed(MANY[:, :5], 50))
