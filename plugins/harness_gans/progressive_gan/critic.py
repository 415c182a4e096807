"""The critic: an image at any of its sides to one number (table 2)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.equalised import EqualisedConv2d, EqualisedLinear
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32
from harness_gans.progressive_gan.generator import GAIN
from harness_gans.residual_discriminator import with_deviation
from harness_gans.widths import START_SIDE


class Critic(nn.Module):
    """Colours to maps at every side, blocks that halve the side, then two linear layers.

    Args:
        channels: of the maps at 4, 8, 16 ... pixels.
        group: images among which the deviation is taken; a batch is a multiple, or smaller.
    """

    def __init__(self, channels: Sequence[int], group: int) -> None:
        super().__init__()
        self.group = group
        last = channels[0]
        self.colours = nn.ModuleList(EqualisedConv2d(3, w, 1, gain=GAIN) for w in channels)
        self.blocks = nn.ModuleList(HalvingBlock(b, a) for a, b in pairwise(channels))
        self.last = EqualisedConv2d(last + 1, last, 3, gain=GAIN)
        self.hidden = EqualisedLinear(last * START_SIDE**2, last, gain=GAIN)
        self.output = EqualisedLinear(last, 1)

    def forward(self, images: Tensor, fade: float = 1.0) -> Tensor:
        """How real images are.

        Args:
            images: `[N, 3, S, S]`, -1 to 1, at one of the sides.
            fade: share of what the layers of this side see; the rest is the halved image.

        Returns:
            float32 `[N]`, large for real.

        Raises:
            ShapeError: N is no multiple of the group.
        """
        stage = (images.shape[-1] // START_SIDE).bit_length() - 1
        maps = F.leaky_relu(self.colours[stage](images), SLOPE)
        for index in reversed(range(stage)):
            maps = self.blocks[index](maps)
            if index == stage - 1 and fade < 1.0:
                coarse = F.leaky_relu(self.colours[index](F.avg_pool2d(images, 2)), SLOPE)
                maps = torch.lerp(coarse, maps, fade)
        maps = with_deviation(maps, min(self.group, len(maps)))
        maps = F.leaky_relu(self.last(maps), SLOPE)
        hidden = F.leaky_relu(self.hidden(maps.flatten(1)), SLOPE)
        values: Tensor = self.output(hidden)
        return at_least_float32(values).squeeze(1)


class HalvingBlock(nn.Module):
    """Two 3x3 convolutions, then means of 2x2 pixels."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            EqualisedConv2d(inputs, width, 3, gain=GAIN) for width in (inputs, outputs)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H/2, W/2]`."""
        for convolution in self.convolutions:
            maps = F.leaky_relu(convolution(maps), SLOPE)
        return F.avg_pool2d(maps, 2)
