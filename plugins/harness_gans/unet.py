"""A small U-Net that says something about every pixel."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class UNet(nn.Module):
    """A small U-Net with three halvings, for the small presets.

    Args:
        outputs: output channels.
        channels: at full resolution; doubled at each of the first two halvings.
    """

    def __init__(self, outputs: int, channels: int) -> None:
        super().__init__()
        widths = [channels, 2 * channels, 4 * channels, 4 * channels]
        self.down = nn.ModuleList(
            Convolutions(a, b) for a, b in zip([3, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(
            Convolutions(widths[i + 1] + widths[i], widths[i]) for i in reversed(range(3))
        )
        self.output = nn.Conv2d(channels, outputs, 1)

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]`, -1 to 1, to `[N, outputs, H, W]`; sides divisible by 8."""
        maps, passed = images, []
        for block in self.down:
            maps = block(maps)
            passed.append(maps)
            maps = F.avg_pool2d(maps, 2)
        maps = passed.pop()
        for block in self.up:
            maps = F.interpolate(maps, scale_factor=2, mode="nearest")
            maps = block(torch.cat([maps, passed.pop()], dim=1))
        return cast(Tensor, self.output(maps))


class Convolutions(nn.Module):
    """Two 3x3 convolutions with batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H, W]`."""
        maps = F.relu(self.first_norm(self.first(maps)), inplace=True)
        return F.relu(self.second_norm(self.second(maps)), inplace=True)
