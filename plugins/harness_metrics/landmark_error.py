"""Landmark error in percent of the image edge."""

from __future__ import annotations

import numpy as np

from harness_metrics.fields import Floats, Landmarks
from harness_metrics.landmark_metric import LandmarkMetric


class LandmarkError(LandmarkMetric):
    """Mean distance of predicted to true landmarks over the side of the suite's square image.

    Lower is better; percent of the image edge; mean over the visible landmarks of an image, then
    over images. An image without a visible landmark is left out and counted.

    Source: He et al. 2022 (section 4.4) for birds, Zhang et al. 2018 (table 2) for people.
    """

    def lengths(self, truth: Landmarks, image_size: int) -> tuple[Floats, dict[str, int]]:
        """One image edge for every image."""
        return np.ones(len(truth.points)), {}
