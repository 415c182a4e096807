"""What editors share that move latents along a direction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from harness.contract import MethodConfig, Run
from harness.contract.editing import Editor, LatentGenerator
from harness.errors import RecordError, RunError, ShapeError
from harness_editing.directions.config import DirectionConfig
from harness_editing.strengths import check_strengths

if TYPE_CHECKING:
    from torch import Generator, device

#: Latents from which R is measured.
RADIUS_LATENTS = 10_000
#: A sum of directions shorter than this points nowhere.
LENGTH_LEAST = 1e-6


class DirectionEditor(Editor):
    """An editor whose path is `projected(start + s cap R direction)`, s the strength.

    The direction has length 1, so that an edit of strength s is s cap R long, in every layer that
    it changes, before the generator's `projected`. What was learned is a few stored tensors; all
    store `mean` `[D]` and `radius` `[]`, those of the generator's latents.

    Attributes:
        owner: the method's name, for messages.
    """

    owner: ClassVar[str]
    #: Names of the stored tensors with their numbers of dimensions.
    STORED: ClassVar[dict[str, int]] = {"mean": 1, "radius": 0}
    config: DirectionConfig

    def __init__(self, config: MethodConfig, parts: int, image_size: int) -> None:
        super().__init__(config, parts, image_size)
        self._stored: dict[str, Tensor] = {}

    @abstractmethod
    def directions(self, latents: Tensor, wanted: Tensor) -> Tensor:
        """Where every sample goes.

        Args:
            latents: `[N, D]`, of the size that was learned.
            wanted: conditions `[N, C]`, NaN where nothing is asked.

        Returns:
            `[N, D]` or `[N, L, D]`, of length 1 or 0 along D.
        """

    @torch.no_grad()
    def edit(self, latents: Tensor, wanted: Tensor, strengths: Sequence[float]) -> Tensor:
        """The latents moved along a direction; see `Editor.edit`.

        Returns:
            `[S, N, D]` or `[S, N, L, D]`.

        Raises:
            RunError: nothing was learned or loaded yet.
            RecordError: what was learned belongs to another generator or guide.
            ShapeError: latents or wanted conditions have another form.
            ConfigError: the strengths do not increase, or leave 0 to 1.
        """
        self._check_latents(latents)
        if wanted.dim() != 2 or len(wanted) != len(latents):
            raise ShapeError(
                f"{self.owner}: wanted has shape {list(wanted.shape)}, expected "
                f"[{len(latents)}, C], one row for each of the latents."
            )
        check_strengths(strengths, self.owner)
        directions = self.directions(latents, wanted)
        longest = self.config.cap * float(self.stored("radius"))
        return moved(self.generator, latents, directions, [s * longest for s in strengths])

    def measure_spread(self, source: Generator) -> dict[str, Tensor]:
        """Mean `[D]` and radius R `[]` of latents drawn with a CPU generator, float32 on the CPU.

        R is the mean distance of the latents from their mean.
        """
        latents = self.generator.draw_latents(RADIUS_LATENTS, source).detach().cpu().double()
        mean = latents.mean(dim=0)
        radius = torch.linalg.vector_norm(latents - mean, dim=1).mean()
        return {"mean": mean.float(), "radius": radius.float()}

    def store(self, **tensors: Tensor) -> None:
        """Keep what `fit` found."""
        self._stored = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}

    def stored(self, name: str) -> Tensor:
        """A stored tensor.

        Raises:
            RunError: nothing was learned or loaded yet.
        """
        if name not in self._stored:
            raise RunError(f"{self.owner} knows no {name} yet; call fit first.")
        return self._stored[name]

    def state_dict(self) -> dict[str, Tensor]:
        """The stored tensors."""
        return dict(self._stored)

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take stored tensors over; whether they fit the generator is seen at the first edit.

        Raises:
            RecordError: names or dimensions are those of another method.
        """
        got = {name: tensor.dim() for name, tensor in state.items()}
        if got != self.STORED:
            raise RecordError(
                f"{self.owner} stores tensors of dimensions {self.STORED}, but the state has "
                f"{got}: it belongs to another method."
            )
        self._stored = dict(state)

    def to(self, device: device) -> None:
        """Move the stored tensors."""
        self._stored = {name: tensor.to(device) for name, tensor in self._stored.items()}

    def _check_latents(self, latents: Tensor) -> None:
        if latents.dim() != 2:
            raise ShapeError(
                f"{self.owner}: latents has shape {list(latents.shape)}, expected [N, D]."
            )
        learned, given = len(self.stored("mean")), latents.shape[1]
        if learned != given:
            raise RecordError(
                f"{self.owner} was trained for another generator: its latents had {learned} "
                f"values, these have {given}; train it again with --fresh."
            )


def moved(
    generator: LatentGenerator, latents: Tensor, directions: Tensor, lengths: Sequence[float]
) -> Tensor:
    """Latents moved by lengths along directions, then projected as the generator needs it.

    Args:
        generator: whose latents they are.
        latents: `[N, D]`.
        directions: `[N, D]` or `[N, L, D]`, one for each layer.
        lengths: S of them, in the unit of the latents.

    Returns:
        `[S, N, D]` or `[S, N, L, D]`.
    """
    start = latents if directions.dim() == 2 else latents[:, None].expand_as(directions)
    path = torch.stack([start + length * directions for length in lengths])
    return generator.projected(path.flatten(0, 1)).reshape(path.shape)


def unit(vectors: Tensor) -> Tensor:
    """Vectors `[..., D]` brought to length 1, or to 0 where they are below `LENGTH_LEAST`."""
    lengths = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True)
    return torch.where(lengths < LENGTH_LEAST, 0.0, F.normalize(vectors, dim=-1))


def random_units(count: int, size: int, run: Run) -> Tensor:
    """Random directions `float32 [count, size]`: what is known before anything is learned."""
    return F.normalize(torch.randn(count, size, generator=run.generator("directions")), dim=1)
