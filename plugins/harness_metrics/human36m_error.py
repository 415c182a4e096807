"""Landmark error of people whose left and right cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.contract import Evaluation, Measurement, Metric
from harness.errors import ConfigError
from harness_metrics.fields import (
    Bools,
    Floats,
    Landmarks,
    check_ids,
    landmarks_of,
    located_landmarks,
    mean_over_images,
    nonzero,
)
from harness_metrics.landmark_metric import (
    CONVENTIONS,
    LabelledKeypoints,
    image_errors,
    labelled_keypoints,
)
from harness_metrics.landmark_regression import IMAGE_CENTRE, Origin, regress_landmarks
from harness_metrics.params import Human36mParams

#: A body is seen from the front where more than this share of its left points stands to the
#: right of their partners (Zhang et al. 2018, appendix C.2).
FRONTAL_SHARE = 2 / 3


class Human36mError(Metric):
    """Mean landmark error in percent of the image edge, left and right exchanged where better.

    Lower is better; percent of the image edge; mean over the visible landmarks of an image, then
    over images. From pictures alone front and back look alike, so an image's error is the smaller
    one of the errors against its annotation and against the annotation with the left and right
    points of the whole body exchanged.

    The linear map is fitted in rounds on the role `regress`: first on the bodies seen from the
    front (more than 2/3 of the left points stand to the right of their right partners); then, on
    all images, with the labels of each other image exchanged where that gives the smaller error
    (a tie keeps them), again and again until no image changes or after `rounds` fits. Where no
    image is frontal, all start as they stand, and are counted. A landmark that no frontal image
    shows takes no part in the first decision.

    `also` holds the other two conventions, `not exchanged` (one fit to the labels as they stand,
    error against the annotation as it stands) and `rounds`, the number of fits made. Missing
    keypoints and landmarks stand at the image centre and are counted; a landmark that is not
    visible is left out, an image without a visible one as well. A method that names landmarks
    itself is scored as it is.

    Source: Zhang et al. 2018 (appendix C.2, table 4); the cap of the rounds is not the paper's.
    """

    params: Human36mParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Error in percent, mean over images.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: landmarks, keypoints or labelled images are missing.
            ConfigError: a pair names a landmark that the dataset does not have.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        truth = landmarks_of(evaluation.test_truth, "test")
        order = self._partners(truth.points.shape[1])
        lengths = np.where(truth.visible.any(axis=1), 1.0, np.nan)
        named = located_landmarks(evaluation.test, truth)
        if named is not None:
            lost = int((np.isnan(named[..., 0]) & truth.visible).sum())
            points = np.nan_to_num(named, nan=IMAGE_CENTRE)
            excluded = {"landmarks: not predicted, set to image centre": lost}
            per_image = _either(points, truth, order, lengths)
            also: dict[str, float] = {}
        else:
            given = labelled_keypoints(evaluation, truth)
            points = _predict(given, given.labels, *CONVENTIONS[self._convention()])
            per_image, also, nobody = self._by_convention(given, truth, order, lengths)
            alike = "images of regress: none frontal, all start as they stand"
            excluded = {**given.missing(), alike: nobody}
        also["not exchanged"] = mean_over_images(image_errors(points, truth, lengths))
        excluded["images: no landmark visible"] = int(np.isnan(lengths).sum())
        excluded["landmarks: not visible"] = int((~truth.visible[np.isfinite(lengths)]).sum())
        return Measurement(
            value=mean_over_images(per_image),
            per_image=per_image,
            excluded=nonzero(excluded),
            also=also,
        )

    def _convention(self) -> str:
        return "bias=true" if self.params.bias else f"origin={self.params.origin}"

    def _partners(self, count: int) -> list[int]:
        """Position of every landmark's partner on the other side, its own where it has none."""
        order = list(range(count))
        for left, right in self.params.pairs:
            if max(left, right) >= count:
                raise ConfigError(
                    f"human36m_error: pair [{left}, {right}] names landmark {max(left, right)}, "
                    f"but the dataset has landmarks 0 to {count - 1}."
                )
            order[left], order[right] = right, left
        return order

    def _by_convention(
        self, given: LabelledKeypoints, truth: Landmarks, order: list[int], lengths: Floats
    ) -> tuple[Floats, dict[str, float], int]:
        """Errors by image, what stands beside them, and how many images if none is frontal."""
        frontal = _frontal(given.labels, self.params.pairs)
        nobody = 0 if frontal.any() else len(frontal)
        errors, rounds = {}, {}
        for name, (origin, bias) in CONVENTIONS.items():
            fit = _Rounds(given, order, frontal, origin, bias)
            labels, rounds[name] = fit.exchanged(self.params.rounds)
            points = _predict(given, labels, origin, bias)
            errors[name] = _either(points, truth, order, lengths)
        chosen = self._convention()
        per_image = errors.pop(chosen)
        also = {name: mean_over_images(values) for name, values in errors.items()}
        return per_image, {**also, "rounds": float(rounds[chosen])}, nobody


@dataclass(frozen=True)
class _Rounds:
    """The labels that the rounds of fitting decide on, under one convention."""

    given: LabelledKeypoints
    order: list[int]
    frontal: Bools
    origin: Origin
    bias: bool

    def exchanged(self, most: int) -> tuple[Landmarks, int]:
        """Labels of the last fit, and its number; that fit is left to the caller."""
        start = self.frontal if self.frontal.any() else np.ones(len(self.frontal), dtype=bool)
        labels = self.given.labels
        other = _exchanged(labels, self.order)
        # Hiding the labels of all but the frontal images leaves these images out of the fit.
        fitted = Landmarks(labels.points, labels.visible & start[:, None])
        decided = np.zeros(len(start), dtype=bool)
        for fits in range(1, most):
            points = self._fitted(fitted)
            better = (_mean_gap(points, other) < _mean_gap(points, labels)) & ~self.frontal
            if fits > 1 and (better == decided).all():
                return fitted, fits
            decided, fitted = better, _chosen(better, other, labels)
        return fitted, most

    def _fitted(self, labels: Landmarks) -> Floats:
        train = self.given.keypoints
        return regress_landmarks(train, labels, train, origin=self.origin, bias=self.bias)


def _predict(given: LabelledKeypoints, labels: Landmarks, origin: Origin, bias: bool) -> Floats:
    return np.nan_to_num(
        regress_landmarks(given.keypoints, labels, given.test, origin=origin, bias=bias),
        nan=IMAGE_CENTRE,
    )


def _exchanged(landmarks: Landmarks, order: list[int]) -> Landmarks:
    return Landmarks(landmarks.points[:, order], landmarks.visible[:, order])


def _chosen(decided: Bools, other: Landmarks, labels: Landmarks) -> Landmarks:
    return Landmarks(
        np.where(decided[:, None, None], other.points, labels.points),
        np.where(decided[:, None], other.visible, labels.visible),
    )


def _either(points: Floats, truth: Landmarks, order: list[int], lengths: Floats) -> Floats:
    """Percent `float64 [N]`: the smaller error of the annotation and the exchanged one."""
    kept = image_errors(points, truth, lengths)
    return np.minimum(kept, image_errors(points, _exchanged(truth, order), lengths))


def _mean_gap(points: Floats, labels: Landmarks) -> Floats:
    """Mean distance over an image's visible and predicted landmarks, 0 where there is none."""
    counted = labels.visible & np.isfinite(points[..., 0])
    gaps = np.where(counted[..., None], points - labels.points, 0.0)
    distances = np.sqrt((gaps**2).sum(axis=2)).sum(axis=1)
    means: Floats = distances / np.maximum(counted.sum(axis=1), 1)
    return means


def _frontal(labels: Landmarks, pairs: tuple[tuple[int, int], ...]) -> Bools:
    """Which bodies are seen from the front, by the pairs of which both points are visible."""
    left, right = (np.array([pair[side] for pair in pairs], dtype=int) for side in (0, 1))
    both = labels.visible[:, left] & labels.visible[:, right]
    crossed = both & (labels.points[:, left, 0] > labels.points[:, right, 0])
    frontal: Bools = crossed.sum(axis=1) > FRONTAL_SHARE * both.sum(axis=1)
    return frontal
