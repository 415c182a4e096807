"""A configuration that learns a disc at 16 pixels within seconds."""

from collections.abc import Callable

import pytest
from drawn_discs import discs
from memory_run import MemoryRun

from harness.training import FitImages
from harness_autoencoders.thewlis.config import ThewlisConfig
from harness_autoencoders.thewlis.method import Thewlis

TINY = {
    "filters": (8, 16),
    "kernels": (5, 3, 1),
    "halvings": 0,
    "context_blocks": 1,
    "margin_pixels": 0,
    "warp_rotation": 20.0,
    "warp_translation": 0.15,
    "diversity_weight": 30.0,
    "diversity_window": 2,
    "batch_size": 16,
    "steps": 60,
    "learning_rate": 1e-2,
    "schedule": "linear",
    "weight_decay": 0.0,
    "averaging": 0.9,
}


@pytest.fixture(scope="session")
def tiny() -> Callable[..., ThewlisConfig]:
    return lambda **changes: ThewlisConfig(**{**TINY, **changes})


@pytest.fixture
def images() -> FitImages:
    return discs()


@pytest.fixture(scope="session")
def learnt(tiny: Callable[..., ThewlisConfig]) -> tuple[Thewlis, MemoryRun]:
    """A method of three landmarks that has learnt, and its run; not to be changed."""
    run = MemoryRun()
    method = Thewlis(tiny(), 3, 16)
    method.fit(discs(256), run)
    return method, run
