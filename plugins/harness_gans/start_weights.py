"""Start weights, drawn from a given generator so that nothing depends on a global seed."""

from __future__ import annotations

import math

import torch
from torch import nn

from harness_gans.noise_network import SLOPE


@torch.no_grad()
def draw_layer(layer: nn.Conv2d | nn.Linear, generator: torch.Generator) -> None:
    """Kaiming normal with fan-in and the gain of the leaky ReLU; the bias is 0 (GANSeg's code)."""
    nn.init.kaiming_normal_(layer.weight, a=SLOPE, generator=generator)
    if layer.bias is not None:
        layer.bias.zero_()


@torch.no_grad()
def draw_predictor(network: nn.Module, generator: torch.Generator, resnet: str) -> None:
    """Draw the convolutions of a network for real images in place, as torchvision draws them.

    ResNet: Kaiming normal with fan-out; all else: Kaiming uniform with a = root 5. Biases are 0.

    Args:
        network: with or without a ResNet inside.
        generator: source of all draws.
        resnet: start of the names of the ResNet's layers.
    """
    for name, part in network.named_modules():
        if isinstance(part, nn.Conv2d):
            if name.startswith(resnet):
                nn.init.kaiming_normal_(
                    part.weight, mode="fan_out", nonlinearity="relu", generator=generator
                )
            else:
                nn.init.kaiming_uniform_(part.weight, a=math.sqrt(5), generator=generator)
            if part.bias is not None:
                part.bias.zero_()
