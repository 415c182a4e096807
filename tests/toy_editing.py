"""A world of editors in which everything is known: a linear generator and an oracle that undoes it.

The images of latents z are z M, and the oracle reads z A off them, A its `directions`; what it
answers is a fixed function of that.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from harness.contract.editing import Conditions
from harness.errors import UserError


class ToyGenerator:
    """Images as a linear function of latents drawn from N(0, I).

    Args:
        size: D.
        side: S in pixels; 3 S S must not be below D.
        layers: L; the latents of layers are averaged.
        length: latents are brought to this length, where one is given.
        dtype: of everything.

    Attributes:
        matrix: `[D, 3 S S]`, orthonormal rows.
    """

    def __init__(
        self,
        size: int = 6,
        side: int = 4,
        *,
        layers: int = 1,
        length: float | None = None,
        dtype: torch.dtype = torch.float32,
        seed: int = 0,
    ) -> None:
        self.side, self.layers, self.length, self.dtype = side, layers, length, dtype
        self.matrix = orthonormal(3 * side * side, size, seed).T.to(dtype)

    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        drawn = torch.randn(count, len(self.matrix), generator=generator).to(self.dtype)
        return self.projected(drawn)

    def synthesise(self, latents: Tensor) -> Tensor:
        mean = latents.mean(dim=1) if latents.dim() == 3 else latents
        return (mean @ self.matrix).reshape(-1, 3, self.side, self.side)

    def projected(self, latents: Tensor) -> Tensor:
        if self.length is None:
            return latents
        return self.length * torch.nn.functional.normalize(latents, dim=-1)


class ToyOracle:
    """Conditions of images, a fixed function of z A.

    Attributes are sigmoid(steepness z A), keypoints 0.5 + 0.1 z A, an embedding is z A at length 1.

    Args:
        generator: whose images are answered.
        count: C; two for each keypoint.
        kind: what is answered.
        steepness: of attributes.

    Attributes:
        directions: A, `[D, C]`, orthonormal columns as long as C is not above D.
    """

    def __init__(
        self,
        generator: ToyGenerator,
        count: int = 4,
        kind: Conditions = "attributes",
        *,
        steepness: float = 2.0,
        seed: int = 1,
    ) -> None:
        self.conditions, self.steepness = kind, steepness
        self.directions = orthonormal(len(generator.matrix), count, seed).to(generator.dtype)
        self.readout = generator.matrix.T @ self.directions

    def answer(self, images: Tensor) -> Tensor:
        read = images.flatten(1) @ self.readout
        if self.conditions == "attributes":
            return torch.sigmoid(self.steepness * read)
        if self.conditions == "keypoints":
            return 0.5 + 0.1 * read
        return torch.nn.functional.normalize(read, dim=1)

    def encode(self, captions: Sequence[str]) -> Tensor:
        """A vector for each caption that depends on its letters alone."""
        if self.conditions != "embedding":
            raise UserError(f"The oracle answers {self.conditions}, which no caption describes.")
        seeds = [sum(map(ord, caption)) for caption in captions]
        drawn = [orthonormal(self.directions.shape[1], 1, seed)[:, 0] for seed in seeds]
        return torch.stack(drawn).to(self.directions)


def orthonormal(rows: int, columns: int, seed: int) -> Tensor:
    """A random matrix `float64 [rows, columns]` with orthonormal columns, or rows if it is wide."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
    if columns > rows:
        return torch.linalg.qr(drawn.T)[0].T
    return torch.linalg.qr(drawn)[0]
