from dataclasses import replace

import numpy as np
import pytest

from harness.contract import Evaluation
from harness.errors import DataError
from harness_metrics.params import TaichiParams
from harness_metrics.taichi_mae import TaichiMae

#: Two landmarks in three images of 256 pixels; the second landmark of the second is missing.
TRUTH = np.array(
    [[(10, 20), (100, 50)], [(14, 20), (np.nan, np.nan)], [(12, 26), (110, 52)]], dtype=float
)
FOUND = np.array([[(11, 22), (97, 50)], [(12, 20), (0, 0)], [(12, 25), (110, 55)]], dtype=float)


def measure(evaluation: Evaluation, **params: object):
    return TaichiMae(TaichiParams(**params)).measure(evaluation)


@pytest.fixture
def two_points(samples, predicted) -> Evaluation:
    return Evaluation(
        test=predicted(landmarks=FOUND / 256), test_truth=samples(landmarks=TRUTH / 256)
    )


def test_mean_errors_of_the_coordinates_are_summed(two_points):
    """Means 1, 1, 1.5 and 1.5 pixels over three and over two images."""
    got = measure(two_points)
    assert got.value == pytest.approx(5.0)
    assert got.details == pytest.approx({"landmark 0": 2.0, "landmark 1": 3.0})
    assert got.excluded == {"landmarks: not visible": 1}


def test_distances_are_the_other_reading(two_points):
    first = (5**0.5 + 2 + 1) / 3
    got = measure(two_points, distance="euclidean")
    assert got.value == pytest.approx(first + 3)
    assert got.value == pytest.approx(4.745, abs=5e-4)
    assert got.details == pytest.approx({"landmark 0": first, "landmark 1": 3.0})
    assert got.also == pytest.approx({"distance=coordinates": 5.0})
    assert measure(two_points).also == pytest.approx({"distance=euclidean": got.value})


def test_pixels_follow_the_frame(two_points):
    assert measure(two_points, frame_pixels=128).value == pytest.approx(2.5)


def test_image_stands_for_all_its_terms(two_points):
    """Means over 4, 2 and 4 visible coordinates, times 4."""
    np.testing.assert_allclose(measure(two_points).per_image, [6, 4, 4])


def test_interval_recomputes_the_sum(two_points):
    resample = measure(two_points).resample
    assert resample(np.arange(3)) == pytest.approx(5.0)
    # Terms of the first image alone: 1, 2, 3, 0; of the third alone: 0, 1, 0, 3.
    assert resample(np.array([0, 0, 0])) == pytest.approx(6.0)
    assert resample(np.array([0, 1, 2, 2])) == pytest.approx(3 / 4 + 4 / 4 + 3 / 3 + 6 / 3)
    assert np.isnan(resample(np.array([1, 1])))


def test_landmark_that_no_test_image_shows_leaves_the_sum_undefined(two_points):
    visible = np.array([[True, False]] * 3)
    got = measure(replace(two_points, test_truth=replace(two_points.test_truth, visible=visible)))
    assert np.isnan(got.value)
    assert got.excluded == {
        "landmarks: visible in no test image, the sum is undefined": 1,
        "landmarks: not visible": 3,
    }


def test_missing_prediction_stands_at_the_centre_and_is_counted(two_points):
    lost = two_points.test.landmarks.copy()
    lost[0, 0] = np.nan
    got = measure(replace(two_points, test=replace(two_points.test, landmarks=lost)))
    assert got.value == pytest.approx((118 + 2 + 0) / 3 + (108 + 0 + 1) / 3 + 3)
    assert got.excluded["landmarks: not predicted, set to image centre"] == 1


def test_each_landmark_is_fitted_with_a_bias_on_the_images_that_show_it(faces):
    hidden = np.random.default_rng(3).random((40, 4)) < 0.2
    labels = replace(faces.regress_truth, visible=~hidden)
    got = measure(replace(faces, regress_truth=labels, landmark_names=("a", "b", "c", "d")))
    inputs = np.hstack([faces.regress.keypoints.reshape(40, 6), np.ones((40, 1))])
    asked = np.hstack([faces.test.keypoints.reshape(30, 6), np.ones((30, 1))])
    terms = []
    for place in range(4):
        rows = ~hidden[:, place]
        for axis in range(2):
            wanted = faces.regress_truth.landmarks[rows, place, axis]
            weights = np.linalg.lstsq(inputs[rows], wanted, rcond=None)[0]
            truth = faces.test_truth.landmarks[:, place, axis]
            terms.append(256 * np.abs(asked @ weights - truth).mean())
    assert got.value == pytest.approx(sum(terms))
    assert list(got.details) == ["a", "b", "c", "d"]
    assert got.details["b"] == pytest.approx(terms[2] + terms[3])
    np.testing.assert_allclose(got.per_image.mean(), got.value)


def test_other_conventions_stand_beside_the_chosen_one(faces):
    usual = measure(faces)
    assert set(usual.also) == {"origin=centre", "origin=corner", "distance=euclidean"}
    centre = measure(faces, bias=False, origin="centre")
    corner = measure(faces, bias=False, origin="corner")
    assert usual.also["origin=centre"] == centre.value
    assert centre.also["bias=true"] == corner.also["bias=true"] == usual.value
    assert len({usual.value, centre.value, corner.value}) == 3


def test_missing_keypoints_are_counted(faces):
    keypoints = faces.test.keypoints.copy()
    keypoints[2, 1] = np.nan
    got = measure(replace(faces, test=replace(faces.test, keypoints=keypoints)))
    assert got.excluded == {"keypoints: missing in test, set to image centre": 1}


def test_labelled_images_are_needed(faces):
    with pytest.raises(DataError, match="need a labelled split of role 'regress'"):
        measure(replace(faces, regress=None, regress_truth=None))
