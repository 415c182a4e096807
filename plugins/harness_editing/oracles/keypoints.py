"""The oracle of keypoints: where the landmarks are, by direct regression."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from harness.contract import Samples
from harness.errors import DataError
from harness_editing.oracles.supervised import SupervisedOracle

#: The networks answer with so many times the distance from the image's centre, in image edges, so
#: that what they learn is of the order of 1.
SCALE = 4.0


class KeypointOracle(SupervisedOracle):
    """Answers with x0, y0, x1, y1 ... of the landmarks, in fractions of the image's edges."""

    owner = "keypoint_oracle"
    conditions = "keypoints"

    def targets(self, samples: Samples) -> Tensor:
        """The landmarks, NaN where they are missing or not visible.

        Raises:
            DataError: there are none.
        """
        if samples.landmarks is None:
            raise DataError(
                f"{self.owner} learns from landmarks, which the labelled images do not have; "
                "choose a dataset with landmarks or another oracle."
            )
        points = np.array(samples.landmarks, np.float32)
        if samples.visible is not None:
            points[~np.asarray(samples.visible, bool)] = np.nan
        return torch.from_numpy(points).flatten(1)

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Absolute differences along the axes in image edges, mean over the visible landmarks."""
        apart = self.conditions_of(outputs) - wanted
        known = apart.isfinite()
        # Not multiplied by a mask: NaN times 0 is NaN.
        return SCALE * apart[known].abs().sum() / known.sum().clamp_min(1)

    def conditions_of(self, outputs: Tensor) -> Tensor:
        """Fractions from the network's numbers."""
        return 0.5 + outputs / SCALE

    def moved(self, wanted: Tensor, moves: Tensor) -> Tensor:
        """The landmarks move with their images."""
        return (wanted.reshape(len(wanted), -1, 2) + moves[:, None]).flatten(1)
