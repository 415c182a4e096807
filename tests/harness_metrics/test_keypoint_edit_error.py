import numpy as np
import pytest
from toy_edits import ToyEditing, painted, still, toward

from harness.contract import Evaluation, Measurement
from harness.errors import DataError
from harness_metrics.edit_params import LatentEditParams
from harness_metrics.keypoint_edit_error import KeypointEditError

#: Three images of two keypoints, x0, y0, x1, y1, in fifths.
POINTS = np.array([[0.2, 0.2, 0.8, 0.2], [0.2, 0.6, 0.8, 0.2], [0.6, 0.6, 0.8, 1.0]])
#: From each image to the next, and from the last to the first: (.4, 0), (.4, .8), (sqrt(.32), .8).
BEFORE = 100 * np.array([0.2, 0.6, (np.sqrt(0.32) + 0.8) / 2])


def measure(evaluation: Evaluation, **params: object) -> Measurement:
    given = LatentEditParams(**{"samples": 3, "levels": 5, **params})
    return KeypointEditError(given).measure(evaluation)


def toy(**settings: object) -> ToyEditing:
    return ToyEditing(POINTS, conditions="keypoints", **settings)


def test_an_editor_that_gets_everywhere_has_no_error():
    got = measure(toy().evaluation())
    assert got.value == pytest.approx(0, abs=1e-4)
    assert got.also["before editing"] == pytest.approx(BEFORE.mean(), abs=1e-4)
    assert got.also["by the guide"] == pytest.approx(0, abs=1e-4)
    assert got.also["by the guide, before editing"] == pytest.approx(BEFORE.mean(), abs=1e-4)
    assert got.details["share of the way"] == pytest.approx(1)
    assert got.details["best strength"] == 1
    assert got.details["judge and guide apart before editing"] == 0
    assert got.per_image is None
    assert got.resampled == 3


def test_an_editor_that_does_nothing_keeps_the_distance():
    got = measure(toy(edit=still).evaluation())
    assert got.value == pytest.approx(BEFORE.mean(), abs=1e-4)
    assert got.details["share of the way"] == pytest.approx(0, abs=1e-6)
    assert got.details["best strength"] == 0


def test_every_image_is_edited_to_the_keypoints_that_the_judge_sees_in_the_next():
    """The judge sees more to the right, so that one keypoint leaves the image and is limited."""
    made = toy(judge=lambda n: n[:, :4] + [0.4, 0, 0.4, 0], guide=lambda n: n[:, :4])
    measure(made.evaluation(), seed=3)
    ((starts, wanted, _),) = made.asked
    np.testing.assert_array_equal(starts, POINTS.astype(np.float32))
    expected = (POINTS[[1, 2, 0]] + [0.4, 0, 0.4, 0]).clip(0, 1)
    np.testing.assert_allclose(wanted, expected, atol=1e-6)
    assert wanted[:, 2].tolist() == [1, 1, 1]
    assert made.drawn == [(3, 3)]


def test_the_best_strength_is_where_the_mean_distance_is_least():
    """An editor that passes the goal half way and goes on as far again."""

    def beyond(latents, wanted, strengths):
        return toward(latents, wanted, [2 * s for s in strengths])

    points = 0.4 + POINTS / 5
    got = measure(ToyEditing(points, edit=beyond, conditions="keypoints").evaluation())
    assert got.details["best strength"] == 0.5
    assert got.also["at the best strength"] == pytest.approx(0, abs=0.4)
    assert got.value == pytest.approx(got.also["before editing"], abs=0.4)
    np.testing.assert_array_equal(got.curve.x, [0, 0.25, 0.5, 0.75, 1])
    assert got.curve.lines["judge"][2] == pytest.approx(got.also["at the best strength"])


def test_guide_and_judge_are_measured_each_by_what_it_sees():
    """A guide that sees all points a fifth lower stays a fifth away after a perfect edit."""
    got = measure(toy(guide=lambda n: n[:, :4] + [0, 0.2, 0, 0.2]).evaluation())
    assert got.value == pytest.approx(0, abs=1e-4)
    assert got.also["by the guide"] == pytest.approx(20, abs=1e-4)
    assert got.details["judge and guide apart before editing"] == pytest.approx(20, abs=1e-4)
    assert got.curve.lines["guide"][-1] == pytest.approx(20, abs=1e-4)


def test_an_edit_that_is_not_finite_counts_as_not_made():
    def broken(latents, wanted, strengths):
        path = toward(latents, wanted, strengths)
        path[-1, 1] = np.inf
        return path

    got = measure(toy(edit=broken).evaluation())
    assert got.value == pytest.approx(BEFORE[1] / 3, abs=1e-4)
    assert got.excluded == {"edits: not finite, counted as not made": 1}


def test_edits_are_pulled_back_to_the_longest():
    """Every edit stops at .1 from its start, so that only its part of the way is gone."""
    got = measure(toy(radius=0.2).evaluation(), longest=0.5)
    change = np.linalg.norm(POINTS[[1, 2, 0]] - POINTS, axis=1)
    assert got.value == pytest.approx((BEFORE * (1 - 0.1 / change)).mean(), abs=0.3)
    assert got.details["share of edits pulled back"] == pytest.approx(
        np.mean([np.arange(5) / 4 * length > 0.1001 for length in change])
    )


def test_a_keypoint_that_is_not_found_is_the_image_centre_and_counted():
    """The judge never finds the first keypoint: it is wanted at the centre, where it stays."""
    got = measure(toy(judge=lambda n: n[:, :4] + [np.nan, 0, 0, 0], edit=still).evaluation())
    # Both oracles at three starts and three images at each of five strengths.
    assert got.excluded == {"keypoints: not found, set to image centre": 2 * (3 + 15)}
    assert got.value == pytest.approx(100 * np.mean([0, 0.4, 0.4]), abs=1e-4)


def test_resampling_takes_the_mean_of_the_chosen_samples():
    got = measure(toy(edit=still).evaluation())
    assert got.resample(np.arange(3)) == got.value
    assert got.resample(np.array([2, 2, 0])) == pytest.approx(BEFORE[[2, 2, 0]].mean(), abs=1e-4)


def test_the_oracles_are_measured_by_as_many_landmarks():
    """The judge is right; the guide is .2 off, and one landmark is not to be counted."""
    truth = {
        "ids": ["a", "b", "c"],
        "images": painted(POINTS),
        "landmarks": POINTS.reshape(3, 2, 2).astype(np.float32),
    }
    truth["landmarks"][1, 0] = np.nan

    def guide(numbers):
        return numbers[:, :4] + np.array([0.3, 0.4, 0, 0])

    got = measure(toy(guide=guide).evaluation(**truth)).details
    assert got["distance of judge from landmarks"] == pytest.approx(0, abs=1e-4)
    assert got["distance of guide from landmarks"] == pytest.approx(100 * 2 * 0.5 / 5, abs=1e-4)
    truth["landmarks"] = truth["landmarks"][:, :1]
    assert "distance of judge from landmarks" not in measure(toy().evaluation(**truth)).details


def test_oracles_of_attributes_are_refused():
    with pytest.raises(DataError, match=r"keypoint_edit_error scores .*; score it by mds"):
        measure(ToyEditing(POINTS).evaluation())
