"""How well attributes of the image can be told from where the keypoints are."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric, Predicted, Samples
from harness.errors import ConfigError, DataError, ShapeError
from harness_metrics.fields import Bools, Floats, check_ids, keypoints_of, nonzero
from harness_metrics.params import AttributeParams

#: Newton steps until the solver gives up; standardised features need about ten.
MAX_STEPS = 10_000


class AttributeAccuracy(Metric):
    """Share of binary attributes that a linear classifier tells right from keypoints.

    Higher is better; percent; the mean over attributes of the share of test images that are right.
    Every attribute has its own linear support vector machine (squared hinge, parameter `c`, no
    class weights), fitted on role `regress` and tested on role `test`. Features are the coordinates
    of all keypoints, the method's descriptors, or both, less their mean and over their deviation on
    the training images; a constant feature counts nothing.

    A missing number among the features becomes its mean over training and is counted. Missing
    labels are left out and counted; an attribute whose training labels have fewer than two classes,
    or without a label in test, is left out and counted. The value is undefined when none remains,
    and for methods without the descriptors that `features` asks for.

    `details` holds every attribute's accuracy, and as `<name> majority` that of always saying what
    is more frequent in training (a tie says 0). In `also`, `majority` is its mean; `balanced` is
    the mean over attributes of the mean of both classes' shares of right answers, 50 for a constant
    answer; attributes with one class in test are left out of it. `per_image` is an image's share of
    attributes that are right; where labels are missing there is none, since images then count
    unequally.

    Source: Zhang et al. 2018 (section 4.3, table 3), who do not state penalty and scaling.
    """

    params: AttributeParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean accuracy over the attributes.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: attributes, keypoints or the role `regress` are missing.
            ConfigError: a parameter names an attribute that the dataset does not have.
        """
        regress, regress_truth = evaluation.regress, evaluation.regress_truth
        if regress is None or regress_truth is None:
            raise DataError(
                "attribute_accuracy learns on a labelled split of role 'regress'; name one in the "
                "suite or give its predictions too."
            )
        check_ids(evaluation.test, evaluation.test_truth, "test")
        check_ids(regress, regress_truth, "regress")
        known = evaluation.attribute_names
        names = chosen_attributes(self.params.attributes, known, "attribute_accuracy")
        truth = attribute_labels(evaluation.test_truth, "test", known, names)
        labels = attribute_labels(regress_truth, "regress", known, names)
        if "descriptors" in self.params.features and evaluation.test.descriptors is None:
            return Measurement(
                float("nan"), excluded=nonzero({"images: no descriptors": len(truth)})
            )
        rows = self._training_rows(regress.ids)
        train, test = self._features(regress, "regress"), self._features(evaluation.test, "test")
        inputs, queries, lost = _standardised({k: v[rows] for k, v in train.items()}, test)
        answers = {
            name: self._answer(inputs, labels[rows, place], queries, truth[:, place])
            for place, name in enumerate(names)
            if _classes(labels[rows, place]) == 2 and _classes(truth[:, place])
        }
        excluded = {
            **lost,
            "labels: missing in regress": np.isnan(labels[rows]).sum(),
            "labels: missing in test": np.isnan(truth).sum(),
            "attributes: one class in regress, or no label in test": len(names) - len(answers),
        }
        return _measurement(answers, nonzero(excluded))

    def _training_rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Positions of the training images, sorted by id, or as many of them as are wanted."""
        order: NDArray[np.int64] = np.argsort(np.asarray(ids), kind="stable")
        if self.params.train_limit is None or len(order) <= self.params.train_limit:
            return order
        random = np.random.default_rng(self.params.seed)
        return random.permutation(order)[: self.params.train_limit]

    def _features(self, predicted: Predicted, role: str) -> dict[str, Floats]:
        """Rows of numbers an image `[N, D]`, by what they are."""
        features: dict[str, Floats] = {}
        if "keypoints" in self.params.features:
            features["keypoints"] = keypoints_of(predicted, role).reshape(len(predicted.ids), -1)
        if "descriptors" in self.params.features:
            features["descriptors"] = _descriptors(predicted, role)
        return features

    def _answer(self, inputs: Floats, labels: Floats, queries: Floats, truth: Floats) -> Answer:
        from sklearn.svm import LinearSVC

        known = np.isfinite(labels)
        machine = LinearSVC(C=self.params.c, dual=False, max_iter=MAX_STEPS, random_state=0)
        machine.fit(inputs[known], labels[known] == 1)
        asked = np.isfinite(truth)

        def right(said: Bools | bool) -> Floats:
            return np.where(asked, (truth == 1) == said, np.nan).astype(np.float64)

        more = bool(labels[known].mean() > 0.5)
        return Answer(right=right(machine.predict(queries)), majority=right(more), truth=truth)


@dataclass(frozen=True)
class Answer:
    """What was said about one attribute of the test images.

    Attributes:
        right: `float64 [N]`, 1 where the classifier is right, 0 where wrong, NaN without a label.
        majority: the same for always saying what is more frequent in training.
        truth: `float64 [N]` in {0, 1, NaN}.
    """

    right: Floats
    majority: Floats
    truth: Floats

    def balanced(self) -> float:
        """Mean of both classes' shares of right answers; NaN where only one class occurs."""
        shares = [self.right[self.truth == label] for label in (0, 1)]
        return float(np.mean([s.mean() for s in shares])) if all(map(len, shares)) else np.nan


def chosen_attributes(wanted: Sequence[str], known: Sequence[str], metric: str) -> list[str]:
    """The wanted attributes, each once, in the order given; all of the dataset where none is named.

    Args:
        wanted: names from the parameters.
        known: names of the dataset's attributes.
        metric: who asks, for the message.

    Raises:
        ConfigError: the dataset has no attribute of a name.
    """
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
            hint = f"Did you mean {close[0]!r}?" if close else f"It has: {', '.join(known)}."
            raise ConfigError(f"{metric}: the dataset has no attribute {name!r}. {hint}")
    return list(dict.fromkeys(wanted or known))


def attribute_labels(
    truth: Samples, role: str, known: Sequence[str], names: Sequence[str]
) -> Floats:
    """Labels `float64 [N, A]` of the wanted attributes, names of which must be known.

    Raises:
        DataError: there are none, or one is not 0, 1 or NaN.
        ShapeError: they are not one column a name of the dataset.
    """
    if truth.attributes is None:
        raise DataError(f"The split of role '{role}' has no attributes, which this metric needs.")
    labels = np.asarray(truth.attributes, dtype=np.float64)
    if labels.shape != (len(truth), len(known)):
        raise ShapeError(
            f"Attributes of role '{role}' have shape {list(labels.shape)}, expected [N, A] = "
            f"{[len(truth), len(known)]}: one column for each name of the dataset."
        )
    strange = np.isfinite(labels) & (labels != 0) & (labels != 1) | np.isinf(labels)
    if strange.any():
        raise DataError(
            f"Attributes of role '{role}' hold {labels[strange][0]:g}, expected 0, 1 or NaN."
        )
    return labels[:, [list(known).index(name) for name in names]]


def _descriptors(predicted: Predicted, role: str) -> Floats:
    values = predicted.descriptors
    if values is None:
        raise DataError(f"The predictions of role '{role}' hold no descriptors.")
    if values.ndim != 2 or len(values) != len(predicted.ids):
        raise ShapeError(
            f"Descriptors of role '{role}' have shape {list(values.shape)}, expected [N, D] with "
            f"N = {len(predicted.ids)}."
        )
    return np.where(np.isfinite(values), values, np.nan).astype(np.float64)


def _classes(labels: Floats) -> int:
    """How many of the two classes occur."""
    return int((labels == 0).any()) + int((labels == 1).any())


def _standardised(
    train: dict[str, Floats], test: dict[str, Floats]
) -> tuple[Floats, Floats, dict[str, int]]:
    """Features of both roles over mean and deviation of training, and how many were missing."""
    lost: dict[str, int] = {}
    inputs, queries = [], []
    for name, rows in train.items():
        if rows.shape[1] != test[name].shape[1]:
            raise ShapeError(
                f"The role 'regress' has {rows.shape[1]} numbers of {name} an image, the role "
                f"'test' {test[name].shape[1]}; a classifier needs the same ones."
            )
        found = np.isfinite(rows)
        means = np.where(found, rows, 0.0).sum(axis=0) / np.maximum(found.sum(axis=0), 1)
        filled = np.where(found, rows, means)
        constant = filled.max(axis=0, initial=-np.inf) <= filled.min(axis=0, initial=np.inf)
        scale = np.where(constant, np.inf, filled.std(axis=0))
        inputs.append((filled - means) / scale)
        queries.append((np.where(np.isfinite(test[name]), test[name], means) - means) / scale)
        numbers = 2 if name == "keypoints" else 1
        for role, values in (("regress", rows), ("test", test[name])):
            reason = f"{name}: missing in {role}, set to the mean of training"
            lost[reason] = int(np.isnan(values).sum()) // numbers
    return np.hstack(inputs), np.hstack(queries), lost


def _measurement(answers: dict[str, Answer], excluded: dict[str, int]) -> Measurement:
    if not answers:
        return Measurement(float("nan"), excluded=excluded)
    right = np.array([answer.right for answer in answers.values()])
    also = {
        "majority": _mean_accuracy(np.array([a.majority for a in answers.values()])),
        "balanced": _mean([100 * answer.balanced() for answer in answers.values()]),
    }
    details = {}
    for name, answer in answers.items():
        details[name] = _mean_accuracy(answer.right[None])
        details[f"{name} majority"] = _mean_accuracy(answer.majority[None])

    def resample(images: NDArray[np.int64]) -> float:
        return _mean_accuracy(right[:, images])

    whole = not np.isnan(right).any()
    return Measurement(
        value=_mean_accuracy(right),
        per_image=100 * right.mean(axis=0) if whole else None,
        excluded=excluded,
        also=also,
        details=details,
        resample=None if whole else resample,
    )


def _mean_accuracy(right: Floats) -> float:
    """Percent: mean over attributes `[A, N]` of the share of labelled images that are right."""
    asked = np.isfinite(right).sum(axis=1)
    hits = np.where(np.isfinite(right), right, 0.0).sum(axis=1)
    return _mean([100 * hit / count for hit, count in zip(hits, asked, strict=True) if count])


def _mean(values: Sequence[float]) -> float:
    kept = [value for value in values if np.isfinite(value)]
    return float(np.mean(kept)) if kept else float("nan")
