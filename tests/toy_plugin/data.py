"""Noise with a bright square at a random place: landmarks, foreground and one part are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness.errors import DataError

SPLITS = ("train", "labelled", "test")
#: Every (split, first position) that was read.
READS: list[tuple[str, int]] = []


class ToyDataset(Dataset):
    landmark_names = ("centre", "corner")
    part_names = ("square",)
    attribute_names = ("red", "green", "blue")

    def splits(self) -> Sequence[str]:
        return SPLITS

    def ids(self, split: str) -> Sequence[str]:
        options: Any = self.options
        count = options.regress_images if split == "labelled" else options.images
        names = [f"{split}-{index}" for index in range(count)]
        if options.flaw == "shared_id" and split == "train":
            names[0] = "test-0"
        return names

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        options: Any = self.options
        READS.append((split, indices[0]))
        if options.flaw == "broken" and split == "test":
            raise DataError("test-0: the file is broken.")
        drawn = [self._draw(split, index, image_size) for index in indices]
        images, corners = (np.stack(values) for values in zip(*drawn, strict=True))
        side = image_size // 4
        rows = np.arange(image_size)
        inside = (rows >= corners[..., None]) & (rows < corners[..., None] + side)
        foreground = inside[:, 1, :, None] & inside[:, 0, None, :]
        points = np.stack([corners + side / 2, corners], axis=1) / image_size
        ids = self.ids(split)
        return Samples(
            ids=[ids[index] for index in indices],
            images=np.where(foreground[:, None], 250, images).astype(np.uint8),
            landmarks=points.astype(np.float32),
            visible=np.ones(points.shape[:2], dtype=bool),
            parts=foreground.astype(np.uint8),
            foreground=foreground,
            captions=[f"image {index} of {split}" for index in indices],
        )

    def source(self) -> dict[str, Any]:
        return self.options.model_dump(mode="json")

    def _draw(self, split: str, index: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        options: Any = self.options
        shared = options.flaw == "shared_image" and split == "train" and index == 0
        place = SPLITS.index("test" if shared else split)
        random = np.random.default_rng([options.seed, place, index])
        return random.integers(0, 99, (3, size, size)), random.integers(0, size - size // 4, 2)
