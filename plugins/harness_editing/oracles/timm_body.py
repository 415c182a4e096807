"""Networks of timm as bodies of oracles, started from random weights or from a file."""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import AssetMissing, ConfigError, DataError, UnknownName
from harness.vision.weights import local_file, weights_folder
from harness_editing.oracles.config import OWN_NETWORKS, OracleConfig


class TimmBody(nn.Module):
    """A network of timm without its classifier, for images from -1 to 1.

    Args:
        name: of the network, with or without that of its weights.
        image_size: side in pixels of the images; a network that takes one size only gets them
            resized to it.

    Attributes:
        features: how many it gives.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, name: str, image_size: int) -> None:
        super().__init__()
        timm: Any = import_module("timm")
        self.net: nn.Module = timm.create_model(name, pretrained=False, num_classes=0)
        wants = timm.data.resolve_model_data_config(self.net)
        fixed = cast(Any, self.net).pretrained_cfg.get("fixed_input_size", False)
        self.size = int(wants["input_size"][1]) if fixed else image_size
        self.features = int(cast(Any, self.net).num_features)
        self.register_buffer("mean", torch.tensor(wants["mean"])[:, None, None])
        self.register_buffer("std", torch.tensor(wants["std"])[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """Features `[N, features]` of images `[N, 3, S, S]`."""
        if images.shape[-1] != self.size:
            side = (self.size, self.size)
            images = F.interpolate(images, side, mode="bilinear", antialias=True)
        features: Tensor = self.net(((images + 1.0) / 2.0 - self.mean) / self.std)
        return features


def check_network(name: str, owner: str) -> None:
    """Refuse a network that neither this package nor timm has.

    Args:
        name: `plain`, `residual` or a network of timm, with or without the name of its weights.
        owner: the method, for messages.

    Raises:
        UnknownName: there is no such network.
        ConfigError: timm's network has no weights of this name.
    """
    if name in OWN_NETWORKS:
        return
    timm: Any = import_module("timm")
    architecture, dot, tag = name.partition(".")
    if not timm.is_model(architecture):
        near = difflib.get_close_matches(architecture, [*OWN_NETWORKS, *timm.list_models()], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise UnknownName(
            f"{owner}: network {name!r} is neither {' nor '.join(OWN_NETWORKS)} nor one of timm's."
            f"{hint}"
        )
    known = timm.list_pretrained(f"{architecture}.*")
    if dot and name not in known:
        choice = ", ".join([*known, architecture])
        raise ConfigError(
            f"{owner}: timm's network {architecture} has no weights {tag!r}; choose {choice}."
        )


def start_weights(body: TimmBody, config: OracleConfig, owner: str) -> None:
    """Fill a body from the file that its configuration asks for, where it asks for one.

    Args:
        body: filled in place.
        config: its `network` and `weights_file`.
        owner: the method, for messages.

    Raises:
        AssetMissing: the file is not there.
        DataError: it is damaged, or holds no weights of this network.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    path = _start_file(config, owner)
    if path is None:
        return
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise DataError(f"{path}: is no readable safetensors file ({error}).") from None
    wanted = {
        name: value.shape
        for name, value in body.net.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }
    wrong = [
        name
        for name, shape in wanted.items()
        if name not in weights or weights[name].shape != shape
    ]
    if wrong:
        raise DataError(
            f"{path}: holds no weights of {config.network}: {wrong[0]!r} is missing or of another "
            "size; give the file that belongs to this network."
        )
    body.net.load_state_dict({name: weights[name] for name in wanted}, strict=False)


def _start_file(config: OracleConfig, owner: str) -> Path | None:
    if config.weights_file is not None:
        return local_file(config.weights_file, owner, "weights_file")
    architecture, dot, _ = config.network.partition(".")
    if not dot:
        return None
    path = weights_folder() / f"{config.network}.safetensors"
    if not path.is_file():
        timm: Any = import_module("timm")
        known_as = timm.models.get_pretrained_cfg(config.network)
        hub = known_as.hf_hub_id
        home = f"https://huggingface.co/{hub}" if hub else str(known_as.url)
        raise AssetMissing(
            f"{owner}: network {config.network} needs {path}, which is missing; get "
            f"model.safetensors from {home} and save it there under this name, or start from "
            f"random weights with network={architecture}."
        )
    return path
