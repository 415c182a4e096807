from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from harness.contract import Evaluation, Predicted, Samples
from harness.errors import ConfigError, DataError, ShapeError
from harness_metrics.inter_ocular_error import InterOcularError
from harness_metrics.params import InterOcularParams

REPLAY = Path(__file__).parents[3] / "shared" / "data" / "replay" / "mafl_k10.npz"


def measure(evaluation: Evaluation, **params: object):
    return InterOcularError(InterOcularParams(**params)).measure(evaluation)


@pytest.fixture
def two_faces(samples, predicted) -> Evaluation:
    """Eyes 40 and 50 pixels of 100 apart; point errors (5, 0, 5, 0, 10) and (0, 5, 0, 0, 0)."""
    truth = np.full((2, 5, 2), 50.0)
    truth[0, :2] = [(30, 40), (70, 40)]
    truth[1, :2] = [(20, 50), (50, 90)]
    found = truth.copy()
    found[0, [0, 2], 0] += 5
    found[0, 4, 1] -= 10
    found[1, 1] += (3, 4)
    return Evaluation(
        test=predicted(landmarks=found / 100),
        test_truth=samples(landmarks=truth / 100, image_size=100),
    )


def test_each_image_is_divided_by_its_own_eye_distance_before_the_mean(two_faces):
    got = measure(two_faces)
    assert got.value == pytest.approx(6.0)
    np.testing.assert_allclose(got.per_image, [10, 2])
    assert got.also == {}
    assert got.excluded == {}


def test_value_is_undefined_when_no_image_can_be_scored(two_faces):
    truth = replace(two_faces.test_truth, visible=np.zeros((2, 5), dtype=bool))
    got = measure(replace(two_faces, test_truth=truth))
    assert np.isnan(got.value)
    assert np.isnan(got.per_image).all()
    assert got.excluded == {"images: eye not visible": 2}


def test_value_is_undefined_when_no_eyes_are_named(two_faces):
    got = measure(two_faces, left_eye=[], right_eye=[])
    assert np.isnan(got.value)
    assert got.excluded == {"images: left_eye and right_eye not named": 2}


def test_image_with_a_hidden_eye_is_left_out_and_counted(two_faces):
    landmarks = two_faces.test_truth.landmarks.copy()
    landmarks[0, 1] = np.nan
    got = measure(replace(two_faces, test_truth=replace(two_faces.test_truth, landmarks=landmarks)))
    assert got.value == pytest.approx(2.0)
    assert np.isnan(got.per_image[0])
    assert got.excluded == {"images: eye not visible": 1}


def test_hidden_landmark_is_left_out_of_its_image(two_faces):
    visible = np.ones((2, 5), dtype=bool)
    visible[0, 4] = False
    got = measure(replace(two_faces, test_truth=replace(two_faces.test_truth, visible=visible)))
    np.testing.assert_allclose(got.per_image, [100 * (10 / 4) / 40, 2])
    assert got.excluded == {"landmarks: not visible": 1}


@pytest.mark.parametrize(
    ("image_size", "gap", "excluded"),
    [(100, 0.009, 1), (100, 0.011, 0), (0, 0.0, 1), (0, 0.009, 0)],
)
def test_eyes_within_one_pixel_leave_the_image_out(two_faces, samples, image_size, gap, excluded):
    landmarks = two_faces.test_truth.landmarks.copy()
    landmarks[0, 1] = landmarks[0, 0] + (gap, 0)
    truth = samples(landmarks=landmarks, image_size=image_size)
    got = measure(replace(two_faces, test_truth=truth))
    assert got.excluded.get("images: eyes less than one pixel apart", 0) == excluded
    assert np.isnan(got.per_image[0]) == bool(excluded)
    assert got.per_image[1] == pytest.approx(2.0)


def test_eye_of_several_landmarks_is_their_mean(two_faces):
    got = measure(two_faces, left_eye=[0, 1], right_eye=[2])
    truth = two_faces.test_truth.landmarks
    distance = np.linalg.norm(truth[:, :2].mean(axis=1) - truth[:, 2], axis=1)
    np.testing.assert_allclose(got.per_image, [4 / distance[0], 1 / distance[1]])


def test_predicted_landmark_that_is_missing_stands_at_the_centre_and_is_counted(two_faces):
    lost = two_faces.test.landmarks.copy()
    lost[1, 0] = np.nan
    got = measure(replace(two_faces, test=replace(two_faces.test, landmarks=lost)))
    np.testing.assert_allclose(got.per_image, [10, 100 * (5 + 30) / 5 / 50])
    assert got.excluded == {"landmarks: not predicted, set to image centre": 1}


def test_a_number_and_a_list_of_one_are_the_same_eye():
    assert InterOcularParams(left_eye=3) == InterOcularParams(left_eye=[3])


@pytest.mark.parametrize("eye", [-1, [-2], [0, -2], True, "left"])
def test_eyes_that_name_no_landmark_are_refused(eye):
    with pytest.raises(ValidationError):
        InterOcularParams(left_eye=eye)


def test_eye_beyond_the_landmarks_is_refused(two_faces):
    with pytest.raises(ConfigError, match=r"right_eye = \[5\] .* has landmarks 0 to 4"):
        measure(two_faces, right_eye=5)


def test_other_conventions_stand_beside_the_chosen_one(faces):
    chosen = {
        "origin=centre": measure(faces).value,
        "origin=corner": measure(faces, origin="corner").value,
        "bias=true": measure(faces, bias=True).value,
    }
    assert len(set(chosen.values())) == 3
    for params, name in (
        ({}, "origin=centre"),
        ({"origin": "corner"}, "origin=corner"),
        ({"bias": True}, "bias=true"),
    ):
        others = {key: value for key, value in chosen.items() if key != name}
        assert measure(faces, **params).also == pytest.approx(others)


def test_order_of_images_and_keypoints_has_no_influence(faces):
    random = np.random.default_rng(0)
    images, keypoints = random.permutation(30), random.permutation(3)
    test = Predicted(
        ids=[faces.test.ids[i] for i in images],
        keypoints=faces.test.keypoints[images][:, keypoints],
    )
    regress = replace(faces.regress, keypoints=faces.regress.keypoints[:, keypoints])
    mixed = replace(faces, test=test, test_truth=faces.test_truth.take(images), regress=regress)
    assert measure(mixed).value == pytest.approx(measure(faces).value, rel=1e-9)


def test_missing_keypoints_are_counted_in_both_roles_and_never_drop_an_image(faces):
    test, train = faces.test.keypoints.copy(), faces.regress.keypoints.copy()
    test[0, 0, 1], train[:3, 1] = np.nan, np.nan
    got = measure(
        replace(
            faces,
            test=replace(faces.test, keypoints=test),
            regress=replace(faces.regress, keypoints=train),
        )
    )
    assert got.excluded == {
        "keypoints: missing in test, set to image centre": 1,
        "keypoints: missing in regress, set to image centre": 3,
    }
    assert np.isfinite(got.per_image).all()


def test_evaluation_of_bare_arrays_needs_no_images(faces, samples):
    bare = replace(
        faces,
        test_truth=samples(landmarks=faces.test_truth.landmarks),
        regress_truth=samples(landmarks=faces.regress_truth.landmarks),
    )
    assert measure(bare).value == measure(faces).value


def test_missing_regress_role_is_a_data_error(faces):
    with pytest.raises(DataError, match="labelled split of role 'regress'"):
        measure(replace(faces, regress=None, regress_truth=None))


def test_predictions_of_other_images_are_a_data_error(faces):
    swapped = replace(faces.test, ids=[*faces.test.ids[:-2], "image-29", "image-28"])
    with pytest.raises(DataError, match=r"prediction 28 is of image 'image-29'.* of 'image-28'"):
        measure(replace(faces, test=swapped))


def test_predictions_of_too_few_images_are_a_data_error(faces):
    fewer = Predicted(ids=faces.test.ids[:-1], keypoints=faces.test.keypoints[:-1])
    with pytest.raises(DataError, match="29 images, but the truth of 30"):
        measure(replace(faces, test=fewer))


def test_landmark_without_a_labelled_image_is_a_data_error_that_names_it(faces):
    visible = np.ones((40, 4), dtype=bool)
    visible[:, 2] = False
    unlabelled = replace(faces.regress_truth, visible=visible)
    named = replace(faces, regress_truth=unlabelled, landmark_names=("a", "b", "nose", "d"))
    with pytest.raises(DataError, match=r"Landmark 2 \('nose'\) is visible in no image"):
        measure(named)


def test_landmarks_of_another_number_are_a_shape_error(faces, two_faces):
    truth = replace(faces.regress_truth, landmarks=faces.regress_truth.landmarks[:, :3])
    with pytest.raises(ShapeError, match="'regress' has 3 landmarks an image, the role 'test' 4"):
        measure(replace(faces, regress_truth=truth))
    wrong = replace(two_faces.test, landmarks=two_faces.test.landmarks[:, :4])
    with pytest.raises(ShapeError, match="Predicted landmarks have shape"):
        measure(replace(two_faces, test=wrong))


@pytest.fixture(scope="module")
def replay() -> Evaluation:
    """Real keypoints of all MAFL images, converted from (y, x) about the centre."""
    if not REPLAY.exists():
        pytest.skip(f"{REPLAY.name} is not here")

    with np.load(REPLAY) as arrays:
        stored = {name: arrays[name] for name in arrays.files}

    def points(name: str) -> np.ndarray:
        return stored[name][..., ::-1].astype(np.float64) + 0.5

    def role(name: str) -> tuple[Predicted, Samples]:
        ids = [str(file) for file in stored[f"{name}_file"]]
        empty = np.zeros((len(ids), 3, 0, 0), np.uint8)
        truth = Samples(ids=ids, images=empty, landmarks=points(f"{name}_gt"))
        return Predicted(ids=ids, keypoints=points(f"{name}_pred")), truth

    test, test_truth = role("test")
    regress, regress_truth = role("train")
    return Evaluation(test, test_truth, regress, regress_truth)


def test_replay_of_real_keypoints_gives_the_known_figures(replay):
    got = measure(replay)
    assert got.value == pytest.approx(3.4815, abs=1e-4)
    assert got.also["origin=corner"] == pytest.approx(3.5618, abs=1e-4)
    assert got.also["bias=true"] == pytest.approx(3.2609, abs=1e-4)


def test_replay_of_the_mean_shape_gives_the_known_floor(replay):
    mean = np.broadcast_to(replay.regress_truth.landmarks.mean(axis=0), (1000, 5, 2))
    constant = Predicted(ids=replay.test.ids, landmarks=mean)
    assert measure(replace(replay, test=constant)).value == pytest.approx(8.43, abs=0.005)


@pytest.mark.parametrize(
    ("labels", "low", "high"), [(10, 4.5, 10.0), (20, 12.0, 1000.0), (50, 4.2, 5.2)]
)
def test_replay_with_few_labels_shows_the_interpolation_peak(replay, labels, low, high):
    """The minimum-norm fit is bad with exactly as many images as coordinates (20)."""
    values = []
    for seed in range(8):
        chosen = np.random.default_rng(seed).choice(19000, labels, replace=False)
        regress = Predicted(
            ids=[replay.regress.ids[i] for i in chosen],
            keypoints=replay.regress.keypoints[chosen],
        )
        few = replace(replay, regress=regress, regress_truth=replay.regress_truth.take(chosen))
        values.append(measure(few).value)
    assert low < np.mean(values) < high
