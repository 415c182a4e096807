"""Downloaded weights: where their files are looked for, and whether they are the right ones.

The harness fetches none. A file's name is the last part of its address, its place torch's folder of
downloaded weights, and its name ends with the first digits of its sha256 where its makers do so.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from harness.errors import AssetMissing, DataError


def weights_folder() -> Path:
    """The folder of torch's downloaded weights; the environment variable `TORCH_HOME` moves it."""
    import torch  # here, so that a leaderboard is made without it

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


def local_file(name: str, user: str, setting: str) -> Path:
    """The file that a setting names: a path, or a name in torch's folder of downloaded weights.

    Args:
        name: the setting's value.
        user: who needs it, for the message.
        setting: the setting, for the message.

    Raises:
        AssetMissing: neither is there.
    """
    found = next((p for p in (Path(name), weights_folder() / name) if p.is_file()), None)
    if found is None:
        where = "there" if Path(name).is_absolute() else f"into {weights_folder()}"
        raise AssetMissing(
            f"{user}: {setting} = {name} is missing; put the file {where}, or set {setting} to "
            "its path."
        )
    return found


@cache
def _sha256(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_digest(path: Path) -> str:
    """The sha256 of a file, computed once as long as its size and time stay.

    Raises:
        DataError: it cannot be read.
    """
    try:
        status = path.stat()
        return _sha256(path.resolve(), status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read: {error.strerror}.") from None


def check_weights(path: Path, home: str, start: str) -> str:
    """The sha256 of a file, which must start with these digits.

    Args:
        path: the file.
        home: the address that people get it from.
        start: hexadecimal digits.

    Raises:
        DataError: it starts otherwise.
    """
    found = content_digest(path)
    if not found.startswith(start):
        raise DataError(
            f"{path}: sha256 starts with {found[: len(start)]}, expected {start}; fetch it again "
            f"from {home}."
        )
    return found
