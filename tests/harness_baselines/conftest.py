from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from harness.contract import Samples


@pytest.fixture
def labels() -> Callable[..., Samples]:
    """Labelled samples of black images at 8 pixels."""

    def make(**arrays: np.ndarray) -> Samples:
        count = len(next(iter(arrays.values())))
        images = np.zeros((count, 3, 8, 8), np.uint8)
        return Samples(ids=[str(i) for i in range(count)], images=images, **arrays)

    return make


@pytest.fixture
def run() -> Callable[..., SimpleNamespace]:
    """What a baseline reads of a run."""

    def make(labelled: Samples | None = None, seed: int = 0) -> SimpleNamespace:
        return SimpleNamespace(labelled=labelled, seed=seed, device=torch.device("cpu"))

    return make


@pytest.fixture
def photos() -> torch.Tensor:
    """Seven noisy images at 32 pixels: a disc of one colour on a background of another."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :32]
    images = np.empty((7, 3, 32, 32))
    for image in images:
        centre, radius = random.uniform(13, 19, 2), random.uniform(6, 10)
        disc = (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 < radius**2
        colours = np.array([[200, 60, 40], [40, 90, 180]]) + random.uniform(-30, 30, (2, 3))
        image[:] = np.where(disc, colours[0][:, None, None], colours[1][:, None, None])
    noisy = images + random.normal(0, 8, images.shape)
    return torch.from_numpy(noisy.clip(0, 255).astype(np.uint8))
