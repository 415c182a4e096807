"""Writing files so that a reader never sees half of one: temporary name, sync, rename."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.environment import cache_root
from harness.errors import DiskFull, RunError

#: How the names of temporary siblings begin and end.
_BEGIN, _END = ".", ".part"
#: What says that there is no room: on the disk, or for this user.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
#: Bytes that are written to see why a library could not.
_PROBE_BYTES = 2**20


@contextmanager
def replacing(
    path: Path,
    unexplained: tuple[type[Exception], ...] = (),
    *,
    sync: bool = True,
    after: Sequence[Path] = (),
) -> Iterator[Path]:
    """A temporary sibling to create; it takes the place of `path` when the block ends well.

    Folders are made where they are missing, and the file is readable for all.

    Args:
        path: the file.
        unexplained: what a library that writes in the block raises, without the system's reason.
        sync: wait until the disk has it, so that a power cut leaves the old file or the new one;
            needless for what is made again or only looked at.
        after: files written without a sync that the disk must have before the new `path`.

    Raises:
        DiskFull: there is no room; `path` is left as it was.
        RunError: the folder cannot be written; `path` is left as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(path, error) from None
    temporary = path.with_name(f"{_BEGIN}{path.name}.{secrets.token_hex(4)}{_END}")
    placed = False
    try:
        yield temporary
        temporary.chmod(0o644)
        if sync:
            _sync(temporary, after)
        temporary.replace(path)
        placed = True
    except OSError as error:
        raise unwritten(path, error) from None
    except unexplained as error:
        raise unwritten(path, _probed(temporary) or error) from None
    finally:
        if not placed:
            temporary.unlink(missing_ok=True)


def unwritten(path: Path, error: Exception, says: str = "") -> RunError:
    """The sentence for a file that cannot be written: of a full disk, which one and what to free.

    Args:
        path: the file or folder.
        error: what the system or a library said.
        says: how the sentence begins, in place of "PATH: cannot be written".
    """
    says = says or f"{path}: cannot be written"
    reason = (error.strerror if isinstance(error, OSError) else "") or error
    if not isinstance(error, OSError) or error.errno not in _NO_ROOM:
        return RunError(f"{says}: {reason}.")
    disk = _existing(path)
    device, free = disk.stat().st_dev, shutil.disk_usage(disk).free // 10**6
    cache = _existing(cache_root())
    example = f"old runs, or the cache {cache}" if cache.stat().st_dev == device else "old runs"
    return DiskFull(
        f"{says}: {reason}; the disk at {_mount(disk)} has {free} MB left. "
        f"Free some of it (such as {example}) and give the same command again: what "
        "was saved before is kept, and it goes on from there."
    )


def remove_unfinished(folder: Path) -> None:
    """Remove what killed processes left half written in a folder and those below it.

    The caller holds the folder's lock.
    """
    for path in folder.rglob(f"{_BEGIN}*{_END}"):
        path.unlink()


def _sync(path: Path, others: Sequence[Path]) -> None:
    """Wait until the disk has a file and others; together, as that takes hardly longer than one."""
    if not others:
        _sync_one(path)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(others)) as pool:
        syncing = pool.map(_sync_one, others)
        _sync_one(path)
        list(syncing)


def _sync_one(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _probed(temporary: Path) -> OSError | None:
    """Why a file cannot grow, found by trying; `None` where it can."""
    try:
        with temporary.open("ab") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    path = path.absolute()
    return next(place for place in (path, *path.parents) if place.exists())


def _mount(path: Path) -> Path:
    """Where the disk of an existing path is mounted."""
    path = path.resolve()
    return next((place for place in (path, *path.parents) if place.is_mount()), path)


def write_text(path: Path, text: str, *, sync: bool = True, after: Sequence[Path] = ()) -> None:
    """Write a text file whole or not at all.

    Args:
        path: the file.
        text: what stands in it, as UTF-8.
        sync: as in `replacing`.
        after: as in `replacing`.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    with replacing(path, sync=sync, after=after) as temporary:
        temporary.write_text(text, encoding="utf-8")
