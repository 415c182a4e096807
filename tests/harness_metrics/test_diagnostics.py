"""The label-free metrics: parts_used, foreground_share and keypoint_spread."""

import numpy as np
import pytest

from harness.contract import Evaluation
from harness_metrics.foreground_share import ForegroundShare
from harness_metrics.keypoint_spread import KeypointSpread
from harness_metrics.params import NoParams, PartsUsedParams
from harness_metrics.parts_used import PartsUsed


@pytest.fixture
def masks(samples, predicted) -> Evaluation:
    """100 pixels an image: areas of parts 1, 3 and 4 are 30 and 0, 1 and 1, 0 and 3."""
    labels = np.zeros((2, 10, 10), np.uint8)
    labels[0, :3], labels[0, 9, 0], labels[1, 9, 0], labels[1, 8, :3] = 1, 3, 3, 4
    return Evaluation(
        test=predicted(part_labels=labels), test_truth=samples(landmarks=np.zeros((2, 1, 2)))
    )


def spread(samples, predicted, points: np.ndarray):
    evaluation = Evaluation(
        test=predicted(keypoints=points),
        test_truth=samples(landmarks=np.zeros((len(points), 1, 2))),
    )
    return KeypointSpread(NoParams()).measure(evaluation)


def test_parts_in_use_exceed_one_percent_on_average(masks):
    got = PartsUsed(PartsUsedParams()).measure(masks)
    assert got.value == 2
    assert got.per_image is None


@pytest.mark.parametrize(("min_area", "used"), [(0.0, 3), (0.01, 2), (0.1, 1), (0.2, 0)])
def test_least_area_is_a_parameter(masks, min_area, used):
    assert PartsUsed(PartsUsedParams(min_area=min_area)).measure(masks).value == used


def test_parts_in_use_are_recounted_on_resampled_images(masks):
    resample = PartsUsed(PartsUsedParams()).measure(masks).resample
    assert [resample(np.array(drawn)) for drawn in ([0, 0], [1, 1], [0, 1])] == [1, 1, 2]


def test_foreground_share_is_the_mean_area_of_all_parts(masks):
    got = ForegroundShare(NoParams()).measure(masks)
    np.testing.assert_allclose(got.per_image, [0.31, 0.04])
    assert got.value == pytest.approx(0.175)


def test_masks_of_no_image_are_undefined(samples, predicted):
    nothing = Evaluation(
        test=predicted(part_labels=np.zeros((0, 4, 4), np.uint8)),
        test_truth=samples(landmarks=np.zeros((0, 1, 2))),
    )
    assert np.isnan(ForegroundShare(NoParams()).measure(nothing).value)
    assert np.isnan(PartsUsed(PartsUsedParams()).measure(nothing).value)


def test_spread_is_the_distance_from_the_mean_position(samples, predicted):
    """Keypoint 0 moves by (+-3, +-4) percent about its mean, keypoint 1 not at all."""
    points = np.array([[(0.53, 0.54), (0.1, 0.9)], [(0.47, 0.46), (0.1, 0.9)]])
    assert spread(samples, predicted, points).value == pytest.approx(2.5)


def test_constant_detector_has_no_spread(samples, predicted):
    assert spread(samples, predicted, np.full((5, 3, 2), 0.3)).value == pytest.approx(0, abs=1e-12)


def test_missing_keypoints_are_left_out_of_the_spread_and_counted(samples, predicted):
    points = np.random.default_rng(0).random((6, 3, 2))
    points[0, 0], points[1:, 2] = np.nan, np.nan
    got = spread(samples, predicted, points)
    deviations = [
        100 * np.sqrt(points[rows, k].var(axis=0).sum())
        for rows, k in ((slice(1, 6), 0), (slice(0, 6), 1))
    ]
    assert got.value == pytest.approx(np.mean(deviations))
    assert got.excluded == {
        "keypoints: missing": 6,
        "keypoints: found in fewer than two images": 1,
    }


def test_spread_is_recomputed_on_resampled_images(samples, predicted):
    points = np.random.default_rng(1).random((6, 3, 2))
    drawn = np.array([0, 0, 4, 5, 2, 2])
    resampled = spread(samples, predicted, points).resample(drawn)
    assert resampled == pytest.approx(spread(samples, predicted, points[drawn]).value)


def test_spread_of_one_image_is_undefined(samples, predicted):
    assert np.isnan(spread(samples, predicted, np.zeros((1, 3, 2))).value)
