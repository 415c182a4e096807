"""Checkpoints of one training loop: the newest and the one before it, never unpickled blindly."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch

from harness.errors import RecordError, RunError
from harness.files import replacing

#: Version of the checkpoint's layout.
LAYOUT = 1


class Checkpoints:
    """The checkpoint files of one loop.

    Args:
        folder: where they lie.
        loop: name of the training loop.
        owner: fingerprint of the fit they belong to; another one's are refused.
    """

    def __init__(self, folder: Path, loop: str, owner: str) -> None:
        self.newest = folder / f"{loop}.pt"
        self.previous = folder / f"{loop}.previous.pt"
        self._owner = owner

    def save(self, content: dict[str, Any]) -> None:
        """Write the newest checkpoint; the last one becomes the previous one.

        Raises:
            RunError: the disk is full or read-only; what was saved before can still be loaded.
        """
        with replacing(self.newest) as temporary:
            try:
                torch.save({"layout": LAYOUT, "owner": self._owner, **content}, temporary)
            except RuntimeError:  # how torch's own writer reports it, without the reason
                raise RunError(f"{self.newest}: cannot be written; is the disk full?") from None
            if self.newest.exists():
                self.newest.replace(self.previous)

    def load(self) -> dict[str, Any] | None:
        """The newest readable checkpoint, or `None` when there is none at all.

        What killed processes left half written is removed; the caller holds the folder's lock.

        Raises:
            RecordError: files are there but none can be read, or they belong to another fit.
        """
        for unfinished in self.newest.parent.glob(f".{self.newest.name}.*"):
            unfinished.unlink()
        problems: list[str] = []
        for path in (self.newest, self.previous):
            if not path.exists():
                continue
            try:
                return self._read(path)
            except RecordError as error:
                problems.append(str(error))
        if problems:
            raise RecordError(f"{problems[0]} Delete it, or start again with --fresh.")
        return None

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            with zipfile.ZipFile(path) as archive:  # torch itself checks no checksum as it reads
                if archive.testzip() is not None:
                    raise ValueError("a flipped bit")
            content = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # noqa: BLE001 - a broken file makes torch raise anything
            # Torch's own message would advise to unpickle the file.
            raise RecordError(
                f"{path}: not a readable checkpoint: damaged, or not written by this harness."
            ) from None
        if not isinstance(content, dict) or content.get("layout") != LAYOUT:
            raise RecordError(f"{path}: not a checkpoint of this harness (layout {LAYOUT}).")
        if content.get("owner") != self._owner:
            raise RecordError(f"{path}: a checkpoint of another method, configuration or dataset.")
        return content
