"""Landmark error in percent of the distance between the eyes."""

from __future__ import annotations

import numpy as np

from harness.errors import ConfigError
from harness_metrics.fields import Floats, Landmarks
from harness_metrics.landmark_metric import LandmarkMetric
from harness_metrics.params import InterOcularParams


class InterOcularError(LandmarkMetric):
    """Mean distance of predicted to true landmarks over the true distance of the eyes.

    Lower is better; percent of the inter-ocular distance; each image is divided by its own
    distance, then images are averaged. An eye is the mean of its listed landmarks. An image is
    left out and counted when a landmark of an eye is missing, or when the eyes are less than one
    pixel apart (or coincide, where no image tells the pixel); where the parameters name no eyes,
    all are. Published tables call the number
    "MSE", but it is a mean distance.

    Source: Zhang et al. 2018 (section 4.2), Jakab et al. 2018 (section 4.2).
    """

    params: InterOcularParams

    def lengths(self, truth: Landmarks, image_size: int) -> tuple[Floats, dict[str, int]]:
        """True distance of the eyes of each image, in fractions of the image edge.

        Raises:
            ConfigError: an eye names a landmark that the dataset does not have.
        """
        eyes = (self.params.left_eye, self.params.right_eye)
        if not all(eyes):
            count = len(truth.points)
            return np.full(count, np.nan), {"images: left_eye and right_eye not named": count}
        for name, places in zip(("left_eye", "right_eye"), eyes, strict=True):
            if max(places) >= truth.points.shape[1]:
                raise ConfigError(
                    f"Parameter {name} = {list(places)} names landmark {max(places)}, "
                    f"but the dataset has landmarks 0 to {truth.points.shape[1] - 1}."
                )
        left, right = (truth.points[:, places].mean(axis=1) for places in eyes)
        missing = ~truth.visible[:, [*eyes[0], *eyes[1]]].all(axis=1)
        distance = np.where(missing, np.nan, np.sqrt(((left - right) ** 2).sum(axis=1)))
        close = ~missing & ((distance * image_size < 1) if image_size else (distance == 0))
        excluded = {
            "images: eye not visible": int(missing.sum()),
            "images: eyes less than one pixel apart": int(close.sum()),
        }
        return np.where(close, np.nan, distance), excluded
