"""One step of an optimiser."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.training.parallel import average_gradients


def update(optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
    """Move the optimiser's parameters along the gradient of `loss`, a scalar.

    Of several processes that fit together, all go along the mean of their gradients.
    """
    optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    average_gradients(p for group in optimiser.param_groups for p in group["params"])
    optimiser.step()
