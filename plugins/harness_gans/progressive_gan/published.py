"""Published generators in the layout of the PyTorch port in github.com/genforce/interfacegan.

A file of the port is a state dict of one generator of side S, whose layers are numbered in pairs:

| ours                            | the port's                                                    |
|---------------------------------|---------------------------------------------------------------|
| `start`                         | `layer1`, a 4x4 convolution of one pixel, so that its kernels |
|                                 | lie the other way round in both directions                    |
| `first`                         | `layer2`                                                      |
| `blocks.i.convolutions.0`, `.1` | `layer{2i + 3}`, `layer{2i + 4}`                              |
| the last of `colours`           | `output_{S}x{S}`                                              |
| `weight`, `bias` of any         | `conv.weight`, `wscale.bias`                                  |

The colours of smaller sides are in no such file; they draw nothing at the largest side.
"""

from __future__ import annotations

from pathlib import Path

import torch

from harness_gans.progressive_gan.config import OWNER
from harness_gans.progressive_gan.generator import Generator
from harness_gans.published_weights import fill, read_weights

#: The port's names of the two tensors of a layer.
TENSORS = {"weight": "conv.weight", "bias": "wscale.bias"}
#: The weight whose kernels are turned.
TURNED = "layer1.conv.weight"


@torch.no_grad()
def load_published(generator: Generator, path: Path) -> None:
    """Fill a generator from a file.

    Args:
        generator: of the file's image size and channels.
        path: a state dict of the port, as `read_weights` reads it.

    Raises:
        AssetMissing: the file is not there.
        DataError: it cannot be read, or its generator is another one.
    """
    weights = read_weights(path, OWNER)
    if TURNED in weights:
        weights[TURNED] = weights[TURNED].flip(-2, -1)
    fill(generator, weights, names_in_port(generator), path)


def names_in_port(generator: Generator) -> dict[str, str]:
    """The port's name of every tensor that draws at the largest side."""
    side = generator.sides[-1]
    layers = {"start": "layer1", "first": "layer2"}
    for index in range(len(generator.blocks)):
        for half in (0, 1):
            layers[f"blocks.{index}.convolutions.{half}"] = f"layer{2 * index + 3 + half}"
    layers[f"colours.{len(generator.blocks)}"] = f"output_{side}x{side}"
    return {
        f"{own}.{tensor}": f"{theirs}.{name}"
        for own, theirs in layers.items()
        for tensor, name in TENSORS.items()
    }
