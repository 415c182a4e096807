"""Baselines that name the same landmarks in every image."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.contract import Images, Run
from harness.errors import DataError
from harness_baselines.stored import StoredBaseline, labelled


class ConstantLandmarks(StoredBaseline):
    """One set of landmarks, found once from the labels, for all images."""

    STORED: ClassVar[dict[str, int]] = {"landmarks": 2}

    @abstractmethod
    def shape(
        self, landmarks: NDArray[np.float64], visible: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """The landmarks `[L, 2]` to give, from labels `[N, L, 2]` and visibility `[N, L]`."""

    def fit(self, images: Images, run: Run) -> None:
        """Read the labels; the images are not looked at.

        Raises:
            DataError: there are no labelled landmarks.
        """
        name = type(self).__name__
        samples = labelled(run, name)
        if samples.landmarks is None:
            raise DataError(f"{name} needs landmarks, which the labelled split does not have.")
        landmarks = samples.landmarks.astype(np.float64)
        visible = np.asarray(np.isfinite(landmarks).all(axis=2))
        if samples.visible is not None:
            visible &= samples.visible
        self.store(landmarks=torch.tensor(self.shape(landmarks, visible), dtype=torch.float32))

    def locate(self, images: Tensor) -> Tensor:
        """The same landmarks `float32 [N, L, 2]` for all N images."""
        return self.stored("landmarks").expand(len(images), -1, -1)
