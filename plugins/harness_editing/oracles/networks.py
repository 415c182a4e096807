"""The networks of oracles: a body of any kind, and one linear layer that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from harness_editing.oracles.config import PLAIN, RESIDUAL, OracleConfig

#: Channels and strides of the plain network's convolutions.
PLAIN_CHANNELS = ((32, 2), (48, 1), (64, 2), (64, 1), (96, 2))
#: Channels and strides of the residual network's first convolution and of its blocks.
RESIDUAL_CHANNELS = ((32, 2), (32, 1), (64, 2), (96, 2))
#: Side of the maps that the linear layers see, so that they know where something is, and how many
#: features they make of them.
PLACES, FEATURES = 4, 128


class OracleNetwork(nn.Module):
    """A body with a linear layer on top.

    Args:
        body: images `[N, 3, S, S]`, -1 to 1, to features `[N, features]`.
        features: how many it gives.
        outputs: C, how many numbers the network answers with.
    """

    def __init__(self, body: nn.Module, features: int, outputs: int) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(features, outputs)

    def forward(self, images: Tensor) -> Tensor:
        """Numbers `[N, C]` of images `[N, 3, S, S]`, -1 to 1."""
        answers: Tensor = self.head(self.body(images))
        return answers


class Block(nn.Module):
    """Two convolutions with batch norm, added to their input (He et al. 2016, fig. 2).

    Args:
        inputs: channels.
        outputs: channels.
        stride: of the first convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            *_layers(inputs, outputs, stride),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.way: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            shortcut = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.way = nn.Sequential(shortcut, nn.BatchNorm2d(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        """Maps `[N, C, H, W]` to maps of the outputs' channels, smaller by the stride."""
        return F.relu(self.change(maps) + self.way(maps))


def build_network(config: OracleConfig, image_size: int, outputs: int) -> OracleNetwork:
    """The network that a configuration names, with random weights.

    Args:
        config: its `network`.
        image_size: side in pixels of the images.
        outputs: C, how many numbers it answers with.
    """
    if config.network == PLAIN:
        return OracleNetwork(_plain(), FEATURES, outputs)
    if config.network == RESIDUAL:
        return OracleNetwork(_residual(), FEATURES, outputs)
    from harness_editing.oracles.timm_body import TimmBody

    body = TimmBody(config.network, image_size)
    return OracleNetwork(body, body.features, outputs)


@contextmanager
def drawn_from(generator: Generator) -> Iterator[None]:
    """Layers built in here get start weights from a generator, which is left as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(generator.get_state())
        yield


def _layers(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def _features(width: int) -> list[nn.Module]:
    """Layers from maps of so many channels to the features."""
    flat = [nn.AdaptiveAvgPool2d(PLACES), nn.Flatten()]
    return [*flat, nn.Linear(width * PLACES**2, FEATURES), nn.ReLU()]


def _plain() -> nn.Module:
    layers: list[nn.Module] = []
    width = 3
    for channels, stride in PLAIN_CHANNELS:
        layers += _layers(width, channels, stride)
        width = channels
    return nn.Sequential(*layers, *_features(width))


def _residual() -> nn.Module:
    (width, stride), *blocks = RESIDUAL_CHANNELS
    layers = _layers(3, width, stride)
    for channels, stride in blocks:
        layers.append(Block(width, channels, stride))
        width = channels
    return nn.Sequential(*layers, *_features(width))
