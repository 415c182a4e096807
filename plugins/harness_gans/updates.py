"""One step of an optimiser."""

from __future__ import annotations

import torch
from torch import Tensor


def update(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Move the optimiser's parameters along the gradient of `loss`, a scalar."""
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimiser.step()
