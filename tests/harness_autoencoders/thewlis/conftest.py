"""A tiny configuration, a run without files, and sixteen small images."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from harness_autoencoders.thewlis.config import ThewlisConfig

TINY = {
    "filters": (4, 6),
    "kernels": (5, 3, 1),
    "context_blocks": 1,
    "margin_pixels": 2,
    "diversity_window": 2,
    "batch_size": 4,
    "steps": 3,
    "learning_rate": 1e-2,
    "averaging": 0.5,
}


class MemoryRun:
    """A run that keeps its curves and pictures."""

    device = torch.device("cpu")
    folder = Path()
    labelled = None

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.curves: list[dict[str, torch.Tensor]] = []
        self.pictures: dict[str, list[torch.Tensor]] = {}
        self.generators: dict[str, torch.Generator] = {}

    def generator(self, name: str) -> torch.Generator:
        seed = self.seed + sum(map(ord, name))
        return self.generators.setdefault(name, torch.Generator().manual_seed(seed))

    def autocast(self) -> nullcontext[None]:
        return nullcontext()

    def steps(self, total: int, state: Mapping[str, Any], name: str = "train") -> Iterator[int]:
        yield from range(total)

    def log(self, **scalars: torch.Tensor) -> None:
        self.curves.append(scalars)

    def show(self, name: str, images: torch.Tensor) -> None:
        self.pictures.setdefault(name, []).append(images)


class SomeImages:
    """Sixteen images: a bright square at a random place on noise."""

    size = 16
    clips = None

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(4)
        self.images = torch.randint(0, 100, (16, 3, 16, 16), generator=generator).byte()
        for i, (x, y) in enumerate(torch.randint(0, 10, (16, 2), generator=generator).tolist()):
            self.images[i, :, y : y + 6, x : x + 6] = 230

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, step: int, count: int) -> torch.Tensor:
        return self.images[(torch.arange(count) + step * count) % 16]

    def take(self, indices: Any) -> torch.Tensor:
        return self.images[torch.as_tensor(list(indices))]


@pytest.fixture
def tiny() -> Callable[..., ThewlisConfig]:
    return lambda **changes: ThewlisConfig(**{**TINY, **changes})


@pytest.fixture
def run() -> MemoryRun:
    return MemoryRun()


@pytest.fixture
def new_run() -> type[MemoryRun]:
    return MemoryRun


@pytest.fixture
def squares() -> SomeImages:
    return SomeImages()
