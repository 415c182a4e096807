"""Tells real images from generated ones (not described in the paper; after its code)."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.point_generator import SLOPE
from harness_gans.gan_seg.precision import at_least_float32


class Discriminator(nn.Module):
    """Residual blocks that halve the side, then two linear layers.

    Args:
        config: channels of the blocks, convolutions in each, hidden width.
        image_size: side in pixels.

    Raises:
        ConfigError: the image cannot be halved once for each block.
    """

    def __init__(self, config: GanSegConfig, image_size: int) -> None:
        super().__init__()
        widths = [3, *config.discriminator_channels]
        blocks = len(widths) - 1
        if image_size % 2**blocks:
            raise ConfigError(
                f"gan_seg: discriminator_channels has {blocks} blocks that halve the side, which "
                f"{image_size} pixels do not allow; give fewer channels or another image_size"
            )
        depth = config.discriminator_convolutions
        self.blocks = nn.ModuleList(HalvingBlock(a, b, depth) for a, b in pairwise(widths))
        left = image_size // 2**blocks
        self.hidden = nn.Linear(left * left * widths[-1], config.discriminator_hidden)
        self.output = nn.Linear(config.discriminator_hidden, 1)

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]`, -1 to 1, to logits float32 `[N]`, large for real."""
        for block in self.blocks:
            images = block(images)
        hidden = F.leaky_relu(self.hidden(images.flatten(1)), SLOPE)
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
