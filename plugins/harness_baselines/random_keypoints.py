"""Random keypoints: what the regressor makes of points that know nothing of the image."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from harness.contract import Images, Keypoints, Run
from harness_baselines.stored import StoredBaseline


class RandomKeypoints(StoredBaseline):
    """K points an image, uniform in the unit square.

    They are drawn from the run's seed and the image's bytes, so they depend neither on the batch
    nor on the order of the images.
    """

    STORED: ClassVar[dict[str, int]] = {"seed": 0}

    def fit(self, images: Images, run: Run) -> None:
        """Keep the seed; the images are not looked at."""
        self.store(seed=torch.tensor(run.seed, dtype=torch.int64))

    def detect(self, images: Tensor) -> Keypoints:
        """Points `float32 [N, K, 2]` in [0, 1), (x, y), without a confidence."""
        seed = int(self.stored("seed"))
        points = [_points(image.tobytes(), seed, self.parts) for image in images.cpu().numpy()]
        stacked = np.array(points, dtype=np.float32).reshape(len(images), self.parts, 2)
        return Keypoints(points=torch.from_numpy(stacked).to(images.device))


def _points(image: bytes, seed: int, count: int) -> np.ndarray:
    digest = hashlib.blake2b(image, digest_size=16).digest()
    random = np.random.default_rng([seed, int.from_bytes(digest, "little")])
    return random.random((count, 2), dtype=np.float32)
