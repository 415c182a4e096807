"""Start weights of the generator, drawn from a given source of randomness."""

from __future__ import annotations

import torch
from torch import nn

from harness_gans.latent_keypoint_gan.generator import Generator
from harness_gans.start_weights import draw_layer


@torch.no_grad()
def draw_weights(network: Generator, generator: torch.Generator) -> None:
    """Draw all weights in place: Kaiming's (App. B), constants and the constant start N(0, 1)."""
    for part in network.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            draw_layer(part, generator)
    network.start.normal_(generator=generator)
    network.keypoints.draw_start(generator)
