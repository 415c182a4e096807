"""How much of the image border the parts cover."""

from __future__ import annotations

import numpy as np

from harness.contract import Evaluation, Measurement, Metric
from harness_toy.config import ToyBorderParams


class ToyBorderShare(Metric):
    """Share of border pixels with a part, mean over images; lower is better, in [0, 1]."""

    params: ToyBorderParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """One value an image; the harness adds the interval."""
        labels = np.asarray(evaluation.test.part_labels)
        width = self.params.width
        border = np.ones(labels.shape[1:], dtype=bool)
        border[width:-width, width:-width] = False
        per_image = (labels[:, border] > 0).mean(axis=1, dtype=np.float64)
        return Measurement(value=float(per_image.mean()), per_image=per_image)
