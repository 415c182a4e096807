"""A wider view for detectors whose own convolutions see only a piece of the object."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F


class Context(nn.Module):
    """Maps plus what they become after some halvings, with twice the channels each, and back.

    Args:
        width: channels of the maps.
        halvings: 0 gives the maps back.
        layer: from channels in, channels out and stride to a layer with a 3x3 convolution.
    """

    def __init__(
        self, width: int, halvings: int, layer: Callable[[int, int, int], nn.Module]
    ) -> None:
        super().__init__()
        widths = [width * 2**number for number in range(halvings + 1)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for narrow, wide in pairwise(widths):
            self.down.append(layer(narrow, wide, 2))
            self.up.append(layer(wide, narrow, 1))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of the same shape; the side may be any."""
        levels = [maps]
        for down in self.down:
            levels.append(down(levels[-1]))
        values = levels.pop()
        for up in reversed(self.up):
            finer = levels.pop()
            values = finer + F.interpolate(up(values), size=finer.shape[-2:], mode="nearest")
        return values
