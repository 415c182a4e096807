"""A configuration of three small stages, and a run without files."""

from collections.abc import Callable

import pytest
import torch
from bright_squares import BrightSquares
from memory_run import MemoryRun

from harness_gans.progressive_gan.config import ProgressiveGanConfig
from harness_gans.progressive_gan.generator import Generator
from harness_gans.progressive_gan.weights import draw_weights

#: 16 pixels: channels 6, 6, 4; three steps at 4 pixels, five at 8, five at 16.
TINY = {
    "noise_size": 5,
    "channel_base": 64,
    "channel_most": 6,
    "deviation_group": 2,
    "stable_images": 12,
    "fading_images": 8,
    "images": 52,
    "batch_sizes": (4, 4, 4),
}


@pytest.fixture
def tiny() -> Callable[..., ProgressiveGanConfig]:
    return lambda **changes: ProgressiveGanConfig(**{**TINY, **changes})


@pytest.fixture
def generator(tiny) -> Generator:
    """In float64, with biases that are not zero."""
    network = Generator(5, tiny().channels(16))
    source = torch.Generator().manual_seed(1)
    draw_weights(network, source)
    for name, value in network.named_parameters():
        if name.endswith("bias"):
            value.data += 0.3 * torch.randn(value.shape, generator=source)
    return network.double()


@pytest.fixture
def run() -> MemoryRun:
    return MemoryRun()


@pytest.fixture
def new_run() -> type[MemoryRun]:
    return MemoryRun


@pytest.fixture
def squares() -> BrightSquares:
    return BrightSquares()
