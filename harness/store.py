"""Where records lie: a folder of this machine, or any place that fsspec opens.

A store holds files by their paths within it, with slashes. Every file is written whole or not at
all.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from typing_extensions import override

from harness.errors import DataError, RunError, UserError
from harness.files import replacing
from harness.record import is_record

#: The name of folders in which every JSON file is a record.
RECORDS = "records"
#: The same in a sentence.
RECORDS_RULE = (
    f"a record is a file named record.json or NAME.record.json, or any JSON file below a folder "
    f"named {RECORDS!r}"
)
#: Files that are asked for at once.
_BATCH = 256
#: Protocols whose files appear whole or not at all; elsewhere they are written aside and renamed.
_WHOLE = ("s3", "gs", "gcs", "abfs", "az", "oss", "memory")
#: What tells that a file has changed, by the names that file systems have for it.
_CHANGES = (
    *("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified"),
    *("updated", "modified", "created"),
)


def one_line(error: Exception) -> str:
    """What went wrong in one line, without a full stop."""
    return (" ".join(str(error).split()) or type(error).__name__).rstrip(".")


def open_store(name: str | Path) -> Store:
    """The store of a folder or an address.

    Raises:
        UserError: the address's protocol is not known, or its package is not installed.
    """
    text = str(name)
    if "://" not in text:
        return LocalStore(Path(text))
    import fsspec

    try:
        system, root = fsspec.core.url_to_fs(text)
    except ImportError as error:
        reason = str(error).rstrip(".")
        raise UserError(f"{text}: {reason}, with pip install.") from None
    except ValueError as error:
        raise UserError(
            f"{text}: {error}; fsspec opens file, memory, s3, gs, abfs, sftp and others."
        ) from None
    except Exception as error:  # noqa: BLE001 - a file system of anyone's
        raise UserError(f"{text}: cannot be opened: {one_line(error)}.") from None
    if "file" in _protocols(system):
        return LocalStore(Path(root))
    return RemoteStore(text.rstrip("/"), system, root)


class Store(ABC):
    """A place of records.

    Attributes:
        name: as the user gave it.
    """

    name: str

    def path(self, inner: str) -> str:
        """A file's path as people write it."""
        return f"{self.name}/{inner}"

    @abstractmethod
    def listing(self) -> set[str]:
        """Every file that is taken for a record.

        Raises:
            DataError: there is no such folder, or it cannot be read.
        """

    @abstractmethod
    def stamp(self, path: str) -> str:
        """What changes whenever a listed file does; empty where nothing tells its changes."""

    @abstractmethod
    def contents(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Exception]]:
        """The files' contents, or why one cannot be read, in the order of the paths."""

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether there is such a file.

        Raises:
            DataError: the store cannot be read.
        """

    @abstractmethod
    def open(self, path: str) -> IO[bytes]:
        """A file for reading, with `seek`.

        Raises:
            OSError: it cannot be read.
        """

    @abstractmethod
    def write(self, path: str, content: bytes) -> None:
        """Write a file.

        Raises:
            RunError: it cannot be written; what was there before still is.
        """


class LocalStore(Store):
    """A folder of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    @override
    def listing(self) -> set[str]:
        if not self.folder.is_dir():
            raise DataError(
                f"{self.folder}: no such folder; name the folder of records with --records."
            )
        found: set[str] = set()
        left = [(str(self.folder), "", self.folder.name == RECORDS)]
        while left:
            folder, inner, in_records = left.pop()
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if is_record(name, in_records=in_records):
                        found.add(inner + name)
                    elif not name.endswith(".json") and entry.is_dir(follow_symlinks=False):
                        deeper = in_records or name == RECORDS
                        left.append((entry.path, f"{inner}{name}/", deeper))
        return found

    @override
    def stamp(self, path: str) -> str:
        try:
            found = os.stat(f"{self.name}/{path}")  # a `Path` would take most of the time
        except OSError:
            return ""
        return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"

    @override
    def contents(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Exception]]:
        for path in paths:
            try:
                yield path, (self.folder / path).read_bytes()
            except OSError as error:
                yield path, error

    @override
    def exists(self, path: str) -> bool:
        return (self.folder / path).is_file()

    @override
    def open(self, path: str) -> IO[bytes]:
        return (self.folder / path).open("rb")

    @override
    def write(self, path: str, content: bytes) -> None:
        with replacing(self.folder / path) as temporary:
            temporary.write_bytes(content)


class RemoteStore(Store):
    """A place that fsspec opens.

    Args:
        name: its address.
        system: the file system.
        root: the folder in it.
    """

    def __init__(self, name: str, system: Any, root: str) -> None:
        self.name = name
        self._system = system
        self._root = root.rstrip("/")
        self._stamps: dict[str, str] = {}

    @override
    def listing(self) -> set[str]:
        above = self._root.rsplit("/", 1)[-1]
        self._stamps = {}
        for full, about in self._read(self._found).items():
            inner = full[len(self._root) :].lstrip("/")
            *folders, name = inner.split("/")
            if is_record(name, in_records=RECORDS in (above, *folders)):
                self._stamps[inner] = _changes(about)
        return set(self._stamps)

    @override
    def stamp(self, path: str) -> str:
        return self._stamps[path]

    def _found(self) -> dict[str, dict[str, Any]]:
        self._system.invalidate_cache()
        found: dict[str, dict[str, Any]] = self._system.find(self._root, detail=True)
        if not found and not self._system.exists(self._root):
            raise DataError(f"{self.name}: no such folder; name that of the records.")
        return found

    @override
    def contents(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Exception]]:
        for start in range(0, len(paths), _BATCH):
            some = paths[start : start + _BATCH]
            full = [self._full(path) for path in some]
            try:
                found = self._system.cat(full, on_error="return")
            except Exception as error:  # noqa: BLE001 - a file system of anyone's
                found = dict.fromkeys(full, error)
            yield from ((path, found[name]) for path, name in zip(some, full, strict=True))

    @override
    def exists(self, path: str) -> bool:
        return bool(self._read(lambda: self._system.exists(self._full(path))))

    @override
    def open(self, path: str) -> IO[bytes]:
        try:
            file: IO[bytes] = self._system.open(self._full(path), "rb")
        except Exception as error:  # noqa: BLE001 - a file system of anyone's
            raise OSError(one_line(error)) from None
        return file

    @override
    def write(self, path: str, content: bytes) -> None:
        full = self._full(path)
        try:
            self._system.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
            if set(_protocols(self._system)) & set(_WHOLE):
                self._system.pipe_file(full, content)
            else:
                folder, name = full.rsplit("/", 1)
                aside = f"{folder}/.{name}.{os.getpid()}.part"
                self._system.pipe_file(aside, content)
                self._system.mv(aside, full)
        except Exception as error:  # noqa: BLE001 - a file system of anyone's
            raise RunError(f"{self.path(path)}: cannot be written: {one_line(error)}.") from None

    def _full(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _read(self, act: Any) -> Any:
        try:
            return act()
        except DataError:
            raise
        except Exception as error:  # noqa: BLE001 - a file system of anyone's
            raise DataError(f"{self.name}: cannot be read: {one_line(error)}.") from None


def _protocols(system: Any) -> tuple[str, ...]:
    named = system.protocol
    return (named,) if isinstance(named, str) else tuple(named)


def _changes(about: dict[str, Any]) -> str:
    told = next((about[name] for name in _CHANGES if about.get(name)), None)
    return "" if told is None else f"{about.get('size')}-{told}"
