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

        def spread(images: NDArray[np.int64] | None = None) -> float:
            return _spread(points if images is None else points[images])

        return Measurement(value=spread(), excluded=nonzero(excluded), resample=spread)


def _spread(points: Floats) -> float:
    found = np.isfinite(points[..., :1])
    counts = found.sum(axis=0)
    kept = counts[:, 0] >= 2
    if not kept.any():
        return float("nan")
    points, found, counts = points[:, kept], found[:, kept], counts[kept]
    means = np.where(found, points, 0.0).sum(axis=0) / counts
    gaps = np.where(found, points - means, 0.0)
    variances = (gaps**2).sum(axis=0) / counts
    return float(100 * np.sqrt(variances.sum(axis=1)).mean())
