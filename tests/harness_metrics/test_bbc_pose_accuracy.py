from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from harness.contract import Evaluation
from harness.errors import ConfigError, DataError, ShapeError
from harness.registry import registry
from harness.scoring import score_evaluation
from harness.suite import MetricUse
from harness_metrics.bbc_pose_accuracy import BbcPoseAccuracy
from harness_metrics.params import BbcPoseParams

#: What the published table holds for the four parts of the body, and their average.
PUBLISHED = [
    ((98.00, 88.45, 77.10, 93.50), 88.01),
    ((95.40, 72.95, 68.70, 90.30), 79.90),
    ((74.90, 53.05, 46.00, 71.40), 59.40),
    ((63.40, 53.70, 49.20, 46.10), 51.63),
    ((81.10, 49.05, 53.05, 70.10), 60.79),
    ((76.10, 56.50, 70.70, 74.30), 68.44),
]


def measure(evaluation: Evaluation, **params: object):
    return BbcPoseAccuracy(BbcPoseParams(**params)).measure(evaluation)


@pytest.fixture
def at_distances(samples, predicted):
    """An evaluation whose landmarks `[N, L]` lie so many pixels of 128 from the truth."""

    def make(distances: np.ndarray, **truth: object) -> Evaluation:
        points = np.full((*np.shape(distances), 2), 0.5, np.float32)
        found = points.copy()
        found[..., 0] += np.asarray(distances, np.float32) / 128
        return Evaluation(
            test=predicted(landmarks=found), test_truth=samples(landmarks=points, **truth)
        )

    return make


def test_point_at_the_limit_counts_as_found(at_distances):
    evaluation = at_distances([[0, 6, 6.1], [10, 2, 5.99]])
    got = measure(evaluation, groups={"all": [0, 1, 2]})
    assert got.value == pytest.approx(66.67, abs=0.005)
    np.testing.assert_allclose(got.per_image, [200 / 3, 200 / 3])
    assert measure(evaluation, groups={}, threshold_pixels=5.9).value == pytest.approx(100 / 3)


def test_distance_is_the_length_of_the_difference(samples, predicted):
    truth = np.full((1, 2, 2), 0.5, np.float32)
    off = truth + np.array([[(3.6, 4.8), (4.4, 4.4)]], np.float32) / 128
    evaluation = Evaluation(test=predicted(landmarks=off), test_truth=samples(landmarks=truth))
    assert measure(evaluation, groups={}).value == pytest.approx(50.0)


@pytest.mark.parametrize(("parts", "average"), PUBLISHED)
def test_average_over_points_reproduces_the_published_rows(at_distances, parts, average):
    hits = [round(10 * parts[0])]
    for percent in parts[1:]:  # of 1,000 images with two points each, 20 x percent points
        found = round(20 * percent)
        hits += [found // 2, found - found // 2]
    distances = np.where(np.arange(1000)[:, None] < np.array(hits), 1.0, 50.0)
    got = measure(at_distances(distances))
    assert got.value == pytest.approx(average, abs=0.0051)
    assert [
        got.details[name] for name in ("head", "wrists", "elbows", "shoulders")
    ] == pytest.approx(parts)


def test_hidden_point_is_left_out_and_points_weigh_the_same(at_distances):
    visible = np.array([[True, True, True], [True, False, False], [False, False, False]])
    got = measure(at_distances([[0, 0, 9], [9, 0, 0], [0, 0, 0]], visible=visible), groups={})
    assert got.value == pytest.approx(50.0)
    np.testing.assert_allclose(got.per_image, [200 / 3, 0, np.nan])
    assert got.excluded == {"landmarks: not visible": 5, "images: no landmark visible": 1}
    assert got.resample is not None
    assert got.resample(np.array([0, 0, 1])) == pytest.approx(400 / 7)
    assert np.isnan(got.resample(np.array([2, 2])))


def test_group_without_a_visible_point_is_undefined(at_distances):
    visible = np.array([[True, False, False]])
    got = measure(at_distances([[0, 0, 0]], visible=visible), groups={"a": [0, 1], "b": [1, 2]})
    assert got.details["a"] == 100
    assert np.isnan(got.details["b"])


def test_point_that_was_not_named_is_a_miss(at_distances):
    evaluation = at_distances([[0, 0], [0, 0]])
    lost = evaluation.test.landmarks.copy()
    lost[0, 1, 0] = np.nan
    got = measure(replace(evaluation, test=replace(evaluation.test, landmarks=lost)), groups={})
    assert got.value == pytest.approx(75.0)
    assert got.excluded == {"landmarks: not predicted, a miss": 1}
    assert got.curve.lines["average"][20] == pytest.approx(75.0)


def test_pixels_are_those_of_the_named_frame(at_distances):
    evaluation = at_distances([[5.0]])
    assert measure(evaluation, groups={}).value == 100
    assert measure(evaluation, groups={}, frame_pixels=256).value == 0


def test_curve_counts_up_to_twenty_pixels_by_group(at_distances):
    got = measure(at_distances([[0, 3], [7, 3]]), groups={"first": [0], "second": [1]})
    assert list(got.curve.x) == list(range(21))
    assert list(got.curve.lines["first"]) == [50.0] * 7 + [100.0] * 14
    assert list(got.curve.lines["second"]) == [0.0] * 3 + [100.0] * 18
    assert got.curve.lines["average"][6] == got.value == 75.0
    assert "128 to the image edge" in got.curve.x_label


def test_keypoints_go_through_the_map_of_the_chosen_convention(faces):
    groups = {"all": [0, 1, 2, 3]}
    centre = measure(faces, groups=groups)
    corner = measure(faces, groups=groups, origin="corner")
    assert set(centre.also) == {"origin=corner", "bias=true"}
    assert centre.also["origin=corner"] == corner.value
    assert corner.also["origin=centre"] == centre.value
    assert 50 < centre.value < 100


def test_image_without_any_keypoint_is_a_miss(faces):
    keypoints = faces.test.keypoints.copy()
    keypoints[0], keypoints[1, 0] = np.nan, np.nan
    got = measure(
        replace(faces, test=replace(faces.test, keypoints=keypoints)),
        groups={},
        threshold_pixels=1000,
    )
    assert got.per_image[0] == 0
    assert got.per_image[1] == 100
    assert got.excluded == {
        "keypoints: missing in test, set to image centre": 4,
        "images: no keypoint found, all misses": 1,
    }


def test_order_of_images_has_no_influence(at_distances):
    distances = np.random.default_rng(0).uniform(0, 12, (9, 7))
    shuffled = np.random.default_rng(1).permutation(9)
    whole, mixed = (measure(at_distances(d)) for d in (distances, distances[shuffled]))
    assert mixed.value == whole.value
    np.testing.assert_array_equal(mixed.per_image, whole.per_image[shuffled])


def test_group_beyond_the_landmarks_is_refused(at_distances):
    with pytest.raises(ConfigError, match=r"group 'wrists' = \[1, 2\] names landmark 2, .* 0 to 1"):
        measure(at_distances([[0, 0]]))
    with pytest.raises(ValidationError, match="group 'none' names no landmark"):
        BbcPoseParams(groups={"none": []})


def test_arrays_that_do_not_fit_are_told(at_distances, faces):
    evaluation = at_distances([[0, 0]])
    wrong = replace(evaluation.test, landmarks=evaluation.test.landmarks[:, :1])
    with pytest.raises(ShapeError, match=r"\[1, 1, 2\], the true ones \[1, 2, 2\]"):
        measure(replace(evaluation, test=wrong), groups={})
    with pytest.raises(DataError, match="labelled split of role 'regress'"):
        measure(replace(faces, regress=None, regress_truth=None), groups={})


def test_interval_belongs_to_the_pooled_value(at_distances):
    visible = np.ones((40, 7), dtype=bool)
    visible[:20, 1:] = False
    distances = np.where(np.arange(40)[:, None] < 20, 9.0, 1.0) * np.ones((40, 7))
    evaluation = at_distances(distances, visible=visible)
    (score,) = score_evaluation(
        [MetricUse(name="bbc_pose_accuracy")], evaluation, registry()
    ).scores
    assert score.value == pytest.approx(87.5)
    low, high = score.ci95
    assert low < 87.5 < high
    # The mean over images would be 50, outside the interval.
    assert low > 60
