"""Overlap of the predicted and the true foreground."""

from __future__ import annotations

import numpy as np

from harness.contract import Evaluation, Measurement, Metric
from harness_metrics.fields import (
    check_ids,
    counted_pixels,
    mean_over_images,
    nonzero,
    predicted_parts,
    true_foreground,
)


class ForegroundIou(Metric):
    """Intersection over union of all parts together with the true foreground.

    Higher is better; fraction in [0, 1]; per image, then mean over images (not pooled). Every
    predicted label but 0 is foreground, since channel 0 of a method's masks is its background.
    Ignored pixels leave every count; an image without any counted pixel is left out. Truth and
    prediction both empty count as 1 and are counted; `also` gives the mean with 0 for them
    (GANSeg's code). Only one of them empty is 0.

    Source: He et al. 2022 (tables 2 and 3).
    """

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean overlap over the test images.

        Raises:
            ShapeError: predicted and true masks differ in size.
            DataError: predicted parts or the true foreground are missing.
        """
        check_ids(evaluation.test, evaluation.test_truth, "test")
        labels = predicted_parts(evaluation.test, "test")
        truth = true_foreground(evaluation.test_truth, labels, "test")
        counted = counted_pixels(evaluation.test_truth, labels, "test")
        counts = np.zeros((len(labels), 3), dtype=np.float64)
        for place in range(len(labels)):
            ours, theirs = labels[place] != 0, np.asarray(truth[place])
            valid = np.ones_like(theirs) if counted is None else counted[place]
            both, either = ours & theirs & valid, (ours | theirs) & valid
            counts[place] = both.sum(), either.sum(), valid.sum()
        common, union, valid_pixels = counts.T
        overlap = np.where(union > 0, common / np.maximum(union, 1), 1.0)
        per_image = np.where(valid_pixels > 0, overlap, np.nan)
        empty = (union == 0) & (valid_pixels > 0)
        excluded = {
            "images: every pixel ignored": (valid_pixels == 0).sum(),
            "images: truth and prediction empty, scored 1": empty.sum(),
        }
        return Measurement(
            value=mean_over_images(per_image),
            per_image=per_image,
            excluded=nonzero(excluded),
            also={"both_empty=0": mean_over_images(np.where(empty, 0.0, per_image))},
        )
