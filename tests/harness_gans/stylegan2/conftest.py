"""A configuration small enough for float64, and a run without files."""

from collections.abc import Callable

import pytest
import torch
from bright_squares import BrightSquares
from memory_run import MemoryRun

from harness_gans.stylegan2.config import StyleGan2Config
from harness_gans.stylegan2.generator import Generator
from harness_gans.stylegan2.weights import draw_weights

#: 16 pixels: channels 5, 4, 2.
TINY = {
    "noise_size": 6,
    "style_size": 7,
    "mapping_layers": 2,
    "channel_base": 32,
    "channel_most": 5,
    "discriminator_base": 64,
    "discriminator_most": 6,
    "deviation_group": 2,
    "r1_interval": 2,
    "path_interval": 2,
    "images": 12,
    "batch_size": 4,
}


@pytest.fixture
def tiny() -> Callable[..., StyleGan2Config]:
    return lambda **changes: StyleGan2Config(**{**TINY, **changes})


@pytest.fixture
def drawn_generator() -> Callable[..., Generator]:
    """A generator in float64 whose noise is heard and whose biases are not zero."""

    def make(config: StyleGan2Config, image_size: int = 16) -> Generator:
        generator = Generator(config, image_size)
        draw_weights(generator, torch.Generator().manual_seed(1))
        source = torch.Generator().manual_seed(2)
        for name, value in generator.named_parameters():
            if name.endswith(("bias", "loudness")):
                value.data += 0.3 * torch.randn(value.shape, generator=source)
        return generator.double()

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
