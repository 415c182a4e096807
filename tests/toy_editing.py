"""A generator and an oracle so simple that a test knows what every edit does.

Images are latents through a matrix with orthonormal rows, so nothing is lost, and the oracle's
answers are a function of `slopes` times latents: `answers = sigmoid(sum over layers of slopes w)`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.errors import UserError


class ToyLatents:
    """A generator of latents N(mean, deviations^2), drawn linearly.

    Args:
        deviations: of the D coordinates of a latent.
        layers: L; an image depends on all of them, each through its own rows of the matrix.
        mean: of every coordinate.
        length: of every latent, for generators that know one length only.
        side: of an image in pixels; `3 side^2` is at least `layers D`.
    """

    def __init__(
        self,
        deviations: Sequence[float],
        *,
        layers: int = 1,
        mean: float = 0.0,
        length: float | None = None,
        side: int = 8,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self.deviations = torch.tensor(deviations, dtype=dtype)
        self.layers = layers
        self.mean = mean
        self.length = length
        self.side = side
        pixels = 3 * side * side
        source = torch.Generator().manual_seed(11)
        square = torch.randn(pixels, pixels, generator=source, dtype=torch.float64)
        rows, _ = torch.linalg.qr(square)
        self.matrix = rows[: layers * len(deviations)].to(dtype)

    def draw_latents(self, count: int, generator: torch.Generator) -> Tensor:
        size = len(self.deviations)
        drawn = torch.randn(count, size, generator=generator).to(self.deviations)
        return self.projected(self.mean + drawn * self.deviations)

    def synthesise(self, latents: Tensor) -> Tensor:
        if latents.ndim == 2:
            latents = latents[:, None].expand(-1, self.layers, -1)
        images = latents.flatten(1) @ self.matrix
        return images.unflatten(1, (3, self.side, self.side))

    def projected(self, latents: Tensor) -> Tensor:
        if self.length is None:
            return latents
        return self.length * F.normalize(latents, dim=-1)


class ToyOracle:
    """What answers with a linear map of the latents that an image was drawn from.

    Args:
        generator: whose images it understands.
        slopes: `[C, L, D]`, or `[C, D]` for the same in all layers.
        conditions: `attributes` (through a sigmoid), `keypoints` (as they are) or `embedding`
            (brought to length 1).
        offsets: added before, `[C]`.
    """

    def __init__(
        self,
        generator: ToyLatents,
        slopes: Tensor,
        conditions: str = "attributes",
        offsets: Sequence[float] | None = None,
    ) -> None:
        if slopes.ndim == 2:
            slopes = slopes[:, None].expand(-1, generator.layers, -1) / generator.layers
        self.conditions = conditions
        self.weights = generator.matrix.T @ slopes.flatten(1).to(generator.matrix).T
        given = torch.zeros(len(slopes)) if offsets is None else torch.tensor(offsets)
        self.offsets = given.to(self.weights)

    def answer(self, images: Tensor) -> Tensor:
        values = images.flatten(1) @ self.weights + self.offsets
        if self.conditions == "attributes":
            return values.sigmoid()
        return F.normalize(values, dim=1) if self.conditions == "embedding" else values

    def encode(self, captions: Sequence[str]) -> Tensor:
        if self.conditions != "embedding":
            raise UserError(f"This oracle answers with {self.conditions}; captions are none.")
        sources = [torch.Generator().manual_seed(sum(map(ord, text))) for text in captions]
        drawn = [torch.randn(len(self.offsets), generator=source) for source in sources]
        return F.normalize(torch.stack(drawn), dim=1)
