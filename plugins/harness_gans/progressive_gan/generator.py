"""The generator: z to an image, at any of its sides (table 2)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.equalised import EqualisedConv2d, normalised
from harness_gans.noise_network import SLOPE
from harness_gans.widths import START_SIDE

#: He's gain of a convolution that a leaky ReLU follows (section 4.1).
GAIN = math.sqrt(2.0)


class Generator(nn.Module):
    """A start of 4 pixels, then blocks that double the side; colours from every side.

    The length of z makes no difference, because z is normalised.

    Args:
        noise_size: values of z.
        channels: of the maps at 4, 8, 16 ... pixels.

    Attributes:
        sides: at which it can draw.
    """

    def __init__(self, noise_size: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.noise_size = noise_size
        self.sides = [START_SIDE << step for step in range(len(channels))]
        self.start = Start(noise_size, channels[0])
        self.first = EqualisedConv2d(channels[0], channels[0], 3, gain=GAIN)
        self.blocks = nn.ModuleList(DoublingBlock(a, b) for a, b in pairwise(channels))
        self.colours = nn.ModuleList(EqualisedConv2d(width, 3, 1) for width in channels)

    def forward(self, z: Tensor, side: int | None = None, fade: float = 1.0) -> Tensor:
        """Images of latents.

        Args:
            z: `[N, noise_size]`, N(0, 1).
            side: in pixels; the largest by default.
            fade: share of the colours of this side; the rest is the side before, doubled.

        Returns:
            `[N, 3, side, side]`, about -1 to 1.
        """
        stage = self.sides.index(side or self.sides[-1])
        maps = activated(self.start(normalised(z)))
        maps = activated(self.first(maps))
        before = maps
        for block in self.blocks[:stage]:
            before, maps = maps, block(maps)
        images: Tensor = self.colours[stage](maps)
        if fade < 1.0 and stage:
            coarse: Tensor = self.colours[stage - 1](before)
            images = doubled(coarse).lerp(images, fade)
        return images


class Start(nn.Module):
    """z to maps of 4 pixels by a linear layer with one bias a channel; gain root 2 / 4."""

    def __init__(self, noise_size: int, channels: int) -> None:
        super().__init__()
        self.scale = GAIN / (START_SIDE * math.sqrt(noise_size))
        self.weight = nn.Parameter(torch.randn(channels, noise_size, START_SIDE, START_SIDE))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, z: Tensor) -> Tensor:
        """`[N, noise_size]` to `[N, channels, 4, 4]`."""
        drawn = torch.einsum("nz,czij->ncij", z, self.weight * self.scale)
        return drawn + self.bias.to(drawn.dtype)[:, None, None]

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start weights again."""
        self.weight.normal_(generator=generator)
        self.bias.zero_()


class DoublingBlock(nn.Module):
    """Doubles the side, then two 3x3 convolutions."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            EqualisedConv2d(width, outputs, 3, gain=GAIN) for width in (inputs, outputs)
        )

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, 2H, 2W]`."""
        maps = doubled(maps)
        for convolution in self.convolutions:
            maps = activated(convolution(maps))
        return maps


def activated(maps: Tensor) -> Tensor:
    """A leaky ReLU, then the pixel norm (section 4.2)."""
    return normalised(F.leaky_relu(maps, SLOPE))


def doubled(maps: Tensor) -> Tensor:
    """Every pixel four times."""
    return F.interpolate(maps, scale_factor=2, mode="nearest")
