"""Downloaded weights: where their files are looked for, and whether they are the right ones.

The harness fetches none. A file's name is the last part of its address, its place torch's folder of
downloaded weights, and its name ends with the first digits of its sha256 where its makers do so.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import torch

from harness.errors import AssetMissing, DataError


def weights_folder() -> Path:
    """The folder of torch's downloaded weights; the environment variable `TORCH_HOME` moves it."""
    return Path(str(torch.hub.get_dir()), "checkpoints")


def weights_path(home: str) -> Path:
    """Where the file is looked for that people get from an address."""
    return weights_folder() / home.rsplit("/", 1)[1]


def weights_file(home: str, user: str, instead: str) -> Path:
    """The file of an address, which must be there.

    Args:
        home: the address that people get the file from.
        user: who needs it, for the message.
        instead: what to do without it, for the message.

    Raises:
        AssetMissing: the file is not there.
    """
    path = weights_path(home)
    if not path.is_file():
        raise AssetMissing(
            f"{user} needs {path}, which is missing; get it from {home} or {instead}."
        )
    return path


def check_weights(path: Path, home: str, start: str) -> str:
    """The sha256 of a file, which must start with these digits.

    Args:
        path: the file.
        home: the address that people get it from.
        start: hexadecimal digits.

    Raises:
        DataError: it starts otherwise.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(start):
        raise DataError(
            f"{path}: sha256 starts with {found[: len(start)]}, expected {start}; fetch it again "
            f"from {home}."
        )
    return found
