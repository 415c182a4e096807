"""Plain images of random colours, a generator of them, and an extractor that sees the colour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from harness.contract import Evaluation, Predicted, Samples
from harness.contract.arrays import Drawn
from harness_metrics.features.extractor import Extractor

SIDE = 8
#: Deviation of the real colours along each channel, about a grey of 128.
DEVIATION = 15.0
#: Images of a batch; divides no count of a test.
BATCH = 7


class MeanColour(nn.Module):
    """Three features that are standard normal for real images."""

    def forward(self, images: Tensor) -> Tensor:
        return (images.mean(dim=(2, 3)) - 128.0) / DEVIATION


def plain_images(count: int, seed: int, shift: float = 0.0, spread: float = 1.0) -> np.ndarray:
    """`uint8 [N, 3, 8, 8]`, each of one colour."""
    colours = np.random.default_rng(seed).normal(128 + shift, DEVIATION * spread, (count, 3))
    colours = np.rint(colours).clip(0, 255).astype(np.uint8)
    return np.broadcast_to(colours[:, :, None, None], (count, 3, SIDE, SIDE)).copy()


@dataclass(frozen=True)
class ColourGenerator:
    """`Evaluation.sample`: colours like the real ones, or shifted, or less spread."""

    shift: float = 0.0
    spread: float = 1.0

    def __call__(self, count: int, seed: int) -> Iterator[Drawn]:
        images = plain_images(count, 1000 + seed, self.shift, self.spread)
        for start in range(0, count, BATCH):
            yield Drawn(images[start : start + BATCH], latents={})


@dataclass(frozen=True)
class ColourWorld:
    """An evaluation of the generator against real images, all seen by the mean colour."""

    evaluation: Evaluation
    extractor: Extractor

    def real_features(self) -> np.ndarray:
        return self.extractor.features(self.evaluation.fit_images)

    def made_features(self, count: int, seed: int = 0) -> np.ndarray:
        drawn = self.evaluation.sample(count, seed)
        return np.concatenate([self.extractor.features(batch.images) for batch in drawn])

    def with_real(self, images: np.ndarray) -> ColourWorld:
        return replace(self, evaluation=replace(self.evaluation, fit_images=images))


def make_world(real: int = 50, shift: float = 0.0, spread: float = 1.0) -> ColourWorld:
    """So many real images to learn on, and half as many, but at least 3, to test."""
    test = plain_images(max(real // 2, 3), seed=1)
    ids = [f"image-{i}" for i in range(len(test))]
    evaluation = Evaluation(
        Predicted(ids=ids),
        Samples(ids=ids, images=test),
        sample=ColourGenerator(shift, spread),
        fit_images=plain_images(real, seed=0),
    )
    extractor = Extractor("colour", {"extractor": "colour"}, MeanColour(), torch.device("cpu"))
    return ColourWorld(evaluation, extractor)
