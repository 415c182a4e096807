"""Number of parts that a method really uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.contingency import contingency_tables, pool
from harness_metrics.fields import check_ids, predicted_parts
from harness_metrics.params import PartsUsedParams


class PartsUsed(Metric):
    """How many parts cover more than `min_area` of the image on average over the test images.

    Higher is better up to K; unit parts; pooled over images; no truth is read. Background is no
    part. Undefined without an image.
    """

    params: PartsUsedParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Number of parts in use.

        Raises:
            ShapeError: the part labels are not `[N, H, W]`.
            DataError: the predictions hold no part labels.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        labels = predicted_parts(evaluation.test, "test")
        rows = int(labels.max(initial=0)) + 1
        areas = contingency_tables(labels, np.zeros_like(labels), rows=rows, columns=1)

        def used(images: NDArray[np.int64] | None = None) -> float:
            total = pool(areas, images)[:, 0]
            if not total.sum():
                return float("nan")
            return float((total[1:] / total.sum() > self.params.min_area).sum())

        return Measurement(value=used(), resample=used)
