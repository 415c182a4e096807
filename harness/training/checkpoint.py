"""Checkpoints of one training loop: the newest and the one before it, never unpickled blindly."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch

from harness.errors import RecordError
from harness.files import replacing

#: Version of the checkpoint's layout.
LAYOUT = 1


class _Damaged(RecordError):
    """A file that cannot be read, by chance or because it was changed."""


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

    @property
    def found(self) -> bool:
        """Whether any file is there, readable or not."""
        return self.newest.exists() or self.previous.exists()

    def save(self, content: dict[str, Any]) -> None:
        """Write the newest checkpoint; the last one becomes the previous one.

        Raises:
            DiskFull: there is no room; what was saved before can still be loaded.
            RunError: the folder cannot be written; the same holds.
        """
        # Torch's own writer raises a RuntimeError without the system's reason.
        with replacing(self.newest, (RuntimeError,)) as temporary:
            torch.save({"layout": LAYOUT, "owner": self._owner, **content}, temporary)
            if self.newest.exists():
                self.newest.replace(self.previous)

    def load(self) -> dict[str, Any] | None:
        """The newest readable checkpoint, or `None` when there is none.

        A damaged or lost one is passed over with a warning: a loop that goes on from the one before
        it, or from its beginning, ends alike.

        Raises:
            RecordError: all that can be read belong to another fit or version.
        """
        problems: list[RecordError] = []
        if self.previous.exists() and not self.newest.exists():
            problems.append(_Damaged(f"{self.newest}: not there."))
        for path in (self.newest, self.previous):
            if not path.exists():
                continue
            try:
                content = self._read(path)
            except RecordError as error:
                problems.append(error)
                continue
            if problems:
                sentence = f"{problems[0]} The one before it, of step {content['step']}, is used."
                warnings.warn(sentence, stacklevel=2)
            return content
        foreign = [error for error in problems if not isinstance(error, _Damaged)]
        if foreign:
            raise RecordError(f"{foreign[0]} Delete it, or start again with --fresh.")
        if problems:
            sentence = f"{problems[0]} No other is left: the loop starts anew."
            warnings.warn(sentence, stacklevel=2)
        return None

    def forget_others(self, loops: Collection[str]) -> None:
        """Remove the checkpoints of all loops but these: they came later, from what is not there.

        A loop that is behind, because its checkpoint was lost, makes those of later loops stale.
        """
        kept = {name for loop in loops for name in (f"{loop}.pt", f"{loop}.previous.pt")}
        for path in self.newest.parent.glob("*.pt"):
            if path.name not in kept:
                path.unlink()

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            with zipfile.ZipFile(path) as archive:  # torch itself checks no checksum as it reads
                if archive.testzip() is not None:
                    raise ValueError("a flipped bit")
            with warnings.catch_warnings(action="ignore"):
                content = torch.load(path, map_location="cpu", weights_only=True)
        except Exception:  # noqa: BLE001 - a broken file makes torch raise anything
            # Torch's own message would advise to unpickle the file.
            raise _Damaged(
                f"{path}: not a readable checkpoint: damaged, or not written by this harness."
            ) from None
        if not isinstance(content, dict) or content.get("layout") != LAYOUT:
            raise RecordError(f"{path}: not a checkpoint of this harness (layout {LAYOUT}).")
        if content.get("owner") != self._owner:
            raise RecordError(f"{path}: a checkpoint of another method, configuration or dataset.")
        return content
