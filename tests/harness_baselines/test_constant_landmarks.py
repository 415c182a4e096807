"""The baselines that give one set of landmarks: mean_shape and image_centre."""

import numpy as np
import pytest
import torch

from harness.errors import DataError, RecordError, RunError
from harness_baselines.config import BaselineConfig
from harness_baselines.image_centre import ImageCentre
from harness_baselines.mean_shape import MeanShape

IMAGES = torch.zeros((3, 3, 8, 8), dtype=torch.uint8)
LANDMARKS = np.array([[(0.2, 0.4), (0.5, 0.5)], [(0.4, 0.8), (0.7, 0.1)]], np.float32)


@pytest.fixture(params=[MeanShape, ImageCentre])
def method(request):
    return request.param(BaselineConfig(), 5, 8)


def test_mean_shape_is_the_mean_of_the_labels_in_every_image(labels, run):
    method = MeanShape(BaselineConfig(), 5, 8)
    method.fit(None, run(labels(landmarks=LANDMARKS)))
    expected = np.array([(0.3, 0.6), (0.6, 0.3)])
    np.testing.assert_allclose(method.locate(IMAGES), np.tile(expected, (3, 1, 1)), rtol=1e-6)


def test_mean_shape_averages_only_where_a_landmark_is_visible(labels, run):
    landmarks = LANDMARKS.copy()
    landmarks[0, 0] = np.nan
    visible = np.array([[True, True], [True, False]])
    method = MeanShape(BaselineConfig(), 5, 8)
    method.fit(None, run(labels(landmarks=landmarks, visible=visible)))
    np.testing.assert_allclose(method.locate(IMAGES)[1], [(0.4, 0.8), (0.5, 0.5)], rtol=1e-6)


def test_mean_shape_refuses_a_landmark_that_no_image_shows(labels, run):
    visible = np.array([[True, False], [True, False]])
    with pytest.raises(DataError, match="landmark 1 is visible in no labelled image"):
        MeanShape(BaselineConfig(), 5, 8).fit(
            None, run(labels(landmarks=LANDMARKS, visible=visible))
        )


def test_image_centre_puts_every_landmark_at_the_centre(labels, run):
    method = ImageCentre(BaselineConfig(), 5, 8)
    method.fit(None, run(labels(landmarks=np.full((4, 6, 2), np.nan, np.float32))))
    got = method.locate(IMAGES)
    assert got.dtype == torch.float32
    assert got.tolist() == [[[0.5, 0.5]] * 6] * 3


def test_state_survives_a_round_trip(method, labels, run):
    method.fit(None, run(labels(landmarks=LANDMARKS)))
    restored = type(method)(BaselineConfig(), 5, 8)
    restored.load_state_dict(method.state_dict())
    restored.to(torch.device("cpu"))
    assert torch.equal(restored.locate(IMAGES), method.locate(IMAGES))
    assert method.parameter_count() == 0


def test_state_of_another_method_is_refused(method):
    for state in ({}, {"landmarks": torch.zeros(3)}, {"seed": torch.tensor(0)}):
        with pytest.raises(RecordError, match="belongs to another method"):
            method.load_state_dict(state)


def test_prediction_before_learning_is_an_error(method):
    with pytest.raises(RunError, match="knows no landmarks yet"):
        method.locate(IMAGES)


def test_labels_without_landmarks_are_refused(method, labels, run):
    with pytest.raises(DataError, match="needs landmarks"):
        method.fit(None, run(labels(parts=np.zeros((2, 8, 8), np.uint8))))


def test_suite_without_labels_is_refused(method, labels, run):
    for labelled in (None, labels(landmarks=np.zeros((0, 2, 2), np.float32))):
        with pytest.raises(DataError, match="needs labelled images"):
            method.fit(None, run(labelled))
