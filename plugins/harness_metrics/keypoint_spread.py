"""How far keypoints move between images."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.fields import Floats, check_ids, keypoints_of, nonzero


class KeypointSpread(Metric):
    """Standard deviation of each keypoint's position over the test images, mean over keypoints.

    Higher is livelier; percent of the image edge; pooled over images; no truth is read. The
    deviation of a keypoint is the root of the mean squared distance from its mean position
    (divisor N). Missing keypoints are left out and counted; a keypoint found in fewer than two
    images is left out; the value is undefined when none remains. A detector that ignores the image
    has 0, so consistency numbers should be read beside this one.
    """

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Spread over the test images.

        Raises:
            ShapeError: the keypoints are not `[N, K, 2]`.
            DataError: the predictions hold no keypoints.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        points = keypoints_of(evaluation.test, "test")
        found = np.isfinite(points[..., 0])
        excluded = {
            "keypoints: missing": (~found).sum(),
            "keypoints: found in fewer than two images": (found.sum(axis=0) < 2).sum(),
        }

        moments = _Moments(points, found)
        value = moments.spread(np.ones(len(points)))

        def resampled(images: NDArray[np.int64]) -> float:
            return moments.spread(np.bincount(images, minlength=len(points)).astype(np.float64))

        return Measurement(value=value, excluded=nonzero(excluded), resample=resampled)


class _Moments:
    """First and second moments of the keypoints, so that each resample takes products alone.

    Args:
        points: `float64 [N, K, 2]`, fractions of the image edge, NaN where missing.
        found: `bool [N, K]`, which are there.
    """

    def __init__(self, points: Floats, found: NDArray[np.bool_]) -> None:
        self.found = found.astype(np.float64)
        # From the mean, so that no digits are lost where a keypoint hardly moves.
        places = np.where(found[..., None], points, 0.0)
        means = places.sum(axis=0) / np.maximum(self.found.sum(axis=0), 1.0)[:, None]
        self.offsets = np.where(found[..., None], points - means, 0.0)
        self.squares = (self.offsets**2).sum(axis=-1)

    def spread(self, weights: Floats) -> float:
        """The metric where image i counts `weights[i]` times; NaN where no keypoint remains."""
        counts = weights @ self.found
        kept = counts >= 2
        if not kept.any():
            return float("nan")
        counts = counts[kept]
        means = np.tensordot(weights, self.offsets[:, kept], axes=1) / counts[:, None]
        variances = weights @ self.squares[:, kept] / counts - (means**2).sum(axis=-1)
        return float(100 * np.sqrt(np.maximum(variances, 0.0)).mean())
