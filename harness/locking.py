"""One process at a time in a folder.

The lock is the file system's (`flock`): it ends with its process, so a dead one leaves none behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from harness.files import unwritten


@contextmanager
def locked(
    folder: Path, seconds: float | None = None, waiting: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold a folder, which is made where it is not there.

    Args:
        folder: the folder.
        seconds: how long to wait for another process; `None` for as long as it takes.
        waiting: called when another process holds it, before waiting.

    Raises:
        Timeout: another process still holds it.
        RunError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if seconds == 0:
                raise
            if waiting:
                waiting()
            lock.acquire(timeout=-1 if seconds is None else seconds)
    except Timeout:  # which is an OSError too
        raise
    except OSError as error:
        raise unwritten(folder, error) from None
    try:
        yield
    finally:
        lock.release()
