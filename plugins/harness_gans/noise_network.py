"""Noise vectors to what a generator draws from: perceptrons with leaky ReLU."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

#: Slope of every leaky ReLU in generators and discriminators (GANSeg's code).
SLOPE = 0.2


class NoiseNetwork(nn.Module):
    """A perceptron from a noise vector to `outputs` values.

    Args:
        inputs: values of the noise.
        hidden: width of the hidden layers.
        layers: number of hidden layers, at least 1.
        outputs: values that come out, without activation.
    """

    def __init__(self, inputs: int, hidden: int, layers: int, outputs: int) -> None:
        super().__init__()
        widths = [inputs] + [hidden] * layers
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.output = nn.Linear(hidden, outputs)

    def forward(self, noise: Tensor) -> Tensor:
        """`[N, inputs]` to `[N, outputs]`."""
        for layer in self.hidden:
            noise = F.leaky_relu(layer(noise), SLOPE)
        return cast(Tensor, self.output(noise))
