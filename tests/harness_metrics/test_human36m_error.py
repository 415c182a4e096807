from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from harness.contract import Evaluation
from harness.errors import ConfigError, DataError, ShapeError
from harness_metrics.human36m_error import Human36mError
from harness_metrics.landmark_error import LandmarkError
from harness_metrics.params import Human36mParams, RegressionParams

#: Landmarks of the little bodies below: head, left hand, right hand, left foot, right foot.
PAIRS = [[1, 2], [3, 4]]


def measure(evaluation: Evaluation, **params: object):
    return Human36mError(Human36mParams(**{"pairs": PAIRS, **params})).measure(evaluation)


def located(samples, predicted, truth: list, found: list, **arrays: object) -> Evaluation:
    return Evaluation(
        test=predicted(landmarks=np.array(found, np.float32)),
        test_truth=samples(landmarks=np.array(truth, np.float32), **arrays),
    )


def test_exchanged_two_point_body_has_no_error(samples, predicted):
    evaluation = located(samples, predicted, [[(0, 0), (1, 0)]], [[(1, 0), (0, 0)]])
    got = measure(evaluation, pairs=[[0, 1]])
    assert got.value == 0
    assert got.also == {"not exchanged": 100}


def test_whole_body_is_exchanged_at_once(samples, predicted):
    """Hands are exchanged, feet are not: either way two of five points are wrong by 0.4."""
    truth = [[(0.5, 0.1), (0.7, 0.5), (0.3, 0.5), (0.7, 0.9), (0.3, 0.9)]]
    found = [[(0.5, 0.1), (0.3, 0.5), (0.7, 0.5), (0.7, 0.9), (0.3, 0.9)]]
    got = measure(located(samples, predicted, truth, found))
    assert got.value == pytest.approx(100 * 0.8 / 5)


def test_every_image_takes_its_own_minimum(samples, predicted):
    body = [(0.5, 0.1), (0.7, 0.5), (0.3, 0.5), (0.7, 0.9), (0.3, 0.9)]
    back = [body[place] for place in (0, 2, 1, 4, 3)]
    low = [(x, y + 0.1) for x, y in body]
    got = measure(located(samples, predicted, [body] * 3, [body, back, low]))
    np.testing.assert_allclose(got.per_image, [0, 0, 10], atol=1e-4)
    assert got.also["not exchanged"] == pytest.approx((0 + 100 * 1.6 / 5 + 10) / 3, abs=1e-4)


def test_visibility_is_exchanged_with_the_points(samples, predicted):
    truth = [[(0.5, 0.1), (0.7, 0.5), (0.3, 0.5), (0.7, 0.9), (0.3, 0.9)]]
    found = [[(0.5, 0.1), (0.3, 0.5), (0.9, 0.5), (0.3, 0.9), (0.7, 0.9)]]
    visible = np.array([[True, False, True, True, True]])
    got = measure(located(samples, predicted, truth, found, visible=visible))
    # Exchanged, the hidden left hand is the one on the right of the picture, which is wrong.
    assert got.value == pytest.approx(0, abs=1e-4)
    assert got.excluded == {"landmarks: not visible": 1}


def test_image_without_a_visible_landmark_is_left_out(samples, predicted):
    body = [(0.5, 0.1), (0.7, 0.5), (0.3, 0.5), (0.7, 0.9), (0.3, 0.9)]
    low = [(x, y + 0.1) for x, y in body]
    visible = np.ones((2, 5), dtype=bool)
    visible[0] = False
    got = measure(located(samples, predicted, [body] * 2, [low] * 2, visible=visible))
    assert np.isnan(got.per_image[0])
    assert got.value == pytest.approx(10, abs=1e-4)
    assert got.excluded == {"images: no landmark visible": 1}


def test_missing_prediction_stands_at_the_centre(samples, predicted):
    truth = [[(0.5, 0.1), (0.7, 0.5), (0.3, 0.5), (0.7, 0.9), (0.3, 0.9)]]
    found = np.array(truth)
    found[0, 0] = np.nan
    got = measure(located(samples, predicted, truth, found))
    assert got.value == pytest.approx(100 * 0.4 / 5, abs=1e-4)
    assert got.excluded == {"landmarks: not predicted, set to image centre": 1}


@pytest.fixture
def walkers(samples, predicted):
    """Bodies seen from front and back whose keypoints are the outline, blind to left and right."""

    def role(count: int, seed: int, back: np.ndarray):
        random = np.random.default_rng(seed)
        body = np.array([(0.5, 0.1), (0.7, 0.4), (0.3, 0.4), (0.6, 0.9), (0.4, 0.9)])
        seen = body + random.normal(0, 0.03, (count, 5, 2))
        labels = np.where(back[:, None, None], seen[:, [0, 2, 1, 4, 3]], seen)
        return predicted(keypoints=seen), samples(landmarks=labels, image_size=64)

    def make(*, train_back: float = 0.5, test_back: float = 0.5) -> Evaluation:
        draw = np.random.default_rng(5).random
        train = role(60, 1, draw(60) < train_back)
        test = role(30, 2, draw(30) < test_back)
        return Evaluation(*test, *train)

    return make


def test_rounds_of_fitting_undo_front_and_back(walkers):
    evaluation = walkers()
    got = measure(evaluation)
    assert got.value == pytest.approx(0, abs=1e-5)
    # The first fit of the frontal half is exact, the second finds nothing to change.
    assert got.also["rounds"] == 2
    plain = LandmarkError(RegressionParams()).measure(evaluation)
    assert got.also["not exchanged"] == plain.value > 10


def test_other_conventions_stand_beside_the_chosen_one(walkers):
    evaluation = walkers()
    seen = evaluation.regress.keypoints + np.random.default_rng(3).normal(0, 0.05, (60, 5, 2))
    rough = replace(evaluation, regress=replace(evaluation.regress, keypoints=seen))
    centre, corner, bias = (
        measure(rough, **params) for params in ({}, {"origin": "corner"}, {"bias": True})
    )
    assert centre.also["origin=corner"] == corner.value != centre.value
    assert centre.also["bias=true"] == bias.value != centre.value
    assert corner.also["origin=centre"] == bias.also["origin=centre"] == centre.value
    assert set(centre.also) == {"origin=corner", "bias=true", "rounds", "not exchanged"}


def slow_rounds(evaluation: Evaluation, most: int) -> tuple[float, int]:
    """The protocol once more, image by image, about the centre."""
    order = [0, 2, 1, 4, 3]
    inputs = evaluation.regress.keypoints.reshape(60, 10) - 0.5
    labels = np.asarray(evaluation.regress_truth.landmarks, np.float64)
    frontal = [
        sum(body[left, 0] > body[right, 0] for left, right in PAIRS) / len(PAIRS) > 2 / 3
        for body in labels
    ]
    rows = [image for image in range(60) if frontal[image]]
    current, changed = labels.copy(), None
    for fits in range(1, most + 1):
        weights = np.linalg.pinv(inputs[rows]) @ (current[rows].reshape(len(rows), 10) - 0.5)
        guesses = (inputs @ weights + 0.5).reshape(60, 5, 2)
        now = [
            not front
            and np.linalg.norm(guess - body[order], axis=1).mean()
            < np.linalg.norm(guess - body, axis=1).mean()
            for front, guess, body in zip(frontal, guesses, labels, strict=True)
        ]
        if fits == most or now == changed:
            break
        changed, rows = now, list(range(60))
        current = np.array(
            [body[order] if c else body for c, body in zip(now, labels, strict=True)]
        )
    test = (evaluation.test.keypoints.reshape(30, 10) - 0.5) @ weights + 0.5
    errors = []
    for guess, body in zip(test.reshape(30, 5, 2), evaluation.test_truth.landmarks, strict=True):
        both = (np.linalg.norm(guess - one, axis=1).mean() for one in (body, body[order]))
        errors.append(min(both))
    return 100 * float(np.mean(errors)), fits


@pytest.mark.parametrize("most", [1, 2, 3, 20])
@pytest.mark.parametrize("noise", [0.05, 0.2, 0.4])
def test_rounds_agree_with_an_image_by_image_account(walkers, noise, most):
    evaluation = walkers(train_back=0.7)
    random = np.random.default_rng(8)
    seen = evaluation.regress.keypoints + random.normal(0, noise, (60, 5, 2))
    rough = replace(evaluation, regress=replace(evaluation.regress, keypoints=seen))
    got = measure(rough, rounds=most)
    value, fits = slow_rounds(rough, most)
    assert got.value == pytest.approx(value, rel=1e-9)
    assert got.also["rounds"] == fits <= most


def test_a_third_of_the_pairs_uncrossed_is_not_frontal(samples, predicted):
    """Exactly 2/3 crossed is not more than 2/3, so nothing is frontal and all start as they are."""
    random = np.random.default_rng(0)
    body = np.array([(0.7, 0.2), (0.3, 0.2), (0.7, 0.5), (0.3, 0.5), (0.3, 0.9), (0.7, 0.9)])
    seen = body + random.normal(0, 0.02, (20, 6, 2))
    role = predicted(keypoints=seen), samples(landmarks=seen, image_size=64)
    got = measure(Evaluation(*role, *role), pairs=[[0, 1], [2, 3], [4, 5]])
    assert got.excluded == {"images of regress: none frontal, all start as they stand": 20}
    assert got.value == pytest.approx(0, abs=1e-5)


def test_landmark_that_no_frontal_image_shows_is_learnt_later(walkers):
    evaluation = walkers()
    landmarks = np.asarray(evaluation.regress_truth.landmarks)
    visible = np.ones((60, 5), dtype=bool)
    visible[landmarks[:, 1, 0] > landmarks[:, 2, 0], 0] = False
    truth = replace(evaluation.regress_truth, visible=visible)
    got = measure(replace(evaluation, regress_truth=truth))
    assert got.value == pytest.approx(0, abs=1e-5)


def test_missing_keypoints_are_counted(walkers):
    evaluation = walkers()
    keypoints = evaluation.test.keypoints.copy()
    keypoints[0, 1] = np.nan
    got = measure(replace(evaluation, test=replace(evaluation.test, keypoints=keypoints)))
    assert got.excluded == {"keypoints: missing in test, set to image centre": 1}
    assert np.isfinite(got.per_image).all()
    assert got.per_image[0] > 1


def test_pairs_that_do_not_fit_are_refused(walkers):
    with pytest.raises(ConfigError, match=r"pair \[4, 5\] names landmark 5, .* landmarks 0 to 4"):
        measure(walkers(), pairs=[[1, 2], [4, 5]])
    with pytest.raises(ValidationError, match="landmark 2 is named twice"):
        Human36mParams(pairs=[[1, 2], [2, 3]])


def test_default_pairs_are_the_limbs_of_32_joints():
    pairs = Human36mParams().pairs
    assert len(pairs) == 13
    assert {place for pair in pairs for place in pair} == {*range(1, 11), *range(16, 32)}
    assert (6, 1) in pairs
    assert (17, 25) in pairs
    assert (23, 31) in pairs


def test_missing_arrays_are_told(walkers):
    evaluation = walkers()
    with pytest.raises(DataError, match="labelled split of role 'regress'"):
        measure(replace(evaluation, regress=None, regress_truth=None))
    wrong = replace(evaluation.test, landmarks=evaluation.test.keypoints[:, :4])
    with pytest.raises(ShapeError, match="Predicted landmarks have shape"):
        measure(replace(evaluation, test=wrong))
