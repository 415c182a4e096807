"""Number types and memory order: what must not lose digits, and what is fast."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import Tensor, nn

M = TypeVar("M", bound=nn.Module)


def at_least_float32(values: Tensor) -> Tensor:
    """Half precision as float32; float32 and float64 as they are."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def multiplied_in(values: Tensor) -> torch.dtype:
    """The type in which autocast would multiply these values."""
    device = values.device.type
    return torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else values.dtype


def placed(module: M, device: torch.device) -> M:
    """The module on a device, its convolution weights in channels-last order."""
    return module.to(device).to(memory_format=torch.channels_last)
