"""Where files lie: a folder or a zip archive, read by the same names from any thread."""

from __future__ import annotations

import hashlib
import os
import threading
import weakref
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, Any

from harness.errors import DataError

#: Endings of the files that count as photos, in small letters.
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png")

#: What reading from a folder or a zip raises (`RuntimeError`: the member has a password).
UNREADABLE = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


class Store(ABC):
    """Files by their path relative to the store, written with forward slashes."""

    #: How the store is named in messages.
    name: str

    @abstractmethod
    def names(self) -> list[str]:
        """All files but hidden ones, sorted."""

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """A file for reading, to be closed by the caller; raises one of `UNREADABLE`."""

    @abstractmethod
    def stamp(self, names: Iterable[str]) -> dict[str, Any]:
        """JSON that changes when one of these files changes."""

    def read(self, name: str) -> bytes:
        """The bytes of a file.

        Raises:
            DataError: it does not exist or cannot be read.
        """
        try:
            with self.open(name) as file:
                return file.read()
        except UNREADABLE as error:
            raise DataError(f"{self.name}: '{name}' cannot be read: {error}.") from None

    def photos(self) -> list[str]:
        """All files that end like a photo, sorted."""
        return [name for name in self.names() if name.lower().endswith(PHOTO_ENDINGS)]

    @cached_property
    def _set(self) -> frozenset[str]:
        return frozenset(self.names())

    def __contains__(self, name: str) -> bool:
        return name in self._set


class FolderStore(Store):
    """A folder with everything below it.

    Raises:
        DataError: the folder does not exist.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError(f"{root}: there is no such folder; pass another one with --data.")
        self.root = root
        self.name = str(root)

    @cached_property
    def _names(self) -> list[str]:
        found = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            below = Path(folder).relative_to(self.root).as_posix()
            start = "" if below == "." else f"{below}/"
            found += [f"{start}{name}" for name in files if not name.startswith(".")]
        return sorted(found)

    def names(self) -> list[str]:
        """All files but hidden ones, sorted."""
        return self._names

    def open(self, name: str) -> IO[bytes]:
        """A file for reading."""
        return (self.root / name).open("rb")

    def stamp(self, names: Iterable[str]) -> dict[str, Any]:
        """Count, and digests of names with sizes and of modification times."""
        content, times, count = hashlib.sha256(), hashlib.sha256(), 0
        for count, name in enumerate(sorted(names), start=1):  # noqa: B007 - the last one counts
            try:
                status = (self.root / name).stat()
            except OSError as error:
                raise DataError(f"{self.name}: '{name}' cannot be read: {error}.") from None
            content.update(f"{name}\0{status.st_size}\n".encode())
            times.update(f"{status.st_mtime_ns}\n".encode())
        return {"files": count, "content": content.hexdigest(), "modified": times.hexdigest()}


class _Archive:
    """An archive that is open as long as its holder lives.

    Garbage in a cycle is finalised in any order, and so `zipfile` may come too late to close the
    file by itself.
    """

    def __init__(self, path: Path) -> None:
        self.opened = zipfile.ZipFile(path)
        self.process = os.getpid()
        weakref.finalize(self, self.opened.close)


class ZipStore(Store):
    """A zip archive; every thread and process opens it for itself, as `zipfile` demands.

    Raises:
        DataError: the file does not exist, is no zip, or holds one name twice.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._local = threading.local()
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in self._archive().infolist():
            if member.is_dir() or _hidden(member.filename):
                continue
            if member.filename in self._members:
                raise DataError(f"{path}: the archive holds '{member.filename}' twice.")
            self._members[member.filename] = member

    def names(self) -> list[str]:
        """All members but folders and hidden files, sorted."""
        return sorted(self._members)

    def open(self, name: str) -> IO[bytes]:
        """A member for reading."""
        if name not in self._members:
            raise FileNotFoundError("the archive has no such file")
        return self._archive().open(self._members[name])

    def stamp(self, names: Iterable[str]) -> dict[str, Any]:
        """Count, and a digest of names, sizes and the checksums that the archive keeps."""
        content, chosen = hashlib.sha256(), sorted(names)
        for name in chosen:
            member = self._members[name]
            content.update(f"{name}\0{member.file_size}\0{member.CRC}\n".encode())
        return {"files": len(chosen), "content": content.hexdigest()}

    def _archive(self) -> zipfile.ZipFile:
        mine: _Archive | None = getattr(self._local, "archive", None)
        if mine is None or mine.process != os.getpid():
            try:
                self._local.archive = mine = _Archive(self.path)
            except FileNotFoundError:
                raise DataError(f"{self.path}: there is no such archive.") from None
            except (zipfile.BadZipFile, OSError) as error:
                raise DataError(f"{self.path}: not a whole zip archive: {error}.") from None
        return mine.opened


def _hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[0] == "__MACOSX" or any(part.startswith(".") for part in parts)
