import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from harness.errors import ShapeError
from harness_metrics.fields import Landmarks
from harness_metrics.landmark_regression import Regression, regress_landmarks


def labels(points: np.ndarray, visible: np.ndarray | None = None) -> Landmarks:
    shown = np.ones(points.shape[:2], dtype=bool) if visible is None else visible
    return Landmarks(points=points, visible=shown)


def one_coordinate(values: list[float], zero: float) -> np.ndarray:
    """Points whose y stays at the origin, so that only x takes part in the fit."""
    return np.array([[[value, zero]] for value in values])


def test_bias_free_fit_about_the_corner_is_the_hand_computed_slope():
    keypoints, landmarks = one_coordinate([1, 2, 3], 0.0), one_coordinate([3, 4, 5], 0.0)
    got = regress_landmarks(keypoints, labels(landmarks), keypoints, origin="corner")
    assert got[:, 0, 0] - [3, 4, 5] == pytest.approx([-1.142857, -0.285714, 0.571429], abs=1e-6)


def test_bias_free_fit_about_the_centre_is_the_hand_computed_slope():
    keypoints, landmarks = one_coordinate([1, 2, 3], 0.5), one_coordinate([3, 4, 5], 0.5)
    got = regress_landmarks(keypoints, labels(landmarks), keypoints, origin="centre")
    assert got[:, 0, 0] == pytest.approx([1.514286, 3.542857, 5.571429], abs=1e-6)


@pytest.mark.parametrize("origin", ["centre", "corner"])
def test_fit_with_bias_is_ordinary_linear_regression_whatever_the_origin(origin):
    random = np.random.default_rng(0)
    train, test = random.random((20, 3, 2)), random.random((5, 3, 2))
    landmarks = random.random((20, 4, 2))
    got = regress_landmarks(train, labels(landmarks), test, origin=origin, bias=True)
    library = LinearRegression().fit(train.reshape(20, 6), landmarks.reshape(20, 8))
    np.testing.assert_allclose(got.reshape(5, 8), library.predict(test.reshape(5, 6)), atol=1e-12)


@pytest.mark.parametrize(
    ("origin", "bias"), [("centre", False), ("corner", False), ("centre", True)]
)
def test_rotated_and_scaled_truth_is_recovered_exactly(origin, bias):
    random = np.random.default_rng(1)
    landmarks = random.random((12, 3, 2))
    zero = 0.5 if origin == "centre" else 0.0
    turn = 0.7 * np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    keypoints = (landmarks - zero) @ turn + zero
    got = regress_landmarks(keypoints, labels(landmarks), keypoints, origin=origin, bias=bias)
    np.testing.assert_allclose(got, landmarks, atol=1e-12)


def test_shifted_truth_is_recovered_only_with_bias():
    landmarks = np.random.default_rng(2).random((12, 1, 2))
    shifted = landmarks + 0.2
    with_bias = regress_landmarks(shifted, labels(landmarks), shifted, bias=True)
    without = regress_landmarks(shifted, labels(landmarks), shifted)
    np.testing.assert_allclose(with_bias, landmarks, atol=1e-12)
    assert np.abs(without - landmarks).max() > 0.01


@pytest.mark.parametrize("bias", [False, True])
def test_each_landmark_uses_only_the_images_that_show_it(bias):
    random = np.random.default_rng(3)
    keypoints, landmarks = random.random((15, 2, 2)), random.random((15, 3, 2))
    visible = np.ones((15, 3), dtype=bool)
    visible[:6, 1] = False
    hidden = np.where(visible[..., None], landmarks, np.nan)
    got = regress_landmarks(keypoints, labels(hidden, visible), keypoints, bias=bias)
    whole = regress_landmarks(keypoints, labels(landmarks), keypoints, bias=bias)
    rest = regress_landmarks(keypoints[6:], labels(landmarks[6:]), keypoints, bias=bias)
    np.testing.assert_allclose(got[:, [0, 2]], whole[:, [0, 2]], atol=1e-12)
    np.testing.assert_allclose(got[:, 1], rest[:, 1], atol=1e-12)


def test_landmark_that_no_image_shows_is_predicted_nowhere():
    keypoints, landmarks = np.random.default_rng(4).random((2, 8, 2, 2))
    visible = np.tile([True, False], (8, 1))
    got = regress_landmarks(keypoints, labels(landmarks, visible), keypoints)
    assert np.isnan(got[:, 1]).all()
    assert np.isfinite(got[:, 0]).all()


def test_missing_keypoints_count_as_the_image_centre():
    random = np.random.default_rng(5)
    keypoints, landmarks = random.random((10, 2, 2)), random.random((10, 1, 2))
    lost, centred = keypoints.copy(), keypoints.copy()
    lost[[0, 3], 1], centred[[0, 3], 1] = np.nan, 0.5
    got = regress_landmarks(lost, labels(landmarks), lost, origin="corner")
    expected = regress_landmarks(centred, labels(landmarks), centred, origin="corner")
    np.testing.assert_array_equal(got, expected)


def test_fewer_images_than_coordinates_give_the_solution_of_minimum_norm():
    random = np.random.default_rng(6)
    keypoints, landmarks = random.random((3, 4, 2)), random.random((3, 1, 2))
    inputs, targets = (keypoints - 0.5).reshape(3, 8), (landmarks - 0.5).reshape(3, 2)
    query = random.random((1, 4, 2))
    expected = (query - 0.5).reshape(1, 8) @ np.linalg.pinv(inputs) @ targets + 0.5
    got = regress_landmarks(keypoints, labels(landmarks), query)
    np.testing.assert_allclose(got.reshape(1, 2), expected, atol=1e-10)


def test_collapsed_keypoints_predict_the_mean_of_the_landmarks():
    landmarks = np.random.default_rng(7).random((9, 2, 2))
    collapsed = np.full((9, 3, 2), 0.3)
    got = regress_landmarks(collapsed, labels(landmarks), collapsed)
    np.testing.assert_allclose(got, np.broadcast_to(landmarks.mean(axis=0), (9, 2, 2)), atol=1e-12)


def test_keypoints_at_the_centre_alone_predict_the_centre():
    landmarks = np.random.default_rng(8).random((9, 2, 2))
    centre = np.full((9, 3, 2), 0.5)
    np.testing.assert_array_equal(regress_landmarks(centre, labels(landmarks), centre), 0.5)


def test_different_numbers_of_keypoints_are_refused():
    with pytest.raises(ShapeError, match="'regress' has 3 keypoints an image, the role 'test' 2"):
        regress_landmarks(np.zeros((5, 3, 2)), labels(np.zeros((5, 1, 2))), np.zeros((5, 2, 2)))


def test_different_numbers_of_images_are_refused():
    with pytest.raises(ShapeError, match="5 rows of keypoints for 4 rows"):
        regress_landmarks(np.zeros((5, 3, 2)), labels(np.zeros((4, 1, 2))), np.zeros((5, 3, 2)))


def test_subset_of_the_labelled_images_is_fitted_as_if_it_were_alone():
    random = np.random.default_rng(9)
    train, test = random.random((20, 3, 2)), random.random((5, 3, 2))
    landmarks = random.random((20, 4, 2))
    chosen = np.array([7, 2, 11, 19])
    got = Regression(train, labels(landmarks), test, origin="corner", bias=True).predict(chosen)
    alone = regress_landmarks(
        train[chosen], labels(landmarks[chosen]), test, origin="corner", bias=True
    )
    np.testing.assert_array_equal(got, alone)


def test_ridge_shrinks_the_hand_computed_slope():
    """One coordinate of two stays 0: trace(X'X) / 2K = 14 / 2, so the slope is 26 / (14 + 7r)."""
    keypoints, landmarks = one_coordinate([1, 2, 3], 0.0), one_coordinate([3, 4, 5], 0.0)
    fit = Regression(keypoints, labels(landmarks), keypoints, origin="corner")
    got = fit.predict(ridge=2.0)
    np.testing.assert_allclose(got[:, 0, 0], [26 / 28, 52 / 28, 78 / 28])


def test_ridge_of_keypoints_at_the_centre_alone_predicts_the_centre():
    landmarks = np.random.default_rng(10).random((9, 2, 2))
    centre = np.full((9, 3, 2), 0.5)
    fit = Regression(centre, labels(landmarks), centre)
    np.testing.assert_array_equal(fit.predict(ridge=0.1), 0.5)
