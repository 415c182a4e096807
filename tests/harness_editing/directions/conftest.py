"""Worlds in which the right direction is known, and runs that can break off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from toy_editing import ToyGenerator, ToyOracle, orthonormal

from harness.contract import Editor
from harness.training.run import TrainingRun
from harness_editing.directions.config import (
    GanSpaceConfig,
    InterFaceGanConfig,
    RandomDirectionConfig,
)
from harness_editing.directions.ganspace.method import GanSpace
from harness_editing.directions.interfacegan.method import InterFaceGan
from harness_editing.directions.random_direction.method import RandomDirection

#: Deviations of latents with clear principal components: the coordinate axes, in this order.
DEVIATIONS = (4.0, 3.0, 2.0, 1.0, 0.5, 0.25)


class StyledGenerator(ToyGenerator):
    """Latents of unequal deviations; every layer shows its own in pixels of its own."""

    def __init__(
        self, deviations: Sequence[float] = DEVIATIONS, *, layers: int = 4, mean: float = 0.0
    ) -> None:
        size = len(deviations)
        super().__init__(size=size, side=4, layers=layers)
        self.deviations, self.mean = torch.tensor(deviations), mean
        self.rows = orthonormal(3 * 4 * 4, layers * size, seed=3).T.float()

    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        return self.mean + super().draw_latents(count, generator) * self.deviations

    def synthesise(self, latents: Tensor) -> Tensor:
        if latents.dim() == 2:
            latents = latents[:, None].expand(-1, self.layers, -1)
        return (latents.flatten(1) @ self.rows).unflatten(1, (3, 4, 4))


class StyledOracle:
    """Attributes sigmoid(sum over layers of slopes w), slopes `[C, L, D]`."""

    conditions = "attributes"

    def __init__(self, generator: StyledGenerator, slopes: Tensor) -> None:
        self.readout = generator.rows.T @ slopes.flatten(1).T

    def answer(self, images: Tensor) -> Tensor:
        return torch.sigmoid(images.flatten(1) @ self.readout)


class Breaks:
    """An oracle that fails once, at its n-th answer, as a machine that is switched off."""

    def __init__(self, oracle: Any, at: int) -> None:
        self.oracle, self.left = oracle, at
        self.conditions = oracle.conditions

    def answer(self, images: Tensor) -> Tensor:
        self.left -= 1
        if self.left == 0:
            raise ConnectionError("switched off")
        return self.oracle.answer(images)


def slopes_of(placed: Sequence[tuple[Sequence[int], int, float]], layers: int = 4) -> Tensor:
    """Slopes of attributes, each given as layers, coordinate and steepness."""
    slopes = torch.zeros(len(placed), layers, len(DEVIATIONS))
    for attribute, (where, coordinate, steepness) in enumerate(placed):
        slopes[attribute, list(where), coordinate] = steepness
    return slopes


def interfacegan(**changes: Any) -> InterFaceGan:
    return InterFaceGan(InterFaceGanConfig(**{"latents": 4000, **changes}), 10, 4)


def ganspace(**changes: Any) -> GanSpace:
    settings = {
        "latents": 4000,
        "draw_batch": 2000,
        "components": 5,
        "candidates": 4,
        "labelled": 60,
        "ranges": 4,
        "batch_size": 32,
    }
    return GanSpace(GanSpaceConfig(**{**settings, **changes}), 10, 4)


def random_direction(**changes: Any) -> RandomDirection:
    return RandomDirection(RandomDirectionConfig(**changes), 10, 4)


MAKERS = {"interfacegan": interfacegan, "ganspace": ganspace, "random_direction": random_direction}


@pytest.fixture
def make() -> Callable[..., Any]:
    """An editor by name, attached."""

    def attached(name: str, generator: Any, guide: Any, **changes: Any) -> Any:
        editor: Editor = MAKERS[name](**changes)
        editor.attach(generator, guide)
        return editor

    return attached


@pytest.fixture
def styled() -> tuple[StyledGenerator, StyledOracle]:
    """Attribute 0 is coordinate 1 in layers 1 and 2; attribute 1 is coordinate 0, falling, in 3."""
    generator = StyledGenerator()
    slopes = slopes_of([((1,), 1, 2.0), ((3,), 0, -2.0), ((0,), 2, 1.5)])
    return generator, StyledOracle(generator, slopes)


@pytest.fixture
def plain() -> tuple[ToyGenerator, ToyOracle]:
    """Latents of equal deviations, and four attributes along orthogonal directions."""
    generator = ToyGenerator()
    return generator, ToyOracle(generator)


@pytest.fixture
def start_run(tmp_path: Path) -> Callable[..., TrainingRun]:
    """A real run that saves after every step; of the same folder, it goes on."""

    def make(folder: str = "run", **options: Any) -> TrainingRun:
        cpu = torch.device("cpu")
        return TrainingRun(
            tmp_path / folder, "owner", seed=5, device=cpu, checkpoint_seconds=0.0, **options
        )

    return make


@pytest.fixture
def breaks() -> type[Breaks]:
    return Breaks


@pytest.fixture
def styled_world() -> Callable[..., Any]:
    """A generator and oracle of given layers, coordinates and steepnesses."""

    def make(placed: Any, *, layers: int = 4, **options: Any) -> Any:
        generator = StyledGenerator(layers=layers, **options)
        return generator, StyledOracle(generator, slopes_of(placed, layers))

    return make
