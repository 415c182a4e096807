from dataclasses import replace

import numpy as np
import pytest

from harness.contract import Evaluation
from harness_metrics.landmark_error import LandmarkError
from harness_metrics.params import RegressionParams


def test_error_is_the_mean_distance_in_percent_of_the_edge(samples, predicted):
    truth = np.full((2, 2, 2), 0.5)
    found = truth + np.array([[(0.03, 0.04), (0, 0)], [(0, 0.1), (0.1, 0)]])
    evaluation = Evaluation(test=predicted(landmarks=found), test_truth=samples(landmarks=truth))
    got = LandmarkError(RegressionParams()).measure(evaluation)
    np.testing.assert_allclose(got.per_image, [2.5, 10])
    assert got.value == pytest.approx(6.25)


def test_image_without_a_visible_landmark_is_left_out_and_counted(faces):
    visible = np.ones((30, 4), dtype=bool)
    visible[3], visible[4, 2] = False, False
    whole = LandmarkError(RegressionParams()).measure(faces)
    truth = replace(faces.test_truth, visible=visible)
    got = LandmarkError(RegressionParams()).measure(replace(faces, test_truth=truth))
    assert np.isnan(got.per_image[3])
    np.testing.assert_allclose(got.per_image[5:], whole.per_image[5:])
    assert got.value == pytest.approx(np.delete(got.per_image, 3).mean())
    assert got.excluded == {"images: no landmark visible": 1, "landmarks: not visible": 1}


def test_regressor_parameters_choose_the_convention(faces):
    centre, corner = (
        LandmarkError(RegressionParams(origin=origin)).measure(faces)
        for origin in ("centre", "corner")
    )
    assert centre.also["origin=corner"] == corner.value != centre.value
