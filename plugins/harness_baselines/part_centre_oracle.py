"""Keypoints at the centres of the true parts: what perfect parts would score."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from harness.contract import Images, Keypoints, Run, Samples
from harness.errors import DataError
from harness_baselines.stored import StoredBaseline, labelled


class PartCentreOracle(StoredBaseline):
    """Reads the labels of every image it is asked about, so it is a ceiling and no method.

    It has as many keypoints as the labelled split has parts, whatever K the suite asks for. A part
    that an image does not show gives a missing keypoint (NaN).
    """

    STORED: ClassVar[dict[str, int]] = {"parts": 0}

    def fit(self, images: Images, run: Run) -> None:
        """Count the parts of the labelled split.

        Raises:
            DataError: the dataset has no part labels.
        """
        parts = _parts(labelled(run, "PartCentreOracle"))
        if not parts.any():
            raise DataError("PartCentreOracle: no labelled image shows a part.")
        self.store(parts=torch.tensor(int(parts.max()), dtype=torch.int64))

    def detect_with_truth(self, samples: Samples) -> Keypoints:
        """Centres `float32 [N, P, 2]`, (x, y) fractions, of parts 1 to P of each image.

        Raises:
            DataError: the samples have no part labels.
        """
        count = int(self.stored("parts"))
        centres = [_centres(labels, count) for labels in _parts(samples)]
        stacked = np.array(centres, dtype=np.float32).reshape(len(samples), count, 2)
        return Keypoints(points=torch.from_numpy(stacked))


def _parts(samples: Samples) -> NDArray[np.uint8]:
    if samples.parts is None:
        raise DataError("PartCentreOracle needs part labels, which this dataset does not have.")
    return samples.parts


def _centres(labels: NDArray[np.uint8], count: int) -> NDArray[np.float64]:
    """Mean pixel centre `[P, 2]` of labels 1 to P in `[H, W]`; NaN for a part without pixels."""
    height, width = labels.shape
    flat, rows, columns = labels.ravel(), *np.indices(labels.shape).reshape(2, -1)
    areas = np.bincount(flat, minlength=count + 1)[1 : count + 1].astype(np.float64)
    sums = [
        np.bincount(flat, (places + 0.5) / side, count + 1)[1 : count + 1]
        for places, side in ((columns, width), (rows, height))
    ]
    return np.stack(sums, axis=1) / np.where(areas > 0, areas, np.nan)[:, None]
