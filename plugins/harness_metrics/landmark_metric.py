"""What all landmark errors share: predicted landmarks, visibility, conventions and counting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.contract import Evaluation, Measurement, Metric
from harness.errors import DataError, ShapeError
from harness_metrics.fields import (
    Floats,
    Landmarks,
    check_ids,
    keypoints_of,
    landmarks_of,
    located_landmarks,
    mean_over_images,
    nonzero,
)
from harness_metrics.landmark_regression import IMAGE_CENTRE, Origin, regress_landmarks
from harness_metrics.params import RegressionParams

#: The three conventions that published numbers use, by the name that records give them.
CONVENTIONS: dict[str, tuple[Origin, bool]] = {
    "origin=centre": ("centre", False),
    "origin=corner": ("corner", False),
    "bias=true": ("centre", True),
}

#: Predicted landmarks by convention, and how many points were missing by reason.
Predictions = tuple[dict[str, Floats], dict[str, int]]


class LandmarkMetric(Metric):
    """Mean distance of predicted and true landmarks over a length of each image.

    Keypoints go through the linear map fitted on the role `regress`; a method that names landmarks
    itself is scored as it is. A missing keypoint or landmark prediction stands at the image centre
    and is counted, so that a detector never gains by failing. A landmark that is not visible is
    left out of its image's mean; an image without a length or a visible landmark is left out.
    """

    params: RegressionParams

    @abstractmethod
    def lengths(self, truth: Landmarks, image_size: int) -> tuple[Floats, dict[str, int]]:
        """The length that divides each image's error.

        Args:
            truth: true landmarks of the test images.
            image_size: side of the test images in pixels, 0 when there are no images.

        Returns:
            Lengths `float64 [N]` in fractions of the image edge, NaN where the image must be left
            out, and how many were left out by reason.
        """

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Score in percent, mean over images; `also` holds the other two conventions.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: landmarks, keypoints or labelled images are missing.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        truth = landmarks_of(evaluation.test_truth, "test")
        lengths, excluded = self.scored_lengths(truth, image_size(evaluation))
        predictions, missing = _predictions(evaluation, truth)
        errors = {
            name: image_errors(points, truth, lengths) for name, points in predictions.items()
        }
        per_image = errors.pop("located" if "located" in errors else self._convention())
        return Measurement(
            value=mean_over_images(per_image),
            per_image=per_image,
            excluded=nonzero({**excluded, **missing}),
            also={name: mean_over_images(values) for name, values in errors.items()},
        )

    def scored_lengths(self, truth: Landmarks, image_size: int) -> tuple[Floats, dict[str, int]]:
        """The lengths, NaN also where no landmark is visible, and all that is left out by reason.

        Args:
            truth: true landmarks of the test images.
            image_size: side of the test images in pixels, 0 when there are no images.

        Returns:
            Lengths `float64 [N]`, and counts of images and landmarks.
        """
        lengths, excluded = self.lengths(truth, image_size)
        unseen = ~truth.visible.any(axis=1) & np.isfinite(lengths)
        excluded["images: no landmark visible"] = int(unseen.sum())
        lengths = np.where(unseen, np.nan, lengths)
        hidden = ~truth.visible[np.isfinite(lengths)]
        excluded["landmarks: not visible"] = int(hidden.sum())
        return lengths, excluded

    def _convention(self) -> str:
        return "bias=true" if self.params.bias else f"origin={self.params.origin}"


def image_size(evaluation: Evaluation) -> int:
    """Side of the test images in pixels, 0 when there are no images."""
    return int(evaluation.test_truth.images.shape[-1])


def image_errors(predicted: Floats, truth: Landmarks, lengths: Floats) -> Floats:
    """Mean distance over an image's visible landmarks, divided by its length.

    Args:
        predicted: landmarks `float64 [N, L, 2]`, fractions.
        truth: true landmarks of the same images.
        lengths: `float64 [N]`, fractions of the image edge, NaN for images left out.

    Returns:
        Percent `float64 [N]`, NaN for images left out.
    """
    gaps = np.where(truth.visible[..., None], predicted - truth.points, 0.0)
    distances = np.sqrt((gaps**2).sum(axis=2)).sum(axis=1)
    errors: Floats = 100 * distances / np.maximum(truth.visible.sum(axis=1), 1) / lengths
    return errors


@dataclass(frozen=True)
class LabelledKeypoints:
    """What a regressor learns from and is asked about.

    Attributes:
        ids: names of the N labelled images.
        keypoints: `float64 [N, K, 2]` of the labelled images.
        labels: true landmarks of the same images.
        test: `float64 [M, K, 2]` of the test images.
    """

    ids: Sequence[str]
    keypoints: Floats
    labels: Landmarks
    test: Floats

    def missing(self) -> dict[str, int]:
        """How many keypoints stand at the image centre because they were not found."""
        return {
            "keypoints: missing in test, set to image centre": np.isnan(self.test[..., 0]).sum(),
            "keypoints: missing in regress, set to image centre": np.isnan(
                self.keypoints[..., 0]
            ).sum(),
        }


def labelled_keypoints(evaluation: Evaluation, truth: Landmarks) -> LabelledKeypoints:
    """Keypoints of both roles with the labels of role `regress`.

    Args:
        evaluation: predictions and truth.
        truth: true landmarks of the test images.

    Raises:
        DataError: labelled images or keypoints are missing, or a landmark has no label at all.
        ShapeError: an array has the wrong form.
    """
    test = keypoints_of(evaluation.test, "test")
    if evaluation.regress is None or evaluation.regress_truth is None:
        raise DataError(
            "Keypoints need a labelled split of role 'regress' to become landmarks; name one in "
            "the suite or give its predictions too."
        )
    check_ids(evaluation.regress, evaluation.regress_truth, "regress")
    train = keypoints_of(evaluation.regress, "regress")
    labels = landmarks_of(evaluation.regress_truth, "regress")
    if labels.points.shape[1] != truth.points.shape[1]:
        raise ShapeError(
            f"The role 'regress' has {labels.points.shape[1]} landmarks an image, the role 'test' "
            f"{truth.points.shape[1]}."
        )
    never = truth.visible.any(axis=0) & ~labels.visible.any(axis=0)
    if never.any():
        place = int(np.flatnonzero(never)[0])
        name = f" ('{evaluation.landmark_names[place]}')" if evaluation.landmark_names else ""
        raise DataError(
            f"Landmark {place}{name} is visible in no image of role 'regress', so nothing can "
            "predict it; label it there or drop it."
        )
    return LabelledKeypoints(evaluation.regress.ids, train, labels, test)


def _predictions(evaluation: Evaluation, truth: Landmarks) -> Predictions:
    """Predicted landmarks by convention, or under the name `located`, and what was missing."""
    points = located_landmarks(evaluation.test, truth)
    if points is not None:
        lost = np.isnan(points[..., 0]) & truth.visible
        missing = {"landmarks: not predicted, set to image centre": int(lost.sum())}
        return {"located": np.nan_to_num(points, nan=IMAGE_CENTRE)}, missing
    return _regressed(evaluation, truth)


def _regressed(evaluation: Evaluation, truth: Landmarks) -> Predictions:
    given = labelled_keypoints(evaluation, truth)
    predictions = {
        name: regress_landmarks(given.keypoints, given.labels, given.test, origin=origin, bias=bias)
        for name, (origin, bias) in CONVENTIONS.items()
    }
    return predictions, given.missing()
