"""The border of an image: leaving it out of a loss, and what lies on it."""

from __future__ import annotations

import torch
from torch import Tensor

#: Softness of the mask's step: 0.5 + 0.5 tanh(t / 0.4), t from -1 to 1.
STEP_SOFTNESS = 0.4


def border_mask(size: int, off: float, rise: float) -> Tensor:
    """How much a loss counts: zero at the border, a smooth step behind it, one inside.

    Args:
        size: side S in pixels.
        off: width of the zeros, in image edges.
        rise: width of the step, in image edges.

    Returns:
        `[S, S]`, the outer product of two profiles.

    Source: Jakab et al. 2018, appendix 2; the softness of the step from the code.
    """
    zeros, steps = round(off * size), round(rise * size)
    slope = 0.5 + 0.5 * torch.tanh(torch.linspace(-1.0, 1.0, steps) / STEP_SOFTNESS)
    ones = torch.ones(size - 2 * (zeros + steps))
    profile = torch.cat((torch.zeros(zeros), slope, ones, slope.flip(0), torch.zeros(zeros)))
    return profile[:, None] * profile[None, :]


def border_values(maps: Tensor) -> Tensor:
    """The outermost pixels of maps.

    Args:
        maps: `[..., H, W]`, both at least 2.

    Returns:
        `[..., 2 H + 2 W - 4]`: the first and the last row, then the columns between them.
    """
    rows = (maps[..., 0, :], maps[..., -1, :])
    columns = (maps[..., 1:-1, 0], maps[..., 1:-1, -1])
    return torch.cat((*rows, *columns), dim=-1)
