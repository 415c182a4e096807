"""A configuration that learns two discs at 16 pixels within seconds."""

from collections.abc import Callable

import pytest
from drawn_discs import discs
from memory_run import MemoryRun

from harness.training import FitImages
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.method import Imm

TINY = {
    "filters": 8,
    "map_size": 8,
    "first_kernel": 3,
    "output_scale": 64.0,
    "output_offset": 127.5,
    "norm_momentum": 0.1,
    "initial_weights": "kaiming",
    "sigma": 0.25,
    "perceptual": "pixels",
    "batch_size": 16,
    "steps": 150,
    "learning_rate": 5e-3,
    "schedule": "linear",
    "weight_decay": 0.0,
    "gradient_bound": "none",
    "averaging": 0.9,
}


@pytest.fixture(scope="session")
def tiny() -> Callable[..., ImmConfig]:
    return lambda **changes: ImmConfig(**{**TINY, **changes})


@pytest.fixture
def run() -> MemoryRun:
    return MemoryRun()


@pytest.fixture
def images() -> FitImages:
    return discs()


@pytest.fixture(scope="session")
def learnt(tiny: Callable[..., ImmConfig]) -> tuple[Imm, MemoryRun]:
    """A method of four keypoints that has learnt the discs, and its run; not to be changed."""
    run = MemoryRun()
    method = Imm(tiny(), 4, 16)
    method.fit(discs(256), run)
    return method, run
