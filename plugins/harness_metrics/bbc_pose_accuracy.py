"""Share of landmarks found within some pixels, as BBC Pose is scored."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Curve, Evaluation, Measurement, Metric
from harness.errors import ConfigError
from harness_metrics.fields import (
    Bools,
    Floats,
    Landmarks,
    check_ids,
    landmarks_of,
    located_landmarks,
    nonzero,
)
from harness_metrics.landmark_metric import CONVENTIONS, labelled_keypoints
from harness_metrics.landmark_regression import regress_landmarks
from harness_metrics.params import BbcPoseParams

#: Distances of the curve in pixels, as in figure 4 of Jakab et al. 2018.
CURVE_PIXELS = np.arange(21.0)

#: Points are stored as float32 fractions, so that a distance is exact to about this many pixels.
ROUNDING_PIXELS = 1e-4


class BbcPoseAccuracy(Metric):
    """Percent of the visible landmarks predicted at most `threshold_pixels` from the truth.

    Higher is better; percent of points, pooled over all test images, so that every visible point
    weighs the same: head 1, wrists, elbows and shoulders 2 each. A pixel is one of
    `frame_pixels` to the image edge. Keypoints go through the linear map fitted on the role
    `regress`; a method that names landmarks itself is scored as it is. A landmark that is not
    visible is left out. A landmark without a prediction (the method named it nowhere, or found no
    keypoint at all in the image) is a miss; other missing keypoints stand at the image centre and
    are counted.

    `also` holds the two other conventions of the regression, `details` the accuracy of each group
    of landmarks, the mean over its landmarks; the curve shows the accuracy at 0 to 20 pixels.

    Source: Jakab et al. 2018 (section 4.3, figure 4); the average over points reproduces all its
    rows.
    """

    params: BbcPoseParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Accuracy in percent over all visible points.

        Raises:
            ShapeError: an array has the wrong form.
            DataError: landmarks, keypoints or labelled images are missing.
            ConfigError: a group names a landmark that the dataset does not have.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        truth = landmarks_of(evaluation.test_truth, "test")
        self._check_groups(truth.points.shape[1])
        gaps, excluded = self._distances(evaluation, truth)
        limit = self.params.threshold_pixels
        others = {name: _pooled(_hits(gap, limit), truth.visible) for name, gap in gaps.items()}
        chosen = "located" if "located" in gaps else self._convention()
        value = others.pop(chosen)
        hits = _hits(gaps[chosen], limit)
        excluded["landmarks: not visible"] = int((~truth.visible).sum())
        excluded["images: no landmark visible"] = int((~truth.visible.any(axis=1)).sum())

        def pooled(images: NDArray[np.int64]) -> float:
            return _pooled(hits[images], truth.visible[images])

        return Measurement(
            value=value,
            per_image=_shares(hits, truth.visible, axis=1),
            excluded=nonzero(excluded),
            also=others,
            details=self._by_group(gaps[chosen], truth.visible, limit),
            resample=pooled,
            curve=self._curve(gaps[chosen], truth.visible),
        )

    def _convention(self) -> str:
        return "bias=true" if self.params.bias else f"origin={self.params.origin}"

    def _check_groups(self, count: int) -> None:
        for name, places in self.params.groups.items():
            if max(places) >= count:
                raise ConfigError(
                    f"bbc_pose_accuracy: group '{name}' = {list(places)} names landmark "
                    f"{max(places)}, but the dataset has landmarks 0 to {count - 1}."
                )

    def _distances(
        self, evaluation: Evaluation, truth: Landmarks
    ) -> tuple[dict[str, Floats], dict[str, int]]:
        """Pixels `float64 [N, L]` by convention, infinite where nothing was predicted."""
        named = located_landmarks(evaluation.test, truth)
        if named is not None:
            lost = np.isnan(named[..., 0])
            return {"located": self._gaps(named, truth, lost)}, {
                "landmarks: not predicted, a miss": int((lost & truth.visible).sum())
            }
        given = labelled_keypoints(evaluation, truth)
        empty = np.asarray(np.isnan(given.test[..., 0]).all(axis=1, keepdims=True))
        gaps = {
            name: self._gaps(
                regress_landmarks(
                    given.keypoints, given.labels, given.test, origin=origin, bias=bias
                ),
                truth,
                empty,
            )
            for name, (origin, bias) in CONVENTIONS.items()
        }
        return gaps, {**given.missing(), "images: no keypoint found, all misses": int(empty.sum())}

    def _gaps(self, predicted: Floats, truth: Landmarks, lost: Bools) -> Floats:
        away = np.sqrt(((predicted - truth.points) ** 2).sum(axis=2)) * self.params.frame_pixels
        return np.where(lost, np.inf, away)

    def _by_group(self, gaps: Floats, visible: Bools, limit: float) -> dict[str, float]:
        each = _shares(_hits(gaps, limit), visible, axis=0)
        return {
            name: _mean_of_known(each[list(places)]) for name, places in self.params.groups.items()
        }

    def _curve(self, gaps: Floats, visible: Bools) -> Curve:
        names = [*self.params.groups, "average"]
        lines: dict[str, list[float]] = {name: [] for name in names}
        for limit in CURVE_PIXELS:
            values = self._by_group(gaps, visible, limit)
            values["average"] = _pooled(_hits(gaps, limit), visible)
            for name in names:
                lines[name].append(values[name])
        return Curve(
            x=CURVE_PIXELS,
            lines={name: np.array(values) for name, values in lines.items()},
            x_label=f"distance in pixels ({self.params.frame_pixels:g} to the image edge)",
            y_label="points within the distance, %",
        )


def _hits(gaps: Floats, limit: float) -> Bools:
    return gaps <= limit + ROUNDING_PIXELS


def _shares(hits: Bools, visible: Bools, *, axis: int) -> Floats:
    """Percent of visible points that are hits along an axis, NaN where none is visible."""
    counted = visible.sum(axis=axis)
    found = (hits & visible).sum(axis=axis)
    shares: Floats = np.where(counted > 0, 100 * found / np.maximum(counted, 1), np.nan)
    return shares


def _pooled(hits: Bools, visible: Bools) -> float:
    counted = visible.sum()
    return float(100 * (hits & visible).sum() / counted) if counted else float("nan")


def _mean_of_known(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
