"""LMDB databases of encoded photos, read like a folder."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from weakref import WeakValueDictionary

from harness.errors import AssetMissing, DataError
from harness_datasets.official import refuse_page
from harness_datasets.stores import Store

#: Databases that are open: a process must not open one twice.
_OPEN: WeakValueDictionary[Path, Any] = WeakValueDictionary()
_LOCK = threading.Lock()


class LmdbStore(Store):
    """A database whose keys name photos; any number of threads may read.

    Args:
        folder: the folder with `data.mdb`; nothing is written there, not even a lock.

    Raises:
        AssetMissing: lmdb is not installed.
        DataError: the file is a page, no database, or cut off.
    """

    def __init__(self, folder: Path) -> None:
        self.name = str(folder)
        self._file = folder / "data.mdb"
        self._environment = _opened(folder)

    def names(self) -> list[str]:
        """All keys, sorted.

        Raises:
            DataError: a key is no ASCII text.
        """
        return self._keys

    def open(self, name: str) -> IO[bytes]:
        """The value of a key, for reading."""
        lmdb = _lmdb()
        try:
            with self._environment.begin() as transaction:
                value = transaction.get(name.encode())
        except lmdb.Error as error:
            raise OSError(str(error)) from None
        if value is None:
            raise FileNotFoundError("the database has no such key")
        return io.BytesIO(value)

    def stamp(self, names: Iterable[str]) -> dict[str, Any]:
        """Count, a digest of the keys with the database's size, and its modification time."""
        status = self._file.stat()
        chosen = sorted(names)
        content = hashlib.sha256("\n".join([str(status.st_size), *chosen]).encode())
        return {
            "files": len(chosen),
            "content": content.hexdigest(),
            "modified": str(status.st_mtime_ns),
        }

    @cached_property
    def _keys(self) -> list[str]:
        lmdb = _lmdb()
        try:
            with self._environment.begin() as transaction:
                keys = transaction.cursor().iternext(keys=True, values=False)
                return [key.decode("ascii") for key in keys]
        except UnicodeDecodeError:
            raise DataError(f"{self._file}: a key is no text, expected names of photos.") from None
        except lmdb.Error as error:
            raise DataError(f"{self._file}: the database cannot be read: {error}.") from None


def _opened(folder: Path) -> Any:
    path = folder.resolve()
    with _LOCK:
        environment = _OPEN.get(path)
        if environment is None:
            environment = _OPEN[path] = _fresh(folder)
        return environment


def _fresh(folder: Path) -> Any:
    lmdb, file = _lmdb(), folder / "data.mdb"
    try:
        with file.open("rb") as start:
            refuse_page(start.read(512), str(file))
        environment = lmdb.open(
            str(folder), readonly=True, lock=False, create=False, readahead=False
        )
    except (lmdb.Error, OSError) as error:
        raise DataError(f"{file}: not a whole LMDB database: {error}.") from None
    # Beyond the end of a file that was cut off, the system would kill the process.
    needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    size = file.stat().st_size
    if size < needed:
        environment.close()
        raise DataError(
            f"{file}: the file was cut off: it has {size:,} bytes, and the database {needed:,}; "
            "fetch it again."
        )
    return environment


def _lmdb() -> Any:
    try:
        import lmdb
    except ImportError:
        raise AssetMissing(
            "lsun_bedroom needs lmdb to read the official databases, which is not installed: "
            "pip install 'harness[lsun]'; or export the photos with LSUN's own script."
        ) from None
    return lmdb
