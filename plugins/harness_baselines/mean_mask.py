"""The mean labelled foreground as the mask of every image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from harness.contract import Images, Run
from harness.errors import DataError
from harness_baselines.stored import StoredBaseline, labelled

#: Thresholds tried on the labelled images.
THRESHOLDS = np.arange(1, 100) / 100

#: Labelled masks converted to float at once.
CHUNK = 256


class MeanMask(StoredBaseline):
    """One part: where the mean foreground of the labelled images exceeds a threshold.

    The threshold is the one of `THRESHOLDS` with the largest mean overlap with the labelled masks
    themselves (the lowest of equals). The mask is soft: its value is stretched so that the
    threshold becomes one half, and the most probable channel is the cut. Ignored pixels leave the
    mean and the overlaps; a pixel ignored everywhere is background.
    """

    STORED: ClassVar[dict[str, int]] = {"foreground": 2}

    def fit(self, images: Images, run: Run) -> None:
        """Average the labels and choose the threshold; the images are not looked at.

        Raises:
            DataError: there is no labelled foreground.
        """
        samples = labelled(run, "MeanMask")
        if samples.foreground is None:
            raise DataError("MeanMask needs foreground masks; the labelled split has none.")
        mean = _mean_foreground(samples.foreground, samples.ignored)
        overlaps = _mean_overlaps(samples.foreground, samples.ignored, mean)
        threshold = float(THRESHOLDS[overlaps.argmax()])
        stretched = np.interp(mean, [0.0, threshold, 1.0], [0.0, 0.5, 1.0])
        self.store(foreground=torch.tensor(stretched, dtype=torch.float32))

    def segment(self, images: Tensor) -> Tensor:
        """The same masks `float32 [N, 2, H, W]` for all N images, at the size of the labels."""
        foreground = self.stored("foreground")
        return torch.stack([1 - foreground, foreground]).expand(len(images), -1, -1, -1)


def _chunks(
    masks: NDArray[np.bool_], ignored: NDArray[np.bool_] | None
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Rows `[n, HW]` of the counted foreground and of the counted pixels, as 0 and 1."""
    for start in range(0, len(masks), CHUNK):
        part = slice(start, start + CHUNK)
        foreground = masks[part].astype(bool)
        counted = np.ones_like(foreground) if ignored is None else ~ignored[part].astype(bool)
        rows = len(foreground), -1
        yield (
            (foreground & counted).reshape(rows).astype(np.float32),
            counted.reshape(rows).astype(np.float32),
        )


def _mean_foreground(
    masks: NDArray[np.bool_], ignored: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Share of the labelled images `[H, W]` in which a pixel is foreground."""
    hits, pixels = np.zeros((2, masks[0].size), dtype=np.float64)
    for foreground, counted in _chunks(masks, ignored):
        hits += foreground.sum(axis=0)
        pixels += counted.sum(axis=0)
    return np.asarray((hits / np.maximum(pixels, 1)).reshape(masks.shape[1:]))


def _mean_overlaps(
    masks: NDArray[np.bool_], ignored: NDArray[np.bool_] | None, mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean intersection over union with the labelled masks, for each threshold; empty pairs 1."""
    cuts = (mean.reshape(1, -1) > THRESHOLDS[:, None]).astype(np.float32).T
    total = np.zeros(len(THRESHOLDS), dtype=np.float64)
    for foreground, counted in _chunks(masks, ignored):
        common = foreground @ cuts
        union = counted @ cuts + foreground.sum(axis=1, keepdims=True) - common
        total += np.where(union > 0, common / np.maximum(union, 1), 1.0).sum(axis=0)
    return total / len(masks)
