"""Convolutions whose weights a style scales, image by image (StyleGAN2, section 2.2)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.equalised import EqualisedLinear
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32
from harness_gans.stylegan2.resampling import doubling_convolution

#: Keeps the variance of a normal variable through a leaky ReLU with a small slope.
GAIN = math.sqrt(2.0)
#: Added to a sum of squared weights before its root is taken (eq. 3).
SMALLEST_SUM = 1e-8


def modulated_convolution(
    maps: Tensor, weight: Tensor, styles: Tensor, *, demodulate: bool = True, double: bool = False
) -> Tensor:
    """Convolve every image with its own weights w'_oik = s_i w_oik, each output at unit length.

    As a convolution is linear, scaling its inputs by s_i is the same as scaling its weights (eq.
    1), and dividing its outputs by the length of w'_o the same as dividing the weights (eq. 3). So
    one convolution serves all images.

    Args:
        maps: `[N, I, H, W]`.
        weight: `[O, I, k, k]`, k odd.
        styles: s, `[N, I]`.
        demodulate: divide by the length.
        double: double the side; k is 3 then.

    Returns:
        `[N, O, H, W]`, or twice the side.
    """
    scaled = maps * styles.to(maps.dtype)[:, :, None, None]
    if double:
        drawn = doubling_convolution(scaled, weight)
    else:
        drawn = F.conv2d(scaled, weight, padding=weight.shape[-1] // 2)
    if not demodulate:
        return drawn
    with torch.autocast(maps.device.type, enabled=False):
        energy = at_least_float32(weight).square().sum(dim=(2, 3))
        squares = at_least_float32(styles).square() @ energy.T
        factor = torch.rsqrt(squares + SMALLEST_SUM)
    return drawn * factor.to(drawn.dtype)[:, :, None, None]


class StyledLayer(nn.Module):
    """A modulated 3x3 convolution, noise, a bias and a leaky ReLU (fig. 2d).

    Args:
        inputs: channels that come in.
        outputs: channels that come out.
        style_size: values of w.
        noise: add noise, as loud as is learned; it is silent at the start.
        double: double the side.
    """

    loudness: nn.Parameter | None

    def __init__(
        self, inputs: int, outputs: int, style_size: int, *, noise: bool, double: bool
    ) -> None:
        super().__init__()
        self.doubles = double
        self.scale = 1.0 / (3 * math.sqrt(inputs))
        self.style = EqualisedLinear(style_size, inputs, start=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.register_parameter("loudness", nn.Parameter(torch.zeros(())) if noise else None)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, maps: Tensor, w: Tensor, noise: Tensor | None) -> Tensor:
        """Maps at the same or twice the side.

        Args:
            maps: `[N, inputs, H, W]`.
            w: `[N, style_size]`.
            noise: `[N or 1, 1, H, W]` at the side that comes out; unused by a layer without noise.
        """
        drawn = modulated_convolution(
            maps, self.weight * self.scale, self.style(w), double=self.doubles
        )
        if self.loudness is not None and noise is not None:
            drawn = drawn + (self.loudness * noise).to(drawn.dtype)
        drawn = drawn + self.bias.to(drawn.dtype)[:, None, None]
        return F.leaky_relu(drawn, SLOPE) * GAIN

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start weights again, those of `style` aside."""
        self.weight.normal_(generator=generator)
        self.bias.zero_()
        if self.loudness is not None:
            self.loudness.zero_()


class ColourLayer(nn.Module):
    """A modulated 1x1 convolution to red, green and blue, which is not demodulated (fig. 7b).

    Args:
        inputs: channels that come in.
        style_size: values of w.
    """

    def __init__(self, inputs: int, style_size: int) -> None:
        super().__init__()
        self.scale = 1.0 / math.sqrt(inputs)
        self.style = EqualisedLinear(style_size, inputs, start=1.0)
        self.weight = nn.Parameter(torch.randn(3, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, maps: Tensor, w: Tensor) -> Tensor:
        """`[N, inputs, H, W]` and `[N, style_size]` to `[N, 3, H, W]`."""
        weight = self.weight * self.scale
        drawn = modulated_convolution(maps, weight, self.style(w), demodulate=False)
        return drawn + self.bias.to(drawn.dtype)[:, None, None]

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start weights again, those of `style` aside."""
        self.weight.normal_(generator=generator)
        self.bias.zero_()
