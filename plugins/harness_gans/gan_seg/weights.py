"""Start weights, drawn from a given generator so that nothing depends on a global seed."""

from __future__ import annotations

import torch
from torch import nn

from harness_gans.gan_seg.generator import ConstantStart
from harness_gans.gan_seg.point_generator import PointGenerator
from harness_gans.start_weights import draw_layer


@torch.no_grad()
def draw_weights(module: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of a generator or discriminator in place.

    Kaiming normal with fan-in and the gain of the leaky ReLU, biases 0, embeddings and constant
    starts N(0, 1) (code); point networks get the layout of their configuration.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            draw_layer(part, generator)
        elif isinstance(part, ConstantStart):
            part.values.normal_(generator=generator)
    for part in module.modules():
        if isinstance(part, PointGenerator):
            part.constants.normal_(generator=generator)
            part.spread(generator)
