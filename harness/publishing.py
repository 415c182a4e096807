"""Copying finished records to a store that others read too.

A record's name there holds its suite, its id and the hash of its content: no record ever takes
another's place, and one that is there already is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError, RecordError
from harness.record import Record, parse_record
from harness.store import LocalStore, Store

#: Digits of the hash in a name.
_DIGITS = 12


def published_name(record: Record, content: bytes) -> str:
    """Where a record lies in a store."""
    digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
    return f"{record.suite.name}/{record.id}-{digest}.record.json"


def publish(path: Path, store: Store) -> bool | None:
    """Copy the file of a finished record, whole or not at all.

    Returns:
        Whether it was sent: false where it is there already, `None` where its cell failed.

    Raises:
        RecordError: it is no sound record.
        DataError: the store cannot be read.
        RunError: it cannot be written.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: not a readable record: {error}.") from None
    record = parse_record(content, str(path))
    if record.status != "finished":
        return None
    name = published_name(record, content)
    if store.exists(name):
        return False
    store.write(name, content)
    return True


def record_files(places: Sequence[Path]) -> list[Path]:
    """The files of records that are named, or lie in the folders that are named.

    Raises:
        DataError: a place does not exist, or there is no record.
    """
    found: list[Path] = []
    for place in places:
        if place.is_file():
            found.append(place)
        else:
            found += [place / path for path in sorted(LocalStore(place).listing())]
    if not found:
        raise DataError(f"{', '.join(map(str, places))}: no records; 'harness run' writes them.")
    return found
