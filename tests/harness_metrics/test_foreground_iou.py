from dataclasses import replace

import numpy as np
import pytest

from harness.contract import Evaluation
from harness_metrics.foreground_iou import ForegroundIou
from harness_metrics.params import NoParams


def measure(evaluation: Evaluation):
    return ForegroundIou(NoParams()).measure(evaluation)


@pytest.fixture
def squares(samples, predicted) -> Evaluation:
    """4 x 4: overlap 4 of 12 in the first image, 1 of 2 in the second."""
    truth, labels = np.zeros((2, 4, 4), dtype=bool), np.zeros((2, 4, 4), np.uint8)
    truth[0, :2], labels[0, 1] = True, 3
    labels[0, 2] = 1
    truth[1, 0, :2], labels[1, 0, 0] = True, 2
    return Evaluation(test=predicted(part_labels=labels), test_truth=samples(foreground=truth))


def test_overlap_is_averaged_over_images_and_not_pooled(squares):
    got = measure(squares)
    np.testing.assert_allclose(got.per_image, [1 / 3, 1 / 2])
    assert got.value == pytest.approx(0.416667, abs=1e-6)
    assert got.excluded == {}
    assert got.also == {"both_empty=0": pytest.approx(0.416667, abs=1e-6)}


def test_only_one_side_empty_is_zero_and_both_empty_is_one(samples, predicted):
    truth, labels = np.zeros((3, 2, 2), dtype=bool), np.zeros((3, 2, 2), np.uint8)
    truth[0, 0], labels[1, 0] = True, 1
    evaluation = Evaluation(
        test=predicted(part_labels=labels), test_truth=samples(foreground=truth)
    )
    got = measure(evaluation)
    np.testing.assert_array_equal(got.per_image, [0, 0, 1])
    assert got.excluded == {"images: truth and prediction empty, scored 1": 1}
    assert got.also == {"both_empty=0": 0}


def test_ignored_pixels_leave_every_count(squares):
    ignored = np.zeros((2, 4, 4), dtype=bool)
    ignored[0, 2], ignored[0, 0, 0], ignored[1] = True, True, True
    got = measure(replace(squares, test_truth=replace(squares.test_truth, ignored=ignored)))
    np.testing.assert_allclose(got.per_image, [4 / 7, np.nan])
    assert got.value == pytest.approx(4 / 7)
    assert got.excluded == {"images: every pixel ignored": 1}


def test_value_is_undefined_when_every_pixel_is_ignored(squares):
    ignored = np.ones((2, 4, 4), dtype=bool)
    got = measure(replace(squares, test_truth=replace(squares.test_truth, ignored=ignored)))
    assert np.isnan(got.value)
    assert np.isnan(got.also["both_empty=0"])
