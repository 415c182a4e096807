"""The two VGG networks of the perceptual loss, with weights from documented places.

- `vgg19_imagenet`: torchvision's VGG-19, file `vgg19-dcbb9e9d.pth` in torch's folder of downloaded
  weights (`harness doctor` names it).
- `vgg16_colour`: the colourisation network of Larsson et al., 2017, which sees grey images; file
  `vgg16.caffemodel.h5` in the same folder, read with h5py (`pip install 'harness[vgg]'`).

Neither is fetched by the harness.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from harness.errors import AssetMissing, DataError
from harness.training.modules import untouched_randomness
from harness.vision import weights
from harness.vision.perceptual.nets import FeatureNet, NetName

#: Channels of the convolutions, by group; a 2 x 2 maximum lies between groups.
VGG16_GROUPS = ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3)
VGG19_GROUPS = ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4)
#: The convolution of each group whose output (after ReLU) counts: conv1_2, conv2_2, ... conv5_2.
COUNTED = 2
#: What ImageNet networks subtract and divide by, of images from 0 to 1.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
#: What the colourisation network subtracts from grey values of 0 to 255.
COLOUR_MEAN = 114.451
#: Added to the stored variances (its batch norm).
COLOUR_EPSILON = 1e-5
#: Where each network's file comes from; the last part is its name in torch's folder.
HOMES: dict[NetName, str] = {
    # The name ends with the first digits of the file's sha256, as torchvision's all do.
    "vgg19_imagenet": "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    "vgg16_colour": "https://www.robots.ox.ac.uk/~vgg/research/unsupervised_landmarks/resources/"
    "vgg16.caffemodel.h5",
}


class Vgg(FeatureNet):
    """The convolutions of a VGG network up to the last layer that counts.

    Args:
        groups: channels of the convolutions, by group.
        grey: the network sees the mean of red, green and blue.
        last: which convolution of the last group is the last that counts.
    """

    layers = 5
    shift: Tensor
    scale: Tensor

    def __init__(
        self, groups: tuple[tuple[int, ...], ...], *, grey: bool, last: int = COUNTED
    ) -> None:
        super().__init__()
        self.grey = grey
        self.counted = (*(COUNTED for _ in groups[1:]), last)
        width = 1 if grey else 3
        with untouched_randomness():
            self.groups = nn.ModuleList()
            for number, channels in enumerate(groups):
                is_last = number == len(groups) - 1
                group = nn.ModuleList()
                for wide in channels[:last] if is_last else channels:
                    group.append(nn.Conv2d(width, wide, 3, padding=1))
                    width = wide
                self.groups.append(group)
        shift = (COLOUR_MEAN / 255.0,) if grey else IMAGENET_MEAN
        scale = (1.0,) if grey else IMAGENET_STD
        self.register_buffer("shift", torch.tensor(shift)[:, None, None])
        self.register_buffer("scale", torch.tensor(scale)[:, None, None])

    def forward(self, images: Tensor) -> list[Tensor]:
        """conv1_2, conv2_2, conv3_2, conv4_2 and conv5_2 (or the `last` of it), after ReLU."""
        values = images.mean(dim=1, keepdim=True) if self.grey else images
        values = (values / 255.0 - self.shift) / self.scale
        outputs = []
        for number, group in enumerate(self.groups):
            values = nn.functional.max_pool2d(values, 2) if number else values
            for place, convolution in enumerate(group.children(), start=1):
                values = torch.relu(convolution(values))
                if place == self.counted[number]:
                    outputs.append(values)
        return outputs

    def convolutions(self) -> list[tuple[str, nn.Conv2d]]:
        """Names such as `conv3_2` with their layers, in order."""
        return [
            (f"conv{number}_{place}", cast(nn.Conv2d, convolution))
            for number, group in enumerate(self.groups, start=1)
            for place, convolution in enumerate(group.children(), start=1)
        ]


def vgg19_imagenet(last: int = COUNTED, setting: str = "perceptual") -> Vgg:
    """VGG-19 trained on ImageNet's classes.

    Args:
        last: which convolution of the last group is the last that counts, 1 to 4.
        setting: the setting that asks for it, for messages.

    Raises:
        AssetMissing: torchvision's file is not in torch's folder.
        DataError: the file's checksum is wrong.
    """
    path = _weights("vgg19_imagenet", setting)
    weights.check_weights(path, HOMES["vgg19_imagenet"], path.stem.rsplit("-", 1)[1])
    saved = torch.load(path, map_location="cpu", weights_only=True)
    net = Vgg(VGG19_GROUPS, grey=False, last=last)
    # torchvision numbers all layers in a row: convolution, ReLU, ... with the maxima between.
    places = _torchvision_places(VGG19_GROUPS)
    with torch.no_grad():
        for (layer, convolution), place in zip(net.convolutions(), places, strict=False):
            for kind in ("weight", "bias"):
                value = saved.get(f"features.{place}.{kind}")
                _fill(getattr(convolution, kind), value, path, f"features.{place}.{kind}", layer)
    return net


def vgg16_colour() -> Vgg:
    """VGG-16 trained to colour grey images, its batch norms folded into the convolutions.

    Raises:
        AssetMissing: the file or h5py is not on this machine.
        DataError: the file is damaged or of another network.

    Source: Larsson, Maire, Shakhnarovich 2017; the layout is that of Jakab et al.'s copy, with
        `data/<layer>/{0: weights, 1: bias}` and `data/batch_<layer>/{0: mean, 1: variance,
        2: factor of both}`.
    """
    path = _weights("vgg16_colour", "perceptual")
    try:
        import h5py
    except ImportError:
        raise AssetMissing(
            "perceptual = vgg16_colour reads its weights with h5py: pip install 'harness[vgg]'."
        ) from None
    net = Vgg(VGG16_GROUPS, grey=True)
    try:
        with h5py.File(path) as file, torch.no_grad():
            for layer, convolution in net.convolutions():
                folded = zip(("weight", "bias"), _folded(file["data"], layer), strict=True)
                for key, (kind, value) in enumerate(folded):
                    _fill(getattr(convolution, kind), value, path, f"data/{layer}/{key}", layer)
    except (OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split()).strip("'\"")
        raise DataError(
            f"{path}: not the colourisation network ({reason}); fetch it again from "
            f"{HOMES['vgg16_colour']}."
        ) from None
    return net


def _folded(data: object, layer: str) -> tuple[Tensor, Tensor]:
    """Weights and bias of a layer with its batch norm inside."""
    import numpy as np

    def read(group: str, key: str) -> Tensor:
        return torch.from_numpy(np.asarray(data[group][key], np.float32))  # type: ignore[index]

    weight, bias = read(layer, "0"), read(layer, "1")
    if f"batch_{layer}" not in data:  # type: ignore[operator]
        return weight, bias
    mean, variance, factor = (read(f"batch_{layer}", key) for key in "012")
    deviation = (COLOUR_EPSILON + variance / factor).sqrt()
    return weight / deviation[:, None, None, None], (bias - mean / factor) / deviation


def _fill(target: Tensor, value: Tensor | None, path: Path, name: str, layer: str) -> None:
    if value is None or value.shape != target.shape:
        got = "is missing" if value is None else f"has shape {list(value.shape)}"
        raise DataError(f"{path}: {name} for {layer} {got}, expected {list(target.shape)}.")
    if not bool(value.isfinite().all()):
        raise DataError(f"{path}: {name} for {layer} holds values that are not finite.")
    target.copy_(value)


def _weights(net: NetName, setting: str) -> Path:
    instead = f"use another network, such as {setting} = rotation_net"
    return weights.weights_file(HOMES[net], f"{setting} = {net}", instead)


def _torchvision_places(groups: tuple[tuple[int, ...], ...]) -> list[int]:
    places, place = [], 0
    for channels in groups:
        for _ in channels:
            places.append(place)
            place += 2
        place += 1
    return places
