"""What editors share that go towards wanted conditions step by step, looking at each."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from harness.contract.editing import Editor
from harness.errors import ShapeError
from harness_editing.strengths import check_strengths


class StepwiseEditor(Editor):
    """An editor whose path are the steps of one trajectory.

    Strength s gives the latents after round(s n) of n steps, halves up; none lie between two steps.

    Attributes:
        owner: the method's name, for messages.
    """

    owner: ClassVar[str]

    @abstractmethod
    def trajectory(self, latents: Tensor, start: Tensor, wanted: Tensor) -> list[Tensor]:
        """All steps of the edit.

        Called without gradients, and outside of inference mode, which has no derivatives.

        Args:
            latents: `[N, D]`.
            start: their conditions `[N, C]`.
            wanted: conditions `[N, C]`, NaN where nothing is asked.

        Returns:
            n + 1 times `[N, D]`, the first of them the latents.
        """

    def edit(self, latents: Tensor, wanted: Tensor, strengths: Sequence[float]) -> Tensor:
        """The steps at the strengths, `[S, N, D]`; see `Editor.edit`.

        Raises:
            ShapeError: latents or wanted conditions have another form than the generator and the
                guide give.
            ConfigError: the strengths do not increase, or leave 0 to 1.
        """
        check_strengths(strengths, self.owner)
        self._check(latents, wanted)
        with torch.inference_mode(mode=False), torch.no_grad():
            # Tensors made in inference mode know no derivative; their copies do.
            latents, wanted = latents.clone(), wanted.to(latents).clone()
            start = self.conditions_of(latents)
            if start.shape != wanted.shape:
                raise ShapeError(
                    f"{self.owner}: wanted has {wanted.shape[1]} conditions, and the guide answers "
                    f"{start.shape[1]}; give those, NaN where nothing is asked."
                )
            steps = self.trajectory(latents, start, wanted)
            last = len(steps) - 1
            return torch.stack([steps[math.floor(s * last + 0.5)] for s in strengths])

    def conditions_of(self, latents: Tensor) -> Tensor:
        """Phi, what the guide says of the images of latents: `[N, D]` to `[N, C]`."""
        return self.guide.answer(self.generator.synthesise(latents))

    def _check(self, latents: Tensor, wanted: Tensor) -> None:
        size = self.generator.draw_latents(1, torch.Generator().manual_seed(0)).shape[1]
        if latents.dim() != 2 or latents.shape[1] != size:
            raise ShapeError(
                f"{self.owner}: latents has shape {list(latents.shape)}, expected [N, {size}], as "
                "the generator draws them."
            )
        if wanted.dim() != 2 or len(wanted) != len(latents):
            raise ShapeError(
                f"{self.owner}: wanted has shape {list(wanted.shape)}, expected "
                f"[{len(latents)}, C], one row for each of the latents."
            )


def goal(wanted: Tensor, start: Tensor) -> Tensor:
    """c_1: what is wanted, and where nothing is, what is there at the start; all `[N, C]`."""
    return torch.where(wanted.isnan(), start, wanted)
