"""Layers with weights N(0, 1), scaled where they are used (Karras et al., 2018, section 4.1).

Adam's steps do not depend on the scale of a gradient, so weights that are stored at one scale learn
at one pace, whatever the fan-in of their layer.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.precision import at_least_float32

#: Added to a mean square before its root is taken (both papers' code).
SMALLEST_SQUARE = 1e-8


class EqualisedLinear(nn.Module):
    """x W^T c + b r with W ~ N(0, 1) / r and c = gain r / root of the fan-in.

    Args:
        inputs: values that come in.
        outputs: values that come out.
        gain: standard deviation of an output at the start, for inputs N(0, 1).
        rate: r, by which weights and biases learn slower than others.
        start: the bias at the start, as it is added.
    """

    def __init__(
        self, inputs: int, outputs: int, *, gain: float = 1.0, rate: float = 1.0, start: float = 0.0
    ) -> None:
        super().__init__()
        self.scale = gain * rate / math.sqrt(inputs)
        self.rate, self.start = rate, start
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = nn.Parameter(torch.full((outputs,), start / rate))

    def forward(self, values: Tensor) -> Tensor:
        """`[N, inputs]` to `[N, outputs]`."""
        return F.linear(values, self.weight * self.scale, self.bias * self.rate)

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start weights again."""
        self.weight.normal_(generator=generator).div_(self.rate)
        self.bias.fill_(self.start / self.rate)


class EqualisedConv2d(nn.Module):
    """A convolution that keeps the side, with weights N(0, 1) times gain / root of the fan-in.

    Args:
        inputs: channels that come in.
        outputs: channels that come out.
        kernel: side of the kernel in pixels, odd.
        gain: standard deviation of an output at the start, for inputs N(0, 1).
        bias: add a learned constant to every channel.
    """

    bias: nn.Parameter | None

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, gain: float = 1.0, bias: bool = True
    ) -> None:
        super().__init__()
        self.scale = gain / (kernel * math.sqrt(inputs))
        self.padding = kernel // 2
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.register_parameter("bias", nn.Parameter(torch.zeros(outputs)) if bias else None)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H, W]`."""
        return F.conv2d(maps, self.weight * self.scale, self.bias, padding=self.padding)

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start weights again."""
        self.weight.normal_(generator=generator)
        if self.bias is not None:
            self.bias.zero_()


def normalised(values: Tensor) -> Tensor:
    """Values divided by the root of their mean square over dimension 1.

    For latents `[N, D]` it is the normalisation of the input, for maps `[N, C, H, W]` the pixel
    norm (Karras et al., 2018, section 4.2). The result has the input's type.
    """
    square = at_least_float32(values).square().mean(dim=1, keepdim=True)
    return values * torch.rsqrt(square + SMALLEST_SQUARE).to(values.dtype)
