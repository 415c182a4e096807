"""Start weights of both networks, drawn from a given source of randomness."""

from __future__ import annotations

import torch
from torch import nn

from harness_gans.equalised import EqualisedConv2d, EqualisedLinear
from harness_gans.progressive_gan.generator import Start


@torch.no_grad()
def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights in place: N(0, 1); biases are 0."""
    for part in network.modules():
        if isinstance(part, EqualisedConv2d | EqualisedLinear | Start):
            part.draw(generator)
