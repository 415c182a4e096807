"""Two discs on a dark ground, with their centres, their pixels and what is in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness_toy.config import ToyDiscsOptions

COLOURS = np.array([[40, 40, 40], [220, 60, 60], [60, 60, 220]], dtype=np.uint8)
RADIUS = 0.15


class ToyDiscs(Dataset):
    """A red and a blue disc anywhere in the image."""

    options: ToyDiscsOptions
    landmark_names = ("red centre", "blue centre")
    part_names = ("red", "blue")

    def splits(self) -> Sequence[str]:
        """Three splits of equal size."""
        return ("fit", "regress", "test")

    def ids(self, split: str) -> Sequence[str]:
        """`fit-000` and so on."""
        return [f"{split}-{index:03d}" for index in range(self.options.images)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Draw some images; image i of a split is always the same."""
        centres = np.stack([self._centres(split, index) for index in indices])
        axis = (np.arange(image_size) + 0.5) / image_size
        pixels = np.stack(np.meshgrid(axis, axis), axis=-1)
        inside = np.linalg.norm(pixels - centres[:, :, None, None], axis=-1) < RADIUS
        parts = np.where(inside[:, 1], 2, inside[:, 0]).astype(np.uint8)
        return Samples(
            ids=[self.ids(split)[index] for index in indices],
            images=COLOURS[parts].transpose(0, 3, 1, 2),
            landmarks=centres.astype(np.float32),
            visible=np.ones(centres.shape[:2], dtype=bool),
            parts=parts,
            foreground=parts > 0,
        )

    def source(self) -> dict[str, Any]:
        """All that the pixels depend on."""
        return self.options.model_dump(mode="json")

    def _centres(self, split: str, index: int) -> np.ndarray:
        seed = [self.options.seed, self.splits().index(split), index]
        return np.random.default_rng(seed).uniform(0.2, 0.8, (2, 2))
