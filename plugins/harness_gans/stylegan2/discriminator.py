"""The residual discriminator (fig. 7c)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.equalised import EqualisedConv2d, EqualisedLinear
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32
from harness_gans.residual_discriminator import with_deviation
from harness_gans.stylegan2.modulation import GAIN
from harness_gans.stylegan2.resampling import halved, halving_convolution
from harness_gans.widths import START_SIDE


class Discriminator(nn.Module):
    """Residual blocks down to 4 pixels, then two linear layers.

    Args:
        channels: of the maps at 4, 8, 16 ... pixels.
        group: images among which the deviation is taken; a batch is a multiple, or smaller.
    """

    def __init__(self, channels: Sequence[int], group: int) -> None:
        super().__init__()
        self.group = group
        last = channels[0]
        self.colours = EqualisedConv2d(3, channels[-1], 1)
        self.blocks = nn.ModuleList(Block(a, b) for a, b in pairwise(reversed(channels)))
        self.convolution = EqualisedConv2d(last + 1, last, 3)
        self.hidden = EqualisedLinear(last * START_SIDE**2, last)
        self.output = EqualisedLinear(last, 1)

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]`, -1 to 1, to logits float32 `[N]`, large for real.

        Raises:
            ShapeError: N is no multiple of the group.
        """
        maps = activated(self.colours(images))
        for block in self.blocks:
            maps = block(maps)
        maps = with_deviation(maps, min(self.group, len(maps)))
        maps = activated(self.convolution(maps))
        # Row-major order, whatever the memory order.
        hidden = activated(self.hidden(maps.flatten(1)))
        logits: Tensor = self.output(hidden)
        return at_least_float32(logits).squeeze(1)


class Block(nn.Module):
    """Two 3x3 convolutions, the second halving the side, beside a halving 1x1 one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = EqualisedConv2d(inputs, inputs, 3)
        self.second = EqualisedConv2d(inputs, outputs, 3)
        self.skip = EqualisedConv2d(inputs, outputs, 1, bias=False)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H/2, W/2]`."""
        skipped: Tensor = self.skip(halved(maps))
        maps = activated(self.first(maps))
        maps = halving_convolution(maps, self.second.weight * self.second.scale)
        if self.second.bias is not None:
            maps = maps + self.second.bias.to(maps.dtype)[:, None, None]
        return (activated(maps) + skipped) * math.sqrt(0.5)


def activated(values: Tensor) -> Tensor:
    """A leaky ReLU that keeps the variance."""
    return F.leaky_relu(values, SLOPE) * GAIN
