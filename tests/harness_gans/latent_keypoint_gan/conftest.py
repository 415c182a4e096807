"""A configuration small enough for float64, a run without files, and the naive generator."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import latent_keypoint_gan_step
import pytest
import torch
from bright_squares import BrightSquares
from memory_run import MemoryRun

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.generator import Generator
from harness_gans.latent_keypoint_gan.keypoint_generator import Noise
from harness_gans.latent_keypoint_gan.weights import draw_weights

#: Two stages, 8 and 16 pixels, three blocks.
TINY = {
    "noise_size": 6,
    "embedding_size": 5,
    "hidden_size": 8,
    "tau": 0.1,
    "image_channels": (6, 5, 4),
    "block_convolutions": (2, 1, 2),
    "style_channels": 4,
    "discriminator_channels": (8, 6, 6, 4),
    "stage_sides": (8, 16),
    "stage_images": (12, 12),
    "adapting_images": 8,
    "batch_sizes": (4, 4),
    "generator_rate": 1e-3,
    "detector": "unet",
    "detector_channels": 4,
    "detector_pairs": 12,
    "detector_batch_size": 4,
}


@pytest.fixture
def tiny() -> Callable[..., LatentKeypointGanConfig]:
    return lambda **changes: LatentKeypointGanConfig(**{**TINY, **changes})


@pytest.fixture
def drawn_generator() -> Callable[..., Generator]:
    """A generator in float64 with weights of a fixed seed and biases that are not zero."""

    def make(config: LatentKeypointGanConfig, keypoints: int = 3) -> Generator:
        generator = Generator(config, keypoints)
        draw_weights(generator, torch.Generator().manual_seed(1))
        source = torch.Generator().manual_seed(2)
        for name, value in generator.named_parameters():
            if name.endswith("bias"):
                torch.nn.init.normal_(value, std=0.3, generator=source)
        return generator.double()

    return make


@pytest.fixture
def noise() -> Callable[..., Noise]:
    """Noise in float64."""

    def make(config: LatentKeypointGanConfig, poses: int = 4, **more: Any) -> Noise:
        drawn = Noise.drawn(config, poses, torch.Generator().manual_seed(3), **more)
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
def naive() -> ModuleType:
    """The benchmark's generator that builds the style map."""
    return latent_keypoint_gan_step
