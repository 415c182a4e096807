"""Published generators in the layout of the PyTorch port github.com/rosinality/stylegan2-pytorch.

A checkpoint of the port holds the averaged generator as `g_ema` and, when it was converted from the
official files, the mean of w as `latent_avg`. In `g_ema`:

| ours                                  | the port's                                              |
|---------------------------------------|---------------------------------------------------------|
| `mapping.layers.0`                    | `style.1`, after the normalisation `style.0`            |
| `synthesis.start`                     | `input.input`                                           |
| `synthesis.layers.0`, `.1`, `.2` ...  | `conv1`, `convs.0`, `convs.1` ...                       |
| `synthesis.colours.0`, `.1`, `.2` ... | `to_rgb1`, `to_rgbs.0`, `to_rgbs.1` ...                 |
| `synthesis.noise_0` ...               | `noises.noise_0` ...                                    |
| `style`, `weight` of a layer          | `conv.modulation`, `conv.weight` (with a first side 1)  |
| `loudness`, `bias` of a styled layer  | `noise.weight`, `activate.bias`                         |
| `bias` of colours                     | `bias`                                                  |

Kernels of filters (`...blur.kernel`, `...upsample.kernel`) are constants and not read. The port's
files come in the same orientation of kernels and with the same scales as ours.
"""

from __future__ import annotations

from pathlib import Path

import torch

from harness_gans.published_weights import fill, read_weights
from harness_gans.stylegan2.config import OWNER
from harness_gans.stylegan2.generator import Generator

#: Latents from which the mean of w is measured where the file has none, and their seed.
MEAN_LATENTS, MEAN_SEED = 10_000, 123
#: Where a checkpoint keeps the averaged generator and the mean of w.
AVERAGED, MEAN = "g_ema.", "latent_avg"


@torch.no_grad()
def load_published(generator: Generator, path: Path) -> None:
    """Fill a generator from a file; its mean of w is measured where the file has none.

    Args:
        generator: of the file's image size and channels.
        path: a checkpoint of the port, or its averaged generator alone, as `read_weights` reads it.

    Raises:
        AssetMissing: the file is not there.
        DataError: it cannot be read, or its generator is another one.
    """
    read = read_weights(path, OWNER)
    averaged = {k.removeprefix(AVERAGED): v for k, v in read.items() if k.startswith(AVERAGED)}
    weights = averaged or read
    names = names_in_port(generator)
    if MEAN in read:
        weights = {**weights, MEAN: read[MEAN]}
        names["mean"] = MEAN
    fill(generator, weights, names, path)
    if MEAN not in read:
        generator.measure_mean(MEAN_LATENTS, torch.Generator().manual_seed(MEAN_SEED))


def names_in_port(generator: Generator) -> dict[str, str]:
    """The port's name of every tensor of a generator but the mean."""
    names = {}
    for name in generator.state_dict():
        if name != "mean":
            names[name] = _name_in_port(name)
    return names


def _name_in_port(name: str) -> str:
    part, *rest = name.removeprefix("synthesis.").split(".")
    if part == "mapping":
        _, layer, kind = rest
        return f"style.{int(layer) + 1}.{kind}"
    if part == "start":
        return "input.input"
    if part.startswith("noise_"):
        return f"noises.{part}"
    index, tensor = int(rest[0]), ".".join(rest[1:])
    one, many = ("conv1", "convs") if part == "layers" else ("to_rgb1", "to_rgbs")
    owner = f"{many}.{index - 1}" if index else one
    return f"{owner}.{_tensor_in_port(part, tensor)}"


def _tensor_in_port(part: str, tensor: str) -> str:
    bias = "activate.bias" if part == "layers" else "bias"
    table = {
        "style.weight": "conv.modulation.weight",
        "style.bias": "conv.modulation.bias",
        "weight": "conv.weight",
        "loudness": "noise.weight",
        "bias": bias,
    }
    return table[tensor]
