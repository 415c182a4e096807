"""The Inception network that FID is defined by: pytorch-fid's, with its published weights only."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from harness.errors import DataError
from harness.training.machine import pick_device
from harness.training.modules import untouched_randomness
from harness.vision.weights import check_weights, weights_file
from harness_metrics.features.extractor import Extractor
from harness_metrics.features.homes import INCEPTION

NAME = "inception"
#: First digits of the file's sha256, which are also the end of its name.
DIGEST = "6726825d"
#: What is done where the file is not there.
INSTEAD = (
    "measure frechet_distance with an extractor that is at hand, such as face_attributes, in place "
    "of it"
)


class Inception(nn.Module):
    """pytorch-fid's network: images enlarged to 299 pixels bilinearly, 2,048 pooled features."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Features `[N, 2048]` of images `[N, 3, S, S]` from 0 to 255."""
        pooled: Tensor = self.net(images / 255.0)[0]
        return pooled.flatten(1)


def inception() -> Extractor:
    """The extractor, on the GPU where there is one.

    Raises:
        AssetMissing: the file of weights is not in torch's folder.
        DataError: its checksum is wrong.

    Source: Szegedy et al. 2016 (the network); Heusel et al. 2017 (its last pooling for FID);
        pytorch-fid for the port of the weights, and for images in [0, 1] that are resized without
        antialiasing.
    """
    path = weights_file(INCEPTION, f"The extractor {NAME}", INSTEAD)
    check_weights(path, INCEPTION, DIGEST)
    state = torch.load(path, map_location="cpu", weights_only=True)
    try:
        net = _network(state)
    except RuntimeError as error:
        first = str(error).splitlines()[-1].strip()
        raise DataError(
            f"{path}: not the network of FID ({first}); get it from {INCEPTION}."
        ) from None
    device = pick_device("auto")
    identity = {"extractor": NAME, "weights": DIGEST, "device": device.type}
    return Extractor(NAME, identity, Inception(net).eval().to(device), device)


def _network(state: dict[str, Tensor]) -> nn.Module:
    """pytorch-fid's network with these weights, which it would else look for and fetch itself."""
    from pytorch_fid import inception as published

    def given(*_: Any, **__: Any) -> dict[str, Tensor]:
        return state

    fetch = published.load_state_dict_from_url
    published.load_state_dict_from_url = given
    try:
        with untouched_randomness():
            net: nn.Module = published.InceptionV3()
    finally:
        published.load_state_dict_from_url = fetch
    return net
