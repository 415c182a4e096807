"""Tells real images from generated ones with residual blocks (after GANSeg's code)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError, ShapeError
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32

#: Added to a variance before its root is taken, whose slope at zero is not finite.
SMALLEST_VARIANCE = 1e-8


class ResidualDiscriminator(nn.Module):
    """Residual blocks that halve the side, then two linear layers.

    Args:
        channels: output channels of the blocks.
        depth: 3x3 convolutions of a block, the last with stride 2.
        hidden: width of the first linear layer.
        image_size: side in pixels.
        owner: the method, for messages.
        batch_deviation: show the last block how much the images of the batch differ.

    Raises:
        ConfigError: the image cannot be halved once for each block.
    """

    def __init__(
        self,
        channels: Sequence[int],
        *,
        depth: int,
        hidden: int,
        image_size: int,
        owner: str,
        batch_deviation: bool = False,
    ) -> None:
        super().__init__()
        widths = [3, *channels]
        blocks = len(widths) - 1
        if image_size % 2**blocks:
            raise ConfigError(
                f"{owner}: discriminator_channels has {blocks} blocks that halve the side, which "
                f"{image_size} pixels do not allow; give fewer channels or another image_size"
            )
        self.batch_deviation = batch_deviation
        pairs = list(pairwise(widths))
        if batch_deviation:
            pairs[-1] = (pairs[-1][0] + 1, pairs[-1][1])
        self.blocks = nn.ModuleList(HalvingBlock(a, b, depth) for a, b in pairs)
        left = image_size // 2**blocks
        self.hidden = nn.Linear(left * left * widths[-1], hidden)
        self.output = nn.Linear(hidden, 1)

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]`, -1 to 1, to logits float32 `[N]`, large for real."""
        maps = images
        for index, block in enumerate(self.blocks):
            if self.batch_deviation and index == len(self.blocks) - 1:
                maps = with_deviation(maps)
            maps = block(maps)
        hidden = F.leaky_relu(self.hidden(maps.flatten(1)), SLOPE)
        logits: Tensor = self.output(hidden)
        return at_least_float32(logits).squeeze(1)


class HalvingBlock(nn.Module):
    """Convolutions, the last with stride 2, beside a 1x1 convolution; their sum over root 2."""

    def __init__(self, inputs: int, outputs: int, depth: int) -> None:
        super().__init__()
        widths = [inputs] + [outputs] * (depth - 1)
        self.convolutions = nn.ModuleList(nn.Conv2d(a, outputs, 3, padding=1) for a in widths[:-1])
        self.halving = nn.Conv2d(widths[-1], outputs, 3, stride=2, padding=1)
        self.skip = nn.Conv2d(inputs, outputs, 1)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H/2, W/2]`."""
        # Stride 2 of a 1x1 convolution; differentiating that one twice crashes oneDNN in torch 2.15
        # for 3 channels in channels-last order.
        skipped: Tensor = self.skip(maps[..., ::2, ::2])
        for convolution in self.convolutions:
            maps = F.leaky_relu(convolution(maps), SLOPE)
        halved: Tensor = self.halving(maps)
        return (halved + skipped) * math.sqrt(0.5)


def with_deviation(maps: Tensor, group: int | None = None) -> Tensor:
    """The maps and one more that says how much the images of a group differ.

    Args:
        maps: `[N, C, H, W]`.
        group: images in a group, which divides N; image n is in group n modulo N / group. The whole
            batch is one group by default.

    Returns:
        `[N, C + 1, H, W]`; the last channel holds one number for all of a group: the standard
        deviation over its images (dividing by their number), averaged over channels and pixels.

    Raises:
        ShapeError: the group does not divide N.

    Source: Karras et al., 2018 (progressive growing), section 3.
    """
    count = len(maps)
    wide = at_least_float32(maps)
    if group is None:
        deviation = (wide.var(dim=0, correction=0) + SMALLEST_VARIANCE).sqrt().mean()
    elif count % group:
        raise ShapeError(f"maps has {count} images, expected a multiple of the group, {group}.")
    else:
        groups = wide.view(group, count // group, *wide.shape[1:])
        spread = (groups.var(dim=0, correction=0) + SMALLEST_VARIANCE).sqrt()
        deviation = spread.mean(dim=(1, 2, 3)).repeat(group)
    column = deviation.to(maps.dtype).reshape(-1, 1, 1, 1)
    constant = column.expand(count, 1, *maps.shape[2:])
    return torch.cat([maps, constant], dim=1).contiguous(memory_format=torch.channels_last)
