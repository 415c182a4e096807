from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from harness.contract import Evaluation, Measurement
from harness.errors import ConfigError, DataError, ShapeError
from harness_metrics.attribute_accuracy import AttributeAccuracy
from harness_metrics.params import AttributeParams


def measure(evaluation: Evaluation, **params: object) -> Measurement:
    return AttributeAccuracy(AttributeParams(**params)).measure(evaluation)


@pytest.fixture
def smiles(samples, predicted) -> Evaluation:
    """60 and 20 images; `smiling`: keypoint 0 is on the right; `tall`: keypoint 1 is low."""
    random = np.random.default_rng(3)

    def role(count: int):
        labels = random.integers(0, 2, (count, 2)).astype(np.float32)
        labels[:2] = [(0, 1), (1, 0)]
        points = random.uniform(0.3, 0.7, (count, 2, 2))
        points[:, 0, 0] = np.where(labels[:, 0] == 1, 0.8, 0.2) + random.uniform(-0.1, 0.1, count)
        points[:, 1, 1] = np.where(labels[:, 1] == 1, 0.9, 0.1) + random.uniform(-0.1, 0.1, count)
        return predicted(keypoints=points), samples(attributes=labels)

    regress, regress_truth = role(60)
    test, test_truth = role(20)
    return Evaluation(test, test_truth, regress, regress_truth, attribute_names=("smiling", "tall"))


def with_labels(evaluation: Evaluation, role: str, place: tuple, value: float) -> Evaluation:
    truth = getattr(evaluation, f"{role}_truth")
    labels = truth.attributes.copy()
    labels[place] = value
    return replace(evaluation, **{f"{role}_truth": replace(truth, attributes=labels)})


def test_attributes_that_keypoints_separate_are_all_right(smiles):
    got = measure(smiles)
    assert got.value == 100
    assert (got.details["smiling"], got.details["tall"], got.also["balanced"]) == (100, 100, 100)
    np.testing.assert_array_equal(got.per_image, 100)
    assert got.excluded == {}


def test_accuracy_is_the_share_of_images_and_its_images_have_its_mean(smiles):
    """Three wrong labels of `smiling` and one of `tall` among 20: 85 and 95 percent."""
    labels = smiles.test_truth.attributes.copy()
    labels[[4, 5, 6], 0] = 1 - labels[[4, 5, 6], 0]
    labels[4, 1] = 1 - labels[4, 1]
    got = measure(replace(smiles, test_truth=replace(smiles.test_truth, attributes=labels)))
    assert (got.details["smiling"], got.details["tall"]) == pytest.approx((85, 95))
    assert got.value == pytest.approx(90)
    assert got.per_image[4:8].tolist() == [0, 50, 50, 100]
    assert got.per_image.mean() == pytest.approx(got.value)


def test_constant_answer_has_the_majority_share_but_half_a_balanced_accuracy(samples, predicted):
    """Nine of ten are 0 and keypoints say nothing, so that 0 is always said."""
    labels = np.tile([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 2)[:, None].astype(np.float32)
    role = predicted(keypoints=np.full((20, 2, 2), 0.4)), samples(attributes=labels)
    got = measure(Evaluation(*role, *role, attribute_names=("bald",)))
    assert got.details["bald"] == pytest.approx(90)
    assert got.details["bald majority"] == got.also["majority"] == pytest.approx(90)
    assert got.also["balanced"] == pytest.approx(50)


def test_majority_is_that_of_training(samples, predicted):
    """Training has more ones, test more zeros: three of four are then wrong."""
    points = np.random.default_rng(0).random((4, 1, 2))
    train = samples(attributes=np.array([[1.0], [1], [1], [0]]))
    test = samples(attributes=np.array([[0.0], [0], [0], [1]]))
    evaluation = Evaluation(
        predicted(keypoints=points),
        test,
        predicted(keypoints=points),
        train,
        attribute_names=("young",),
    )
    assert measure(evaluation).details["young majority"] == pytest.approx(25)


def test_classifier_is_the_minimum_of_its_loss(samples, predicted):
    """Labels with noise; the loss is minimised again by another solver, with the same answers."""
    from scipy.optimize import minimize

    random = np.random.default_rng(8)
    train, test = random.random((50, 2, 2)), random.random((40, 2, 2))
    mix = np.array([1.0, -2, 0.5, 1])
    labels, truth = (
        ((points - 0.5).reshape(-1, 4) @ mix + random.normal(0, 0.4, len(points)) > 0)
        for points in (train, test)
    )
    evaluation = Evaluation(
        predicted(keypoints=test),
        samples(attributes=truth[:, None].astype(np.float32)),
        predicted(keypoints=train),
        samples(attributes=labels[:, None].astype(np.float32)),
        attribute_names=("any",),
    )
    rows, queries = train.reshape(50, 4), test.reshape(40, 4)
    mean, std = rows.mean(axis=0), rows.std(axis=0)
    inputs, signs = np.c_[(rows - mean) / std, np.ones(50)], np.where(labels, 1, -1)

    def loss(weights: np.ndarray) -> float:
        # The library penalises the intercept like a weight.
        hinge = np.maximum(1 - signs * (inputs @ weights), 0)
        return float(0.5 * weights @ weights + 0.1 * (hinge**2).sum())

    weights = minimize(loss, np.zeros(5), tol=1e-10).x
    said = np.c_[(queries - mean) / std, np.ones(40)] @ weights > 0
    got = measure(evaluation, c=0.1)
    np.testing.assert_array_equal(got.per_image, 100.0 * (said == truth))
    assert 50 < got.value < 100


def test_missing_labels_are_left_out_and_counted(smiles):
    """19 labels of `smiling`, one of them wrong, and 20 of `tall`: images count unequally."""
    hidden = with_labels(smiles, "test", (5, 0), np.nan)
    hidden = with_labels(hidden, "test", (6, 0), 1 - hidden.test_truth.attributes[6, 0])
    hidden = with_labels(hidden, "regress", (slice(10, 13), 1), np.nan)
    got = measure(hidden)
    assert got.value == pytest.approx((100 * 18 / 19 + 100) / 2)
    assert got.per_image is None
    assert got.excluded == {"labels: missing in regress": 3, "labels: missing in test": 1}
    assert got.resample(np.array([6, 6, 7, 7])) == pytest.approx(75)
    assert got.resample(np.array([5, 5])) == pytest.approx(100)


def test_attribute_with_one_class_in_training_is_left_out_and_counted(smiles):
    got = measure(with_labels(smiles, "regress", (slice(None), 1), 1.0))
    assert "tall" not in got.details
    assert got.value == 100
    assert got.excluded == {"attributes: one class in regress, or no label in test": 1}


def test_attribute_without_a_test_label_is_left_out_and_counted(smiles):
    got = measure(with_labels(smiles, "test", (slice(None), 0), np.nan))
    assert "smiling" not in got.details
    assert got.per_image is not None
    assert got.excluded["attributes: one class in regress, or no label in test"] == 1


def test_attribute_with_one_class_in_test_has_no_balanced_accuracy(smiles):
    got = measure(with_labels(smiles, "test", (slice(None), 1), 0.0))
    assert got.details["tall"] < 100
    assert got.also["balanced"] == 100


def test_value_is_undefined_when_nothing_can_be_learnt(smiles):
    got = measure(with_labels(smiles, "regress", (slice(None), slice(None)), 0.0))
    assert np.isnan(got.value)
    assert got.excluded == {"attributes: one class in regress, or no label in test": 2}


def test_missing_keypoint_becomes_the_mean_of_training_and_is_counted(smiles):
    test, train = smiles.test.keypoints.copy(), smiles.regress.keypoints.copy()
    train[:2, 0, 0] = np.nan
    test[7, 0] = np.nan
    mean = train[2:, 0].mean(axis=0)
    filled_train, filled_test = train.copy(), test.copy()
    filled_train[:2, 0], filled_test[7, 0] = mean, mean

    def given(train: np.ndarray, test: np.ndarray) -> Evaluation:
        return replace(
            smiles,
            test=replace(smiles.test, keypoints=test),
            regress=replace(smiles.regress, keypoints=train),
        )

    got, expected = measure(given(train, test)), measure(given(filled_train, filled_test))
    np.testing.assert_array_equal(got.per_image, expected.per_image)
    assert got.excluded == {
        "keypoints: missing in regress, set to the mean of training": 2,
        "keypoints: missing in test, set to the mean of training": 1,
    }


def test_keypoint_that_is_never_found_in_training_says_nothing(smiles):
    train = smiles.regress.keypoints.copy()
    train[:, 0] = np.nan
    got = measure(replace(smiles, regress=replace(smiles.regress, keypoints=train)))
    assert got.details["smiling"] < 80
    assert got.details["tall"] == 100


def test_attributes_can_be_chosen_by_name(smiles):
    got = measure(smiles, attributes=["tall"])
    assert set(got.details) == {"tall", "tall majority"}


def test_unknown_attribute_is_refused_with_the_nearest_name(smiles):
    with pytest.raises(ConfigError, match=r"no attribute 'smilling'. Did you mean 'smiling'\?"):
        measure(smiles, attributes=["smilling"])
    with pytest.raises(ConfigError, match="It has: smiling, tall"):
        measure(smiles, attributes=["zzz"])


@pytest.fixture
def described(smiles, predicted) -> Evaluation:
    """Descriptors tell `tall` alone, keypoints `smiling` alone."""

    def role(name: str):
        labels = getattr(smiles, f"{name}_truth").attributes
        keypoints = getattr(smiles, name).keypoints.copy()
        keypoints[:, 1] = 0.5
        constant = np.ones(len(labels))
        return predicted(keypoints=keypoints, descriptors=np.c_[labels[:, 1], constant])

    return replace(smiles, test=role("test"), regress=role("regress"))


@pytest.mark.parametrize(
    ("features", "right"),
    [
        ("keypoints", {"smiling"}),
        ("descriptors", {"tall"}),
        ("keypoints+descriptors", {"smiling", "tall"}),
    ],
)
def test_features_can_be_chosen(described, features, right):
    got = measure(described, features=features)
    assert {name for name in ("smiling", "tall") if got.details[name] == 100} == right


def test_method_without_descriptors_has_no_value(smiles):
    got = measure(smiles, features="keypoints+descriptors")
    assert np.isnan(got.value)
    assert got.excluded == {"images: no descriptors": 20}


def test_descriptors_of_another_form_are_refused(described):
    fewer = replace(described.regress, descriptors=described.regress.descriptors[:, :1])
    with pytest.raises(ShapeError, match=r"'regress' has 1 numbers of descriptors .*'test' 2"):
        measure(replace(described, regress=fewer), features="descriptors")
    flat = replace(described.test, descriptors=np.zeros(20))
    with pytest.raises(ShapeError, match=r"Descriptors of role 'test' have shape \[20\]"):
        measure(replace(described, test=flat), features="descriptors")
    none = replace(described.regress, descriptors=None)
    with pytest.raises(DataError, match="'regress' hold no descriptors"):
        measure(replace(described, regress=none), features="descriptors")


def test_training_images_can_be_limited_to_a_fixed_choice(smiles):
    """The limited fit is that of the images the seed chooses, in whatever order they come."""
    order = np.argsort(smiles.regress.ids)
    chosen = np.random.default_rng(4).permutation(order)[:12]
    regress = replace(
        smiles.regress,
        ids=[smiles.regress.ids[i] for i in chosen],
        keypoints=smiles.regress.keypoints[chosen],
    )
    few = replace(smiles, regress=regress, regress_truth=smiles.regress_truth.take(chosen))
    got = measure(with_labels(smiles, "regress", (slice(0, 40), 0), np.nan), train_limit=12, seed=4)
    expected = measure(with_labels(few, "regress", (np.flatnonzero(chosen < 40), 0), np.nan))
    assert got.excluded == expected.excluded
    assert got.details == expected.details
    assert measure(smiles, train_limit=60).details == measure(smiles).details


def test_order_of_the_images_has_no_influence(smiles):
    order = np.random.default_rng(1).permutation(60)
    regress = replace(
        smiles.regress,
        ids=[smiles.regress.ids[i] for i in order],
        keypoints=smiles.regress.keypoints[order],
    )
    mixed = replace(smiles, regress=regress, regress_truth=smiles.regress_truth.take(order))
    assert measure(mixed, train_limit=8).details == measure(smiles, train_limit=8).details


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({"regress": None, "regress_truth": None}, DataError, "learns on a labelled split"),
        ({"attribute_names": ("smiling",)}, ShapeError, r"\[20, 2\], expected .* \[20, 1\]"),
    ],
    ids=["no regress", "names"],
)
def test_what_does_not_fit_is_one_sentence(smiles, change, error, sentence):
    with pytest.raises(error, match=sentence):
        measure(replace(smiles, **change))


def test_split_without_attributes_is_a_data_error(smiles):
    bare = replace(smiles, regress_truth=replace(smiles.regress_truth, attributes=None))
    with pytest.raises(DataError, match="'regress' has no attributes"):
        measure(bare)


def test_label_that_is_no_class_is_a_data_error(smiles):
    with pytest.raises(DataError, match="'test' hold -1, expected 0, 1 or NaN"):
        measure(with_labels(smiles, "test", (3, 1), -1.0))


@pytest.mark.parametrize("wrong", [{"c": 0}, {"features": "pixels"}, {"train_limit": 1}], ids=str)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValidationError):
        AttributeParams(**wrong)
