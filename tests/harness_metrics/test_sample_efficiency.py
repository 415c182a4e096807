from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.integrate import trapezoid
from trees import shared_data

from harness.contract import Evaluation, Measurement, Predicted, Samples
from harness.errors import ConfigError, DataError
from harness.plain import score_files
from harness.registry import registry
from harness_metrics.inter_ocular_error import InterOcularError
from harness_metrics.landmark_error import LandmarkError
from harness_metrics.params import InterOcularParams, RegressionParams, SampleEfficiencyParams
from harness_metrics.sample_efficiency import SampleEfficiency, area_weights


def measure(evaluation: Evaluation, **params: object) -> Measurement:
    return SampleEfficiency(SampleEfficiencyParams(**params)).measure(evaluation)


def fewer(evaluation: Evaluation, count: int) -> Evaluation:
    """The evaluation with only the first labelled images."""
    assert evaluation.regress is not None
    assert evaluation.regress_truth is not None
    regress = Predicted(
        ids=evaluation.regress.ids[:count], keypoints=evaluation.regress.keypoints[:count]
    )
    truth = evaluation.regress_truth.take(range(count))
    return replace(evaluation, regress=regress, regress_truth=truth)


def test_weights_are_trapezia_in_the_logarithm_from_ten_images_on():
    """Widths are log10(2) and log10(5) of one decade: a half goes to either end."""
    low, high = np.log10(2) / 2, np.log10(5) / 2
    got = area_weights([1, 5, 10, 20, 100])
    np.testing.assert_allclose(got, [0, 0, low, low + high, high], atol=1e-15)


def test_ten_labelled_images_leave_one_point():
    assert area_weights([1, 5, 10]).tolist() == [0, 0, 1]


def test_every_number_is_that_of_plain_matrix_algebra(faces):
    """All draws again with a pseudo-inverse and the normal equations of the ridge."""
    got = measure(faces, draws=3, ridge=0.01)
    order = np.argsort(faces.regress.ids)
    inputs = (faces.regress.keypoints[order] - 0.5).reshape(40, 6)
    targets = (faces.regress_truth.landmarks[order] - 0.5).reshape(40, 8)
    queries = (faces.test.keypoints - 0.5).reshape(30, 6)
    truth = faces.test_truth.landmarks
    eyes = np.linalg.norm(truth[:, 0] - truth[:, 1], axis=1)

    def error(weights: np.ndarray) -> float:
        points = (queries @ weights).reshape(30, 4, 2) + 0.5
        return float(100 * (np.linalg.norm(points - truth, axis=2).mean(axis=1) / eyes).mean())

    means, ridges = [], []
    for size in (1, 5, 10, 20, 40):
        minimum_norm, ridge = [], []
        for draw in range(3):
            chosen = np.random.default_rng([0, draw]).permutation(40)[:size]
            x, y = inputs[chosen], targets[chosen]
            minimum_norm.append(error(np.linalg.pinv(x) @ y))
            penalty = 0.01 * (x**2).sum() / 6 * np.eye(6)
            ridge.append(error(np.linalg.inv(x.T @ x + penalty) @ x.T @ y))
        label = "n=all" if size == 40 else f"n={size}"
        assert got.details[label] == pytest.approx(np.mean(minimum_norm))
        assert got.details[f"{label} ridge"] == pytest.approx(np.mean(ridge))
        if size < 40:
            assert got.details[f"{label} std"] == pytest.approx(np.std(minimum_norm, ddof=1))
            assert got.details[f"{label} ridge std"] == pytest.approx(np.std(ridge, ddof=1))
        means.append(np.mean(minimum_norm))
        ridges.append(np.mean(ridge))
    places, span = np.log10([10, 20, 40]), np.log10(4)
    assert got.value == pytest.approx(trapezoid(ridges[2:], places) / span)
    assert got.also["minimum norm"] == pytest.approx(trapezoid(means[2:], places) / span)
    np.testing.assert_allclose(got.curve.x, [1, 5, 10, 20, 40])
    np.testing.assert_allclose(got.curve.lines["minimum norm"], means)
    np.testing.assert_allclose(got.curve.lines["ridge"], ridges)
    assert got.curve.spreads["ridge"][0] == got.details["n=1 ridge std"]
    assert got.curve.log


@pytest.mark.parametrize("params", [{}, {"origin": "corner"}, {"bias": True}], ids=str)
def test_all_labelled_images_give_the_landmark_error(faces, params):
    eyes = InterOcularError(InterOcularParams(**params)).measure(faces).value
    edge = LandmarkError(RegressionParams(**params)).measure(faces).value
    assert measure(faces, draws=1, **params).details["n=all"] == pytest.approx(eyes)
    got = measure(faces, draws=1, normaliser="edge", **params)
    assert got.details["n=all"] == pytest.approx(edge)
    assert got.details["n=all std"] == 0


def test_value_is_the_mean_of_its_images_and_images_without_eyes_are_left_out(faces):
    landmarks = faces.test_truth.landmarks.copy()
    landmarks[3, 1] = np.nan
    got = measure(replace(faces, test_truth=replace(faces.test_truth, landmarks=landmarks)))
    assert np.flatnonzero(np.isnan(got.per_image)).tolist() == [3]
    assert got.value == pytest.approx(np.nanmean(got.per_image))
    assert got.excluded == {"images: eye not visible": 1}


@pytest.mark.parametrize("count", [9, 10])
def test_value_needs_ten_labelled_images(faces, count):
    got = measure(fewer(faces, count), draws=2)
    if count == 9:
        assert np.isnan(got.value)
        assert got.excluded == {"labelled images: too few, the value needs 10": 9}
    else:
        assert got.value == got.details["n=all ridge"]
        assert "n=10" not in got.details


def test_images_without_a_visible_landmark_are_no_labelled_images(faces):
    visible = np.ones((40, 4), dtype=bool)
    visible[10:] = False
    hidden = replace(faces, regress_truth=replace(faces.regress_truth, visible=visible))
    got = measure(hidden, draws=2)
    expected = measure(fewer(faces, 10), draws=2)
    assert got.details == pytest.approx(expected.details)
    assert got.excluded == {"images of regress: no landmark visible": 30}


def test_landmark_that_a_subset_does_not_show_stands_at_the_centre_and_is_counted(faces):
    """Only one image shows landmark 3, so that one draw in 40 has it at n = 1."""
    visible = np.ones((40, 4), dtype=bool)
    visible[1:, 3] = False
    hidden = replace(faces, regress_truth=replace(faces.regress_truth, visible=visible))
    got = measure(hidden, draws=2)
    # Ids sort as text, and the one image with the landmark is `image-0`, the first.
    unseen = sum(
        0 not in np.random.default_rng([0, draw]).permutation(40)[:size]
        for draw in range(2)
        for size in (1, 5, 10, 20)
    )
    reason = "landmarks: not visible in a subset, set to image centre"
    assert got.excluded == {reason: unseen}
    assert np.isfinite(got.value)


def test_missing_keypoints_are_counted_and_never_drop_an_image(faces):
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


def test_subsets_follow_from_seed_and_ids_whatever_the_order_of_the_images(faces):
    order = np.random.default_rng(0).permutation(40)
    regress = Predicted(
        ids=[faces.regress.ids[i] for i in order], keypoints=faces.regress.keypoints[order]
    )
    mixed = replace(faces, regress=regress, regress_truth=faces.regress_truth.take(order))
    value = measure(faces).value
    assert measure(faces).value == value
    assert measure(mixed).value == pytest.approx(value, rel=1e-9)
    assert measure(faces, seed=1).value != pytest.approx(value, rel=1e-6)


def test_many_labelled_images_are_drawn_less_often(faces, samples, predicted):
    """1100 labelled images: two draws of 500, one of 1000 and so no deviation there."""
    random = np.random.default_rng(5)
    keypoints = random.uniform(0.2, 0.8, (1100, 3, 2))
    landmarks = np.concatenate([keypoints, keypoints[:, :1] ** 2], axis=1)
    many = replace(
        faces, regress=predicted(keypoints=keypoints), regress_truth=samples(landmarks=landmarks)
    )
    got = measure(many, draws=2, draws_of_many=1)
    assert list(got.curve.x) == [1, 5, 10, 20, 50, 100, 200, 500, 1000, 1100]
    assert got.details["n=500 std"] > 0
    assert got.details["n=1000 std"] == 0


def test_methods_that_name_landmarks_themselves_have_no_value(faces):
    named = replace(faces, test=Predicted(faces.test.ids, landmarks=faces.test_truth.landmarks))
    got = measure(named)
    assert np.isnan(got.value)
    assert got.excluded == {"images: landmarks named by the method itself": 30}


def test_missing_regress_role_is_a_data_error(faces):
    with pytest.raises(DataError, match="labelled split of role 'regress'"):
        measure(replace(faces, regress=None, regress_truth=None))


def test_eye_beyond_the_landmarks_is_refused(faces):
    with pytest.raises(ConfigError, match=r"right_eye = \[9\] .* has landmarks 0 to 3"):
        measure(faces, right_eye=9)


@pytest.mark.parametrize(
    "wrong", [{"draws": 0}, {"ridge": 0.0}, {"normaliser": "box"}, {"seed": -1}], ids=str
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        SampleEfficiencyParams(**wrong)


def test_files_without_a_suite_give_the_same_number(faces, tmp_path: Path):
    """Names in the file, since the subsets follow from them."""
    ours = {f"{role}_ids": getattr(faces, role).ids for role in ("test", "regress")}
    np.savez(
        tmp_path / "p.npz",
        test_keypoints=faces.test.keypoints,
        regress_keypoints=faces.regress.keypoints,
        **ours,
    )
    np.savez(
        tmp_path / "t.npz",
        test_landmarks=faces.test_truth.landmarks,
        regress_landmarks=faces.regress_truth.landmarks,
        **ours,
    )
    files = (tmp_path / "p.npz", tmp_path / "t.npz")
    got = score_files("sample_efficiency", *files, registry(), settings={"draws": 2})
    # Files are read as float32, whose rounding the fit with 2K images magnifies.
    assert got.value == pytest.approx(measure(faces, draws=2).value, rel=1e-4)
    assert got.ci95 is not None
    assert got.ci95[0] < got.value < got.ci95[1]


@pytest.fixture(scope="module")
def replayed() -> Measurement:
    """The curve of a real 10-keypoint model on all of MAFL, converted from (y, x) about 0."""
    with np.load(shared_data("replay") / "mafl_k10.npz") as arrays:
        stored = {name: arrays[name] for name in arrays.files}

    def role(name: str) -> tuple[Predicted, Samples]:
        ids = [str(file) for file in stored[f"{name}_file"]]
        keypoints, landmarks = (
            stored[f"{name}_{what}"][..., ::-1].astype(np.float64) + 0.5 for what in ("pred", "gt")
        )
        images = np.zeros((len(ids), 3, 0, 0), np.uint8)
        return Predicted(ids, keypoints=keypoints), Samples(ids, images, landmarks=landmarks)

    return measure(Evaluation(*role("test"), *role("train")))


def test_replay_of_all_labels_is_exactly_the_known_error(replayed):
    assert replayed.details["n=all"] == pytest.approx(3.4815, abs=1e-4)


@pytest.mark.parametrize(
    ("label", "expected", "std"),
    [("n=10", 7.20, 0.88), ("n=50", 4.66, 0.19), ("n=20 ridge", 5.23, 0.31)],
)
def test_replay_with_few_labels_agrees_with_other_draws(replayed, label, expected, std):
    """Other subsets than ours: means within one deviation, deviations within a factor of two."""
    assert replayed.details[label] == pytest.approx(expected, abs=std)
    assert std / 2 < replayed.details[f"{label} std"] < 2 * std


def test_replay_explodes_where_images_are_as_many_as_coordinates(replayed):
    """20 images for 20 coordinates: other draws had 46 +- 53; medians of draws lie near 25."""
    assert replayed.details["n=20"] > 12
    assert replayed.details["n=20 std"] > 5
    assert replayed.value < 5 < replayed.also["minimum norm"]
