from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import normalized_mutual_info_score

from harness.contract import Evaluation
from harness_metrics.nmi import NormalisedMutualInformation, normalised_mutual_information
from harness_metrics.params import RegionParams


def measure(evaluation: Evaluation, region: str = "all"):
    return NormalisedMutualInformation(RegionParams(region=region)).measure(evaluation)


@pytest.fixture
def make(samples, predicted):
    """An evaluation of images of one row each."""

    def evaluation(truth: list[list[int]], labels: list[list[int]]) -> Evaluation:
        return Evaluation(
            test=predicted(part_labels=np.array(labels, np.uint8)[:, None]),
            test_truth=samples(parts=np.array(truth, np.uint8)[:, None]),
        )

    return evaluation


@pytest.mark.parametrize(
    ("truth", "labels", "expected"),
    [
        ([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], 51.5804),
        ([0, 0, 1, 1], [1, 1, 0, 0], 100),
        ([0, 0, 1, 1], [0, 0, 0, 0], 0),
        ([1, 1, 1], [2, 2, 2], 100),
    ],
    ids=["sheet", "renamed", "constant", "both constant"],
)
def test_known_values(make, truth, labels, expected):
    assert measure(make([truth], [labels])).value == pytest.approx(expected, abs=1e-4)


def test_labels_are_pooled_over_images_and_not_averaged(make):
    truth, labels = [[0, 0, 1], [1, 1, 1]], [[0, 0, 1], [0, 0, 1]]
    expected = 100 * normalized_mutual_info_score(np.ravel(truth), np.ravel(labels))
    got = measure(make(truth, labels))
    assert got.value == pytest.approx(expected)
    assert got.per_image is None


def test_random_labels_agree_with_scikit_learn():
    random = np.random.default_rng(0)
    truth = random.integers(0, 5, 500)
    labels = (truth + random.integers(0, 3, 500)) % 6
    table = np.zeros((6, 5))
    np.add.at(table, (labels, truth), 1.0)
    expected = normalized_mutual_info_score(truth, labels)
    assert normalised_mutual_information(table) == pytest.approx(expected, rel=1e-9)


def test_region_foreground_keeps_pixels_of_true_parts_and_counts_missed_ones(make):
    truth, labels = [[0, 0, 1, 1, 2, 2]], [[3, 0, 1, 0, 2, 2]]
    expected = 100 * normalized_mutual_info_score([1, 1, 2, 2], [1, 0, 2, 2])
    assert measure(make(truth, labels), "foreground").value == pytest.approx(expected)


def test_ignored_pixels_have_no_influence(make):
    evaluation = make([[0, 0, 1, 1, 1]], [[0, 0, 1, 1, 0]])
    ignored = np.array([[[False, False, False, False, True]]])
    truth = replace(evaluation.test_truth, ignored=ignored)
    assert measure(replace(evaluation, test_truth=truth)).value == pytest.approx(100)


def test_fewer_than_two_pixels_are_undefined_and_counted(make):
    got = measure(make([[0, 0], [0, 1]], [[1, 0], [1, 1]]), "foreground")
    assert np.isnan(got.value)
    assert got.excluded == {"images: no pixel in the region": 1}


def test_resampling_equals_scoring_the_drawn_images(make):
    random = np.random.default_rng(1)
    truth, labels = random.integers(0, 3, (2, 6, 40))
    drawn = np.array([5, 5, 2, 0, 0, 0])
    got = measure(make(truth, labels)).resample(drawn)
    assert got == pytest.approx(measure(make(truth[drawn], labels[drawn])).value)
