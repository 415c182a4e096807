"""Share of the image that a method calls foreground."""

from __future__ import annotations

import numpy as np

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.fields import check_ids, mean_over_images, predicted_parts


class ForegroundShare(Metric):
    """Fraction of pixels whose predicted label is a part, per image, then mean over images.

    A description rather than a merit (near 0 or 1 means collapsed masks); the direction `higher`
    is nominal. Fraction in [0, 1]; no truth is read; undefined without an image.
    """

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean share over the test images.

        Raises:
            ShapeError: the part labels are not `[N, H, W]`.
            DataError: the predictions hold no part labels.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        labels = predicted_parts(evaluation.test, "test")
        shares = np.array([np.count_nonzero(image) / image.size for image in labels], float)
        return Measurement(
            value=mean_over_images(shares),
            per_image=shares,
        )
