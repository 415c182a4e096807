"""A configuration that learns two discs at 16 pixels within seconds."""

from collections.abc import Callable

import pytest
import torch
from drawn_discs import discs
from memory_run import MemoryRun

from harness.training import FitImages
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.method import LmdisRep
from harness_autoencoders.lmdis_rep.networks import LmdisNetworks
from harness_autoencoders.lmdis_rep.training import Training

TINY = {
    "padded_size": 24,
    "landmark_encoder": ((8,), (16,)),
    "landmark_decoder": ((8,), (8,)),
    "feature_encoder": ((8,), (16,)),
    "feature_decoder": ((8,), (8,)),
    "image_encoder": ((16,), (24,)),
    "image_decoder": ((16,), (16,)),
    "skip_convolutions": (1, 1, 1),
    "scores": "hourglass",
    "descriptor_size": 4,
    "pooling": "map",
    "redrawn_widths": (0.1, 0.2),
    "reconstruction": "code",
    "reconstruction_weight": 1.0,
    "reconstruction_growth": (),
    "milestones": (),
    "concentration": "code",
    "concentration_weight": 0.3,
    "separation_weight": 1.0,
    "separation_sigma": 0.1,
    "equivariance_weight": 30.0,
    "warp_grid": 3,
    "warp_displacement": 0.03,
    "warp_translation": 0.1,
    "landmark_warps": 0.0,
    "batch_size": 8,
    "steps": 150,
    "schedule": "linear",
    "learning_rate": 5e-3,
    "weight_decay": 0.0,
    "norm_steps": 5,
    "averaging": 0.9,
}


@pytest.fixture(scope="session")
def tiny() -> Callable[..., LmdisRepConfig]:
    return lambda **changes: LmdisRepConfig(**{**TINY, **changes})


@pytest.fixture
def run() -> MemoryRun:
    return MemoryRun()


@pytest.fixture
def images() -> FitImages:
    return discs()


@pytest.fixture
def batch(images: FitImages) -> torch.Tensor:
    """Eight images of discs, 0 to 1."""
    return images.batch(0, 8).float() / 255.0


@pytest.fixture
def networks(tiny: Callable[..., LmdisRepConfig]) -> Callable[..., LmdisNetworks]:
    """Networks for 16 pixels with weights of a fixed seed."""

    def make(parts: int = 3, image_size: int = 16, **changes: object) -> LmdisNetworks:
        made = LmdisNetworks(tiny(**changes), parts, image_size)
        made.draw_weights(torch.Generator().manual_seed(1))
        return made

    return make


@pytest.fixture
def training(
    tiny: Callable[..., LmdisRepConfig], images: FitImages, run: MemoryRun
) -> Callable[..., Training]:
    """The objective for three landmarks, before its first step."""

    def make(**changes: object) -> Training:
        config = tiny(**changes)
        return Training(config, LmdisNetworks(config, 3, 16), None, images, run)

    return make


@pytest.fixture(scope="session")
def learnt(tiny: Callable[..., LmdisRepConfig]) -> tuple[LmdisRep, MemoryRun]:
    """A method of four landmarks that has learnt the discs, and its run; not to be changed."""
    run = MemoryRun()
    method = LmdisRep(tiny(), 4, 16)
    method.fit(discs(256), run)
    return method, run
