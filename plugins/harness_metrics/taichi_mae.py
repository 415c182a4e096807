"""Landmark error summed over the coordinates of a body, as Taichi-HD is scored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.fields import (
    Floats,
    Landmarks,
    check_ids,
    landmarks_of,
    located_landmarks,
    nonzero,
)
from harness_metrics.landmark_metric import CONVENTIONS, labelled_keypoints
from harness_metrics.landmark_regression import IMAGE_CENTRE, regress_landmarks
from harness_metrics.params import TaichiParams

#: The two readings of the sum, by the name that records give the one that was not chosen.
READINGS = {"coordinates": "distance=coordinates", "euclidean": "distance=euclidean"}


class TaichiMae(Metric):
    """Sum over all coordinates of the mean absolute error, in pixels of `frame_pixels` to the edge.

    Lower is better; summed pixels, so that 18 joints make 36 terms and a value of 400 is about 11
    pixels a coordinate. Keypoints go through the linear map fitted on the role `regress`, each
    landmark on the images that show it, by default with a bias; a method that names landmarks
    itself is scored as it is. A term is the mean over the test images in which its landmark is
    visible, so that images with hidden landmarks weigh less in none of the other terms. The value
    is undefined where a landmark is visible in no test image: a sum of fewer terms could not be
    compared. Missing keypoints and landmarks stand at the image centre and are counted.

    `also` holds the two other conventions of the regression and the other reading of the sum
    (parameter `distance`), `details` the share of every landmark, `per_image` the mean error over
    an image's visible coordinates times the number of terms, NaN for an image that shows none. The
    mean of `per_image` is the value only where every landmark is visible; its interval recomputes
    the sum.

    Source: Siarohin et al. 2021 (their evaluation), He et al. 2022 (section 4.1, table 3).
    """

    params: TaichiParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Summed error over all landmarks.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: landmarks, keypoints or labelled images are missing.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        truth = landmarks_of(evaluation.test_truth, "test")
        predictions, excluded = self._predictions(evaluation, truth)
        others = {
            name: _summed(self._terms(points, truth, self.params.distance))
            for name, points in predictions.items()
        }
        chosen = "located" if "located" in predictions else self._convention()
        value = others.pop(chosen)
        terms = self._terms(predictions[chosen], truth, self.params.distance)
        for reading, name in READINGS.items():
            if reading != self.params.distance:
                others[name] = _summed(self._terms(predictions[chosen], truth, reading))
        unseen = ~truth.visible.any(axis=0)
        excluded["landmarks: visible in no test image, the sum is undefined"] = int(unseen.sum())
        excluded["landmarks: not visible"] = int((~truth.visible).sum())
        excluded["images: no landmark visible"] = int((~truth.visible.any(axis=1)).sum())

        def resampled(images: NDArray[np.int64]) -> float:
            return _summed(terms[images])

        return Measurement(
            value=value,
            per_image=_by_image(terms),
            excluded=nonzero(excluded),
            also=others,
            details=self._by_landmark(terms, evaluation.landmark_names),
            resample=resampled,
        )

    def _convention(self) -> str:
        return "bias=true" if self.params.bias else f"origin={self.params.origin}"

    def _predictions(
        self, evaluation: Evaluation, truth: Landmarks
    ) -> tuple[dict[str, Floats], dict[str, int]]:
        """Predicted landmarks `float64 [N, L, 2]` by convention, and what was missing."""
        named = located_landmarks(evaluation.test, truth)
        if named is not None:
            lost = int((np.isnan(named[..., 0]) & truth.visible).sum())
            found = {"located": np.nan_to_num(named, nan=IMAGE_CENTRE)}
            return found, {"landmarks: not predicted, set to image centre": lost}
        given = labelled_keypoints(evaluation, truth)
        return {
            name: regress_landmarks(
                given.keypoints, given.labels, given.test, origin=origin, bias=bias
            )
            for name, (origin, bias) in CONVENTIONS.items()
        }, given.missing()

    def _terms(self, predicted: Floats, truth: Landmarks, distance: str) -> Floats:
        """Pixels `float64 [N, T]`, NaN where hidden; T is 2L coordinates or L distances."""
        gaps = self.params.frame_pixels * np.abs(predicted - truth.points)
        gaps = np.where(truth.visible[..., None], gaps, np.nan)
        if distance == "euclidean":
            return np.asarray(np.sqrt((gaps**2).sum(axis=2)))
        return gaps.reshape(len(gaps), -1)

    def _by_landmark(self, terms: Floats, names: tuple[str, ...]) -> dict[str, float]:
        """Each landmark's share of the sum."""
        count = terms.shape[1] // (2 if self.params.distance == "coordinates" else 1)
        labels = names if len(names) == count else [f"landmark {n}" for n in range(count)]
        shares = _means(terms).reshape(count, -1).sum(axis=1)
        return dict(zip(labels, shares.tolist(), strict=True))


def _means(terms: Floats) -> Floats:
    """Mean of every term `float64 [T]` over the images that show it, NaN where none does."""
    counts = np.isfinite(terms).sum(axis=0)
    sums = np.nansum(terms, axis=0)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _summed(terms: Floats) -> float:
    return float(_means(terms).sum())


def _by_image(terms: Floats) -> Floats:
    """Mean over an image's visible terms times their number, `float64 [N]`."""
    whole: Floats = terms.shape[1] * _means(terms.T)
    return whole
