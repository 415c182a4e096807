"""The mean of all labelled landmarks: the floor that every landmark error stands beside."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_baselines.constant_landmarks import ConstantLandmarks


class MeanShape(ConstantLandmarks):
    """Each landmark at its mean position over the labelled images that show it."""

    def shape(
        self, landmarks: NDArray[np.float64], visible: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Mean of the visible positions.

        Raises:
            DataError: a landmark is visible nowhere.
        """
        counts = visible.sum(axis=0)
        if not counts.all():
            raise DataError(
                f"MeanShape: landmark {int(np.flatnonzero(counts == 0)[0])} is visible in no "
                "labelled image, so it has no mean."
            )
        sums = np.where(visible[..., None], landmarks, 0.0).sum(axis=0)
        return np.asarray(sums / counts[:, None])
