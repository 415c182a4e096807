"""Every landmark at the image centre: what a detector scores that finds nothing at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness_baselines.constant_landmarks import ConstantLandmarks


class ImageCentre(ConstantLandmarks):
    """All landmarks at (0.5, 0.5); of the labels only their number is used."""

    def shape(
        self, landmarks: NDArray[np.float64], visible: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """L times the centre."""
        return np.full((landmarks.shape[1], 2), 0.5)
