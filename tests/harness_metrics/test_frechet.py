"""The distance against closed forms, against scipy's root, and where that is wrong."""

import numpy as np
import pytest

from harness.errors import RunError, ShapeError
from harness_metrics import frechet
from harness_metrics.frechet import frechet_distance, root, trace_of_root
from harness_metrics.gaussian_statistics import Gaussian, GaussianStatistics


def of_rows(rows: np.ndarray, *, folded: bool = False) -> Gaussian:
    """Statistics of vectors; few ones as covariance too, where that is asked for."""
    if folded:
        return Gaussian(rows.mean(axis=0), np.cov(rows.T))
    statistics = GaussianStatistics()
    statistics.update(rows)
    return statistics.gaussian()


def diagonal(mean: list[float], variances: list[float]) -> Gaussian:
    return Gaussian(np.array(mean), np.diag(variances))


def features(count: int, dimension: int, seed: int) -> np.ndarray:
    """Correlated features of at least 0, as those of networks are."""
    mixing = np.random.default_rng(99).normal(size=(dimension, dimension))
    mixing *= np.arange(1, dimension + 1)[:, None] ** -0.5
    rows = np.random.default_rng(seed).normal(size=(count, dimension)) @ mixing
    return np.maximum(rows + 0.1 * seed, 0)


def by_root(one: Gaussian, other: Gaussian) -> float:
    """The textbook formula with scipy's root of the product."""
    from scipy.linalg import sqrtm

    middle = np.trace(sqrtm(one.matrix @ other.matrix)).real
    shift = np.square(one.mean - other.mean).sum()
    return float(shift + np.trace(one.matrix) + np.trace(other.matrix) - 2 * middle)


def test_one_dimension_by_hand():
    """4 + 1 + 4 - 2 * 2."""
    assert frechet_distance(diagonal([0], [1]), diagonal([2], [4])) == pytest.approx(5, abs=1e-12)


def test_diagonal_covariances_by_hand():
    """Squared differences of the means and of the deviations: 9 + (2 - 3)^2 + (5 - 1)^2."""
    got = frechet_distance(diagonal([0, 3], [4, 25]), diagonal([0, 0], [9, 1]))
    assert got == pytest.approx(26, abs=1e-12)


def test_covariances_that_do_not_commute_by_hand():
    """The product has trace 8 and determinant 9, so its root has trace sqrt(8 + 2 * 3)."""
    one = Gaussian(np.array([0.0, 0.0]), np.array([[2.0, 1.0], [1.0, 2.0]]))
    other = diagonal([1, -1], [1, 3])
    assert frechet_distance(one, other) == pytest.approx(10 - 2 * np.sqrt(14), abs=1e-12)


@pytest.mark.parametrize("folded", [True, False])
def test_samples_by_hand_with_the_divisor_below_their_number(folded):
    """Squares of sides 2 and 2, and 2 and 4: 19 / 3, and 6 with divisor n."""
    one = np.array([[0.0, 0], [2, 0], [0, 2], [2, 2]])
    other = np.array([[1.0, 1], [3, 1], [1, 5], [3, 5]])
    got = frechet_distance(of_rows(one, folded=folded), of_rows(other, folded=folded))
    assert got == pytest.approx(19 / 3, abs=1e-12)


@pytest.mark.parametrize("folded", [(True, True), (True, False), (False, False)], ids=str)
def test_samples_that_spread_along_different_axes(folded):
    """Two vectors each: 2 for the means and 2 for each variance, nothing shared."""
    one, other = np.array([[0.0, 0, 0], [2, 0, 0]]), np.array([[0.0, 0, 0], [0, 2, 0]])
    got = frechet_distance(of_rows(one, folded=folded[0]), of_rows(other, folded=folded[1]))
    assert got == pytest.approx(6, abs=1e-12)


def test_constant_features_leave_the_other_variance():
    assert frechet_distance(diagonal([1, 0], [0, 0]), diagonal([0, 0], [2, 3])) == 6
    constant = of_rows(np.ones((2, 3)))
    assert frechet_distance(constant, constant) == 0


@pytest.mark.parametrize(("counts", "dimension"), [((400, 300), 60), ((90, 400), 60)], ids=str)
def test_it_is_that_of_scipys_root_where_that_is_right(counts, dimension):
    one, other = (of_rows(features(n, dimension, s)) for s, n in enumerate(counts))
    assert frechet_distance(one, other) == pytest.approx(by_root(one, other), rel=1e-8)


@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")
def test_it_is_that_of_pytorch_fid_where_that_is_right():
    from pytorch_fid.fid_score import calculate_frechet_distance

    one, other = of_rows(features(500, 80, 0)), of_rows(features(700, 80, 1))
    theirs = calculate_frechet_distance(one.mean, one.matrix, other.mean, other.matrix)
    assert frechet_distance(one, other) == pytest.approx(theirs, rel=1e-8)


@pytest.mark.parametrize(
    ("counts", "dimension"),
    [((40, 40), 120), ((25, 60), 120), ((119, 119), 120), ((40, 500), 120)],
    ids=str,
)
def test_covariances_of_few_vectors_give_what_the_vectors_give(counts, dimension):
    """The vectors' own products know no covariance, and no null space has to be found in them."""
    rows = [features(n, dimension, s) for s, n in enumerate(counts)]
    centred = [(x - x.mean(axis=0)) / np.sqrt(len(x) - 1) for x in rows]
    shift = np.square(rows[0].mean(axis=0) - rows[1].mean(axis=0)).sum()
    variance = sum(np.square(x).sum() for x in centred)
    middle = np.linalg.norm(centred[0] @ centred[1].T, ord="nuc")
    expected = float(shift + variance - 2 * middle)
    for folded in (True, False):
        one, other = (of_rows(x, folded=folded) for x in rows)
        assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)
        assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-9)


def test_rank_deficient_covariances_with_a_known_answer():
    """Turned diagonal covariances that share 30 of 100 axes: only these have a root.

    Variances of 4 and 9 there, of 1 elsewhere. The textbook root is off by more than 1e-7 here.
    """
    axes = np.linalg.qr(np.random.default_rng(3).normal(size=(100, 100)))[0]
    first = np.concatenate([np.full(30, 4.0), np.full(20, 1.0), np.zeros(50)])
    second = np.concatenate([np.full(30, 9.0), np.zeros(20), np.full(25, 1.0), np.zeros(25)])
    one, other = (Gaussian(np.zeros(100), (axes * v) @ axes.T) for v in (first, second))
    assert frechet_distance(one, other) == pytest.approx(30 * (2 - 3) ** 2 + 20 + 25, rel=1e-9)
    assert trace_of_root(one, other) == pytest.approx(30 * 2 * 3, rel=1e-12)


def test_features_that_are_always_zero_or_repeated_change_nothing():
    one, other = features(300, 40, 0), features(300, 40, 1)
    padded = [np.hstack([x, np.zeros((300, 7))]) for x in (one, other)]
    expected = frechet_distance(of_rows(one), of_rows(other))
    assert frechet_distance(*map(of_rows, padded)) == pytest.approx(expected, rel=1e-11)
    doubled = [np.hstack([x, x]) / np.sqrt(2) for x in (one, other)]
    assert frechet_distance(*map(of_rows, doubled)) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("count", [30, 300], ids=["few", "many"])
def test_equal_sets_have_no_distance(count):
    same = of_rows(features(count, 50, 0))
    assert 0 <= frechet_distance(same, same) < 1e-12 * same.variance()


def test_shift_alone_is_its_square():
    one = of_rows(features(300, 20, 0))
    moved = Gaussian(one.mean + np.arange(20), one.matrix)
    assert frechet_distance(one, moved) == pytest.approx(float((np.arange(20) ** 2).sum()))


def test_turning_both_sides_changes_nothing():
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(30, 30)))[0]
    one, other = features(200, 30, 0), features(100, 30, 1)
    expected = frechet_distance(of_rows(one), of_rows(other))
    got = frechet_distance(of_rows(one @ turn), of_rows(other @ turn))
    assert got == pytest.approx(expected, rel=1e-11)


def test_root_gives_the_covariance_back():
    full, flat = of_rows(features(300, 40, 0)), of_rows(features(20, 40, 1), folded=True)
    for gaussian, rank in ((full, 40), (flat, 19)):
        found = root(gaussian)
        assert found.shape == (rank, 40)
        np.testing.assert_allclose(found.T @ found, gaussian.matrix, atol=1e-14 * rank)


@pytest.mark.parametrize(("spread", "quick"), [(1e2, True), (1e14, False)], ids=["near", "far"])
def test_eigenvalues_serve_only_where_small_ones_do_not_matter(spread, quick):
    """Variances from 1 to `spread`, most of them small: roots of rounding would show."""
    deviations = np.concatenate([[np.sqrt(spread)], np.ones(199)])
    turns = [
        np.linalg.qr(np.random.default_rng(seed).normal(size=(200, 200)))[0] for seed in (0, 1)
    ]
    product = (turns[0] * deviations) @ turns[1]
    found = frechet._by_eigenvalues(product)
    assert (found is not None) == quick
    if quick:
        assert found == pytest.approx(deviations.sum(), rel=1e-10)


def test_steep_spectra_stay_exact():
    """Equal covariances whose variances span 13 orders: the root's trace is the variance."""
    axes = np.linalg.qr(np.random.default_rng(1).normal(size=(60, 60)))[0]
    variances = np.logspace(0, -11, 60)
    one = Gaussian(np.zeros(60), (axes * variances) @ axes.T)
    other = Gaussian(np.zeros(60), np.diag(np.ones(60)))
    expected = float(np.square(np.sqrt(variances) - 1).sum())
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-9)


def test_different_dimensions_are_refused():
    with pytest.raises(ShapeError, match="have 1 and 2 dimensions"):
        frechet_distance(diagonal([0], [1]), diagonal([0, 0], [1, 1]))


def test_numbers_that_are_none_are_no_distance():
    with pytest.raises(RunError, match="covariances are broken"):
        frechet_distance(diagonal([np.nan], [1]), diagonal([0], [1]))
