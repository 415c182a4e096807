"""The networks of the perceptual loss by name, and where their weights come from.

`vgg19_imagenet` and `vgg16_colour` are the two of the paper and need weights that cannot be
shipped. `rotation_net` is trained on the spot: which of four quarter turns was an image given? It
needs neither labels nor a download, and is a stand-in under its own name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal

from torch import Tensor, nn

NetName = Literal["vgg19_imagenet", "vgg16_colour", "rotation_net", "pixels"]


class FeatureNet(nn.Module, ABC):
    """A network that gives features of an image at several depths.

    Attributes:
        layers: how many.
    """

    layers: int = 0

    @abstractmethod
    def forward(self, images: Tensor) -> list[Tensor]:
        """Features of images `[N, 3, H, W]` from 0 to 255, shallow to deep, each `[N, C, h, w]`."""


class Pixels(FeatureNet):
    """No features: the loss then compares the images alone."""

    def forward(self, images: Tensor) -> list[Tensor]:
        """Nothing."""
        return []


def build_net(name: NetName) -> FeatureNet:
    """A network by name, with its weights where they are not trained on the spot.

    Raises:
        AssetMissing: the weights are not on this machine.
        DataError: the weights' file is damaged or of another network.
    """
    return NETS[name]()


def _vgg19_imagenet() -> FeatureNet:
    from harness.vision.perceptual.vgg import vgg19_imagenet

    return vgg19_imagenet()


def _vgg16_colour() -> FeatureNet:
    from harness.vision.perceptual.vgg import vgg16_colour

    return vgg16_colour()


def _rotation_net() -> FeatureNet:
    from harness.vision.perceptual.rotation import RotationNet

    return RotationNet()


#: Every network by its name in configurations.
NETS: dict[NetName, Callable[[], FeatureNet]] = {
    "vgg19_imagenet": _vgg19_imagenet,
    "vgg16_colour": _vgg16_colour,
    "rotation_net": _rotation_net,
    "pixels": Pixels,
}
