"""A generator and a guide for editors under test: linear, so that all about them is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from harness.contract.editing import Conditions
from harness.errors import UserError

if TYPE_CHECKING:
    from torch import Generator

#: Numbers of a latent, and attributes that the guide answers.
LATENT, ATTRIBUTES = 16, 4
#: How sharply an attribute changes along its direction.
STEEPNESS = 2.0


def _orthonormal(rows: int, columns: int, seed: int) -> Tensor:
    drawn = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    columns_of: Tensor = torch.linalg.qr(drawn)[0]
    return columns_of


class LinearGenerator:
    """Images as a linear function of latents from N(0, I).

    Args:
        side: of its images in pixels.
    """

    layers = 4

    def __init__(self, side: int) -> None:
        self.side = side
        self.matrix = _orthonormal(3 * side * side, LATENT, 0).T

    def draw_latents(self, count: int, generator: Generator) -> Tensor:
        """New latents `[count, 16]`."""
        return torch.randn(count, LATENT, generator=generator)

    def synthesise(self, latents: Tensor) -> Tensor:
        """Their images `[N, 3, S, S]`; the latents of layers are averaged."""
        mean = latents.mean(dim=1) if latents.dim() == 3 else latents
        drawn: Tensor = mean @ self.matrix.to(mean.device)
        return drawn.reshape(-1, 3, self.side, self.side)

    def projected(self, latents: Tensor) -> Tensor:
        """All latents are allowed."""
        return latents


class LinearGuide:
    """Attributes of such images: a sigmoid along one direction of the latents for each.

    Args:
        generator: whose images it answers.
    """

    conditions: Conditions = "attributes"

    def __init__(self, generator: LinearGenerator) -> None:
        self.readout = generator.matrix.T @ _orthonormal(LATENT, ATTRIBUTES, 1)

    def answer(self, images: Tensor) -> Tensor:
        """Probabilities `[N, 4]`."""
        return torch.sigmoid(STEEPNESS * images.flatten(1) @ self.readout.to(images.device))

    def encode(self, captions: Sequence[str]) -> Tensor:
        """No caption is an attribute.

        Raises:
            UserError: always.
        """
        raise UserError("The guide answers attributes, which no caption describes.")
