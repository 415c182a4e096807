"""Networks of timm as feature extractors, with weights from a file on this machine."""

from __future__ import annotations

import difflib
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import AssetMissing, ConfigError, DataError, UnknownName
from harness.training.machine import pick_device
from harness.training.modules import untouched_randomness
from harness.vision.weights import check_weights, weights_folder
from harness_metrics.features.extractor import Extractor

if TYPE_CHECKING:
    from collections.abc import Mapping


class TimmNet(nn.Module):
    """A network of timm without its classifier, and how it wants its images.

    Args:
        net: the network; gives `[N, d]`.
        data: timm's settings of its input: `input_size`, `interpolation`, `mean` and `std`.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, net: nn.Module, data: Mapping[str, Any]) -> None:
        super().__init__()
        self.net = net
        self.size = tuple(data["input_size"][1:])
        self.mode = "bilinear" if data["interpolation"] == "bilinear" else "bicubic"
        self.register_buffer("mean", torch.tensor(data["mean"])[:, None, None])
        self.register_buffer("std", torch.tensor(data["std"])[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """Features of whole images `[N, 3, S, S]` from 0 to 255, resized with antialiasing."""
        resized = F.interpolate(images, self.size, mode=self.mode, antialias=True)
        values = resized.clamp(0.0, 255.0) / 255.0
        features: Tensor = self.net((values - self.mean) / self.std)
        return features


def timm_model(name: str, sha256: str = "") -> Extractor:
    """A network of timm, on the GPU where there is one.

    Args:
        name: network and weights, such as `resnet18.a1_in1k`. Their file is looked for as
            `resnet18.a1_in1k.safetensors` in torch's folder of downloaded weights.
        sha256: first digits of the file's sha256; empty takes any.

    Raises:
        UnknownName: timm has no such network.
        ConfigError: no weights are named.
        AssetMissing: the file is not there.
        DataError: its checksum is wrong, or it belongs to another network.
    """
    from safetensors import SafetensorError

    timm: Any = import_module("timm")
    home = _home(name)
    path = weights_folder() / f"{name}.safetensors"
    if not path.is_file():
        raise AssetMissing(
            f"The extractor {name} needs {path}, which is missing; get model.safetensors from "
            f"{home} and save it there under this name."
        )
    found = check_weights(path, home, sha256)
    try:
        with untouched_randomness():
            # With its classifier: without, timm would take a file that lacks weights.
            net = timm.create_model(
                name, pretrained=True, pretrained_cfg_overlay={"file": str(path)}
            )
            net.reset_classifier(0)
    except (RuntimeError, KeyError, SafetensorError) as error:
        first = str(error).splitlines()[-1].strip()
        raise DataError(
            f"{path}: no weights of {name} ({first}); get model.safetensors from {home}."
        ) from None
    device = pick_device("auto")
    data = timm.data.resolve_model_data_config(net)
    identity = {"extractor": name, "weights": found, "device": device.type}
    return Extractor(name, identity, TimmNet(net, data).eval().to(device), device)


def _home(name: str) -> str:
    """The page of a network's weights."""
    timm: Any = import_module("timm")
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        close = difflib.get_close_matches(architecture, timm.list_models(), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise UnknownName(
            f"Unknown extractor {name!r}: neither inception, face_attributes nor a network of "
            f"timm.{hint}"
        )
    known = [full.partition(".")[2] for full in timm.list_pretrained(f"{architecture}.*")]
    if not tag or tag not in known:
        choice = ", ".join(f"{architecture}.{one}" for one in known) or "timm has none"
        raise ConfigError(f"The extractor {name!r} must name its weights too: {choice}.")
    known_as = timm.models.get_pretrained_cfg(name)
    hub = known_as.hf_hub_id
    return f"https://huggingface.co/{hub}" if hub else str(known_as.url)
