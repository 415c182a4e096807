"""Writing files so that a reader never sees half of one: temporary name, sync, rename."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import RunError


@contextmanager
def replacing(path: Path, *, sync: bool = True) -> Iterator[Path]:
    """A temporary sibling to write to; it takes the place of `path` when the block ends well.

    Args:
        path: the file.
        sync: wait until the disk has it. Without, a power cut may leave an empty file: for what the
            same command makes again.

    Raises:
        RunError: the disk is full or the folder cannot be written; `path` is left as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror}.") from None
    temporary = Path(name)
    try:
        yield temporary
        if sync:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}.") from None
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, sync: bool = True) -> None:
    """Write a text file whole or not at all; `sync` as in `replacing`.

    Raises:
        RunError: the disk is full or the folder cannot be written.
    """
    with replacing(path, sync=sync) as temporary:
        temporary.write_text(text, encoding="utf-8")
