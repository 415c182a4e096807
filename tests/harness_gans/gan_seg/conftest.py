"""A configuration small enough for float64, a run without files, and the plain step."""

from collections.abc import Callable
from types import ModuleType

import gan_seg_step
import pytest
import torch
from bright_squares import BrightSquares
from memory_run import MemoryRun

from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generator, Noise
from harness_gans.gan_seg.weights import draw_weights

TINY = {
    "noise_size": 6,
    "embedding_size": 5,
    "hidden_size": 8,
    "margin_pixels": 4,
    "block_sides": (4, 4, 8, 16),
    "start_channels": 8,
    "mask_channels": 6,
    "image_channels": (6, 4, 4, 4),
    "spade_channels": 4,
    "discriminator_channels": (4, 6),
    "discriminator_hidden": 8,
    "batch_size": 4,
    "steps": 3,
    "segmenter": "unet",
    "segmenter_channels": 4,
    "segmenter_steps": 3,
    "segmenter_batch_size": 4,
}


@pytest.fixture
def tiny() -> Callable[..., GanSegConfig]:
    return lambda **changes: GanSegConfig(**{**TINY, **changes})


@pytest.fixture
def drawn_generator() -> Callable[..., Generator]:
    """A generator in float64 with weights of a fixed seed."""

    def make(config: GanSegConfig, parts: int = 3) -> Generator:
        generator = Generator(config, parts)
        draw_weights(generator, torch.Generator().manual_seed(1))
        for name, value in generator.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(value, std=0.3, generator=torch.Generator().manual_seed(2))
        return generator.double()

    return make


@pytest.fixture
def noise() -> Callable[..., Noise]:
    """Noise in float64."""

    def make(config: GanSegConfig, count: int = 4) -> Noise:
        drawn = Noise.drawn(config, count, torch.Generator().manual_seed(3))
        return drawn.to(torch.zeros(0, dtype=torch.float64))

    return make


@pytest.fixture
def run() -> MemoryRun:
    return MemoryRun()


@pytest.fixture
def new_run() -> type[MemoryRun]:
    return MemoryRun


@pytest.fixture
def squares() -> BrightSquares:
    return BrightSquares()


@pytest.fixture(scope="session")
def plain() -> ModuleType:
    """The benchmark's plain version of the generator and of a training step."""
    return gan_seg_step
