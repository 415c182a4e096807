"""Start weights of both networks, drawn from a given source of randomness."""

from __future__ import annotations

import torch
from torch import nn

from harness_gans.equalised import EqualisedConv2d, EqualisedLinear
from harness_gans.stylegan2.generator import Generator, Synthesis
from harness_gans.stylegan2.modulation import ColourLayer, StyledLayer

#: Latents from which the mean of w is measured before anything is learned.
MEAN_LATENTS = 10_000


@torch.no_grad()
def draw_weights(network: nn.Module, generator: torch.Generator) -> None:
    """Draw all weights in place: N(0, 1), biases constant, noise silent; then measure the mean."""
    for part in network.modules():
        if isinstance(
            part, EqualisedConv2d | EqualisedLinear | StyledLayer | ColourLayer | Synthesis
        ):
            part.draw(generator)
    if isinstance(network, Generator):
        network.measure_mean(MEAN_LATENTS, generator)
