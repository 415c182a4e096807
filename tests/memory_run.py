"""A run without files, for tests of what a method does within its loops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch


class MemoryRun:
    """A run that keeps its curves and pictures, and never stops.

    Attributes:
        curves: the scalars of every step.
        pictures: what was shown, by name.
        loops: names of the loops, in order.
    """

    device = torch.device("cpu")
    folder = Path()
    labelled = None

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.curves: list[dict[str, torch.Tensor]] = []
        self.pictures: dict[str, list[torch.Tensor]] = {}
        self.loops: list[str] = []
        self.generators: dict[str, torch.Generator] = {}

    def generator(self, name: str) -> torch.Generator:
        seed = self.seed + sum(map(ord, name))
        return self.generators.setdefault(name, torch.Generator().manual_seed(seed))

    def share(self, joint: torch.Tensor) -> torch.Tensor:
        return joint

    def autocast(self) -> nullcontext[None]:
        return nullcontext()

    def steps(self, total: int, state: Mapping[str, Any], name: str = "train") -> Iterator[int]:
        self.loops.append(name)
        yield from range(total)

    def log(self, **scalars: torch.Tensor) -> None:
        self.curves.append(scalars)

    def show(self, name: str, images: torch.Tensor) -> None:
        self.pictures.setdefault(name, []).append(images)
