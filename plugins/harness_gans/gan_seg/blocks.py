"""The blocks of levels 2 and 3: SPADE blocks and AdaIN convolution blocks (paper B.2 and B.3)."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.gan_seg.conditioning import Conditioning
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.modulation import Head, normalisation
from harness_gans.noise_network import SLOPE
from harness_gans.trimming import convolved, trimmed

#: Width of the network from a style vector to scales and shifts (code).
STYLE_CHANNELS = 128


class SpadeBlock(nn.Module):
    """Convolutions whose inputs are normalised and then scaled and shifted per pixel.

    `residual` (paper): two modulated convolutions beside a shortcut that is the identity where
    the channels agree, else a third modulated convolution without activation.
    `single`: one modulated convolution and no shortcut.

    The first convolutions of all modulations read the same map, so they are one convolution; so
    are those of scale and shift; the two modulations of the block's input share its normalisation.

    Args:
        config: kind of block, hidden channels, kernels.
        inputs: channels of the block's input.
        outputs: channels of its output.
    """

    def __init__(self, config: GanSegConfig, inputs: int, outputs: int) -> None:
        super().__init__()
        self.hidden = config.spade_channels
        self.residual = config.block == "residual"
        widths = [inputs, min(inputs, outputs), outputs] if self.residual else [inputs, outputs]
        modulated = widths[:-1]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths)
        )
        self.normalisations = nn.ModuleList(normalisation(width) for width in modulated)
        self.has_shortcut = self.residual and inputs != outputs
        if self.has_shortcut:
            modulated = [*modulated, inputs]
            self.shortcut = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.spread = nn.Conv2d(config.embedding_size, self.hidden * len(modulated), 3, padding=1)
        self.heads = nn.ModuleList(
            Head(self.hidden, width, config.spade_head_kernel) for width in modulated
        )

    def forward(self, maps: Tensor, conditioning: Conditioning, unneeded: int) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H - 2 unneeded, W - 2 unneeded]`."""
        hidden = F.leaky_relu(conditioning.convolved(self.spread), SLOPE, inplace=True)
        hiddens = torch.split(hidden, self.hidden, dim=1)
        # The last convolutions read one pixel around what they write.
        halo = max(0, unneeded - 1)
        normalised = self.normalisations[0](maps)
        if not self.residual:
            active = F.leaky_relu(self.heads[0](normalised, hiddens[0], halo), SLOPE)
            return self._convolved(0, active, unneeded - halo)
        active = F.leaky_relu(self.heads[0](normalised, hiddens[0]), SLOPE)
        middle = self.normalisations[1](self._convolved(0, active))
        active = F.leaky_relu(self.heads[1](middle, hiddens[1], halo), SLOPE)
        output = self._convolved(1, active, unneeded - halo)
        if not self.has_shortcut:
            return output + trimmed(maps, unneeded)
        side = self.heads[2](normalised, hiddens[2], halo)
        return output + convolved(self.shortcut, side, unneeded - halo)

    def _convolved(self, index: int, maps: Tensor, unneeded: int = 0) -> Tensor:
        return convolved(cast(nn.Conv2d, self.convolutions[index]), maps, unneeded)


class AdainBlock(nn.Module):
    """A convolution whose input is normalised, scaled and shifted by one style vector an image.

    Args:
        config: size of the style vector.
        inputs: channels of the block's input.
        outputs: channels of its output.
    """

    def __init__(self, config: GanSegConfig, inputs: int, outputs: int) -> None:
        super().__init__()
        self.style = nn.Linear(config.embedding_size, STYLE_CHANNELS)
        self.both = nn.Linear(STYLE_CHANNELS, 2 * inputs)
        self.normalisation = normalisation(inputs)
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, maps: Tensor, style: Tensor, unneeded: int) -> Tensor:
        """`[N, inputs, H, W]` and `[N, E]` to `[N, outputs, H - 2 unneeded, W - 2 unneeded]`."""
        halo = max(0, unneeded - 1)
        hidden = F.leaky_relu(self.style(style), SLOPE)
        scale, shift = self.both(hidden)[:, :, None, None].chunk(2, dim=1)
        normalised = trimmed(self.normalisation(maps), halo)
        active = F.leaky_relu(torch.addcmul(shift, scale + 1.0, normalised), SLOPE)
        return convolved(self.convolution, active, unneeded - halo)
