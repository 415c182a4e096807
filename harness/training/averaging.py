"""Exponential moving average of a module's weights."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn


class Averaged:
    """A copy of a module whose parameters follow the original slowly.

    Buffers (such as batch-norm statistics) are copied, not averaged.

    Args:
        module: the module that is trained.
        decay: share of the old average kept at each update, in [0, 1).

    Attributes:
        module: the averaged copy, in evaluation mode, without gradients.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.module = copy.deepcopy(module).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, module: nn.Module) -> None:
        """Move the average towards the module's present weights."""
        averages: list[Tensor] = list(self.module.parameters())
        current = [parameter.detach() for parameter in module.parameters()]
        torch._foreach_lerp_(averages, current, 1 - self.decay)
        for average, buffer in zip(self.module.buffers(), module.buffers(), strict=True):
            average.copy_(buffer)

    def state_dict(self) -> dict[str, Any]:
        """State of the averaged copy."""
        return self.module.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore the averaged copy."""
        self.module.load_state_dict(state)
