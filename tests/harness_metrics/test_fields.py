import numpy as np
import pytest

from harness.errors import DataError, ShapeError
from harness_metrics import fields

LABELS = np.zeros((2, 4, 4), np.uint8)


def test_nan_coordinate_makes_a_landmark_invisible_whatever_the_dataset_says(samples):
    points = np.full((2, 3, 2), 0.5, np.float32)
    points[0, 1, 0] = np.nan
    declared = np.array([[True, True, False], [True, True, True]])
    got = fields.landmarks_of(samples(landmarks=points, visible=declared), "test").visible
    np.testing.assert_array_equal(got, [[True, False, False], [True, True, True]])


def test_half_found_and_infinite_keypoints_are_missing(predicted):
    points = np.full((1, 3, 2), 0.5, np.float32)
    points[0, 0, 1], points[0, 1, 0] = np.nan, np.inf
    got = fields.keypoints_of(predicted(keypoints=points), "test")
    assert got.dtype == np.float64
    np.testing.assert_array_equal(np.isnan(got), [[[True, True], [True, True], [False, False]]])


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 3), (2, 0, 2)])
def test_keypoints_of_another_shape_are_refused(predicted, shape):
    with pytest.raises(ShapeError, match=r"expected \[N, K, 2\] with N = 2"):
        fields.keypoints_of(predicted(keypoints=np.zeros(shape)), "test")


def test_visibility_of_another_shape_is_refused(samples):
    truth = samples(landmarks=np.zeros((2, 3, 2)), visible=np.ones((2, 4), dtype=bool))
    with pytest.raises(ShapeError, match=r"visible of role 'test' has shape \[2, 4\]"):
        fields.landmarks_of(truth, "test")


@pytest.mark.parametrize(
    ("labels", "message"),
    [(np.zeros((2, 1, 4, 4), np.uint8), r"expected \[N, H, W\]"), (LABELS * 1.0, "float64")],
)
def test_part_labels_of_another_form_are_refused(predicted, labels, message):
    with pytest.raises(ShapeError, match=message):
        fields.predicted_parts(predicted(part_labels=labels), "test")


def test_truth_of_another_size_is_refused(samples):
    truth = samples(
        parts=np.zeros((2, 8, 8), np.uint8),
        foreground=np.zeros((2, 8, 8), bool),
        ignored=np.zeros((2, 8, 8), bool),
    )
    for read in (fields.true_parts, fields.true_foreground, fields.counted_pixels):
        with pytest.raises(ShapeError, match=r"\[2, 8, 8\], but the predicted .* \[2, 4, 4\]"):
            read(truth, LABELS, "test")


def test_grey_foreground_is_refused(samples):
    truth = samples(foreground=np.full((2, 4, 4), 128, np.uint8))
    with pytest.raises(DataError, match="type uint8, expected bool"):
        fields.true_foreground(truth, LABELS, "test")


def test_absent_truth_and_predictions_are_named(samples, predicted):
    truth, nothing = samples(attributes=np.zeros((2, 1))), predicted(confidence=np.zeros((2, 1)))
    for call, message in (
        (lambda: fields.landmarks_of(truth, "test"), "no landmarks"),
        (lambda: fields.true_parts(truth, LABELS, "test"), "no part labels"),
        (lambda: fields.true_foreground(truth, LABELS, "test"), "no foreground"),
        (lambda: fields.keypoints_of(nothing, "test"), "hold no keypoints"),
        (lambda: fields.predicted_parts(nothing, "test"), "hold no part labels"),
    ):
        with pytest.raises(DataError, match=message):
            call()
    assert fields.counted_pixels(truth, LABELS, "test") is None


def test_mean_over_images_leaves_out_nan_and_is_undefined_without_images():
    assert fields.mean_over_images(np.array([1.0, np.nan, 3.0])) == 2.0
    assert np.isnan(fields.mean_over_images(np.array([np.nan])))
    assert np.isnan(fields.mean_over_images(np.array([])))
