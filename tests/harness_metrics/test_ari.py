import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from harness.contract import Evaluation
from harness_metrics.ari import AdjustedRandIndex, adjusted_rand_index
from harness_metrics.params import RegionParams


def table_of(truth: list[int], labels: list[int]) -> np.ndarray:
    table = np.zeros((max(labels) + 1, max(truth) + 1))
    np.add.at(table, (labels, truth), 1.0)
    return table


@pytest.mark.parametrize(
    ("truth", "labels", "expected"),
    [
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], 8 / 33),
        ([0, 0, 1, 1], [1, 1, 0, 0], 1),
        ([0, 0, 1, 1], [0, 0, 0, 0], 0),
        ([0, 0, 0], [1, 1, 1], 1),
        ([0, 1, 2], [2, 0, 1], 1),
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
    ],
    ids=["sheet", "renamed", "constant", "both constant", "all single", "below chance"],
)
def test_known_values(truth, labels, expected):
    assert adjusted_rand_index(table_of(truth, labels)) == pytest.approx(expected)


def test_random_labels_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    truth = random.integers(0, 5, 500)
    labels = (truth + random.integers(0, 3, 500)) % 6
    got = adjusted_rand_index(table_of(truth.tolist(), labels.tolist()))
    assert got == pytest.approx(adjusted_rand_score(truth, labels), rel=1e-9)


def test_millions_of_pixels_do_not_overflow():
    """Pair counts near 10^17 multiply beyond 64-bit integers."""
    small = np.array([[60.0, 20.0], [10.0, 110.0]])
    large = adjusted_rand_index(small * 3e6)
    pairs = small.sum() ** 2
    together = (small**2).sum()
    ours, theirs = (small.sum(axis=1) ** 2).sum(), (small.sum(axis=0) ** 2).sum()
    expected = ours * theirs / pairs
    assert large == pytest.approx(
        (together - expected) / ((ours + theirs) / 2 - expected), rel=1e-6
    )


def test_metric_gives_percent_of_the_pooled_table(samples, predicted):
    truth = np.array([[[0, 0, 0]], [[1, 1, 1]]], np.uint8)
    labels = np.array([[[0, 0, 1]], [[1, 2, 2]]], np.uint8)
    evaluation = Evaluation(test=predicted(part_labels=labels), test_truth=samples(parts=truth))
    got = AdjustedRandIndex(RegionParams(region="all")).measure(evaluation)
    assert got.value == pytest.approx(100 * 8 / 33)
    assert got.resample(np.array([0, 1])) == got.value
    assert got.resample(np.array([0, 0])) == 0
