"""Reading published weights from a local file, without running anything that the file holds."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from harness.errors import AssetMissing, DataError


def read_weights(path: Path, owner: str) -> dict[str, Tensor]:
    """The tensors of a file by name; those of nested dicts have the names joined by dots.

    Args:
        path: `.safetensors`, or what `torch.save` writes of tensors in dicts.
        owner: the method, for messages.

    Raises:
        AssetMissing: there is no such file.
        DataError: it is damaged, or holds Python objects, which would have to be run.
    """
    if not path.is_file():
        raise AssetMissing(f"{owner}: weights_file = {path} is missing; put the file there.")
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except SafetensorError as error:
            raise DataError(f"{path}: is no readable safetensors file ({error}).") from None
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # noqa: BLE001 - a broken file makes torch raise anything
        # Torch's own message would advise to unpickle the file.
        if zipfile.is_zipfile(path) or _is_pickle(path):
            raise DataError(_refusal(path, owner)) from None
        raise DataError(
            f"{path}: is neither safetensors nor a file that torch.save wrote; it may be damaged."
        ) from None
    return dict(_flat(content))


def fill(
    network: nn.Module, weights: Mapping[str, Tensor], names: Mapping[str, str], path: Path
) -> None:
    """Copy tensors into a network.

    Args:
        network: filled in place, but for what is not in `names`.
        weights: tensors by the names in the file, one value for one, in any shape of that size.
        names: from the network's names to the file's.
        path: the file, for messages.

    Raises:
        DataError: a tensor is missing or has another size.
    """
    state = network.state_dict()
    for own, theirs in names.items():
        target = state[own]
        if theirs not in weights:
            raise DataError(
                f"{path}: has no tensor {theirs!r}; its layout or its image_size is another one."
            )
        found = weights[theirs]
        if _plain(found.shape) != _plain(target.shape):
            raise DataError(
                f"{path}: {theirs} has shape {list(found.shape)}, expected {list(target.shape)}; "
                "set image_size, sizes and channels to those of the file."
            )
        target.copy_(found.reshape(target.shape))


def _plain(shape: torch.Size) -> list[int]:
    """A shape without its ones, by which layouts differ."""
    return [size for size in shape if size != 1]


def _flat(content: Any, start: str = "") -> list[tuple[str, Tensor]]:
    if isinstance(content, Tensor):
        return [(start.removesuffix("."), content)]
    if not isinstance(content, Mapping):
        return []
    return [pair for name, value in content.items() for pair in _flat(value, f"{start}{name}.")]


def _is_pickle(path: Path) -> bool:
    """Whether the file starts as a pickle does: its protocol's mark, then a number below 6."""
    with path.open("rb") as file:
        start = file.read(2)
    return len(start) == 2 and start[0] == 0x80 and start[1] < 6


def _refusal(path: Path, owner: str) -> str:
    command = (
        'python -c "import torch, sys; '
        "c = torch.load(sys.argv[1], map_location='cpu', weights_only=False); "
        "torch.save({k: v for k, v in c.items() if k in ('g_ema', 'latent_avg') "
        'or isinstance(v, torch.Tensor)}, sys.argv[2])"'
    )
    return (
        f"{owner}: {path} is a pickled archive with more in it than tensors, which is refused "
        "because reading it runs code that it holds; if you trust its source, convert it with "
        f"{command} {path} {path.with_suffix('.tensors.pt')} and name that file."
    )
