"""The hash of a record's content, and of the files that its numbers come from.

A hash that stands in the record itself finds accidents and careless edits, not a forger, who would
compute it anew: what holds then is `harness verify`, which scores the predictions again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import RecordError
from harness.fingerprint import canonical

if TYPE_CHECKING:
    from harness.record import Record

#: Files beside a record whose hashes stand in it: what it was scored from, and its values an image.
FILES = ("predictions.npz", "per_image.npz")


def sealed(record: Record, folder: Path) -> Record:
    """The record with the hashes of its files and of its own content.

    Args:
        record: complete.
        folder: where its files lie; those of `FILES` that exist are hashed.
    """
    files = {name: _sha256(folder / name) for name in FILES if (folder / name).is_file()}
    with_files = record.model_copy(update={"files": files})
    content = json.loads(with_files.model_dump_json())
    return with_files.model_copy(update={"digest": content_digest(content)})


def content_digest(content: Mapping[str, Any]) -> str:
    """sha256 of a record's canonical JSON without its field `digest`.

    The JSON as it stands in the file is hashed, so that fields which later versions of the harness
    add change nothing.
    """
    rest = {key: value for key, value in content.items() if key != "digest"}
    return hashlib.sha256(canonical(rest).encode()).hexdigest()


def is_intact(text: str) -> bool:
    """Whether the content of a record has the hash it names; true for one that names none."""
    try:
        return is_as_named(json.loads(text))
    except (ValueError, AttributeError):
        return False


def is_as_named(content: Mapping[str, Any]) -> bool:
    """Whether a record's content has the hash it names; true for one that names none.

    Raises:
        ValueError: it holds a number that is not finite.
    """
    named = content.get("digest")
    return not named or content_digest(content) == named


def check_file(record: Record, folder: Path, name: str) -> None:
    """Refuse a file beside a record that is not the one its hash stands for.

    Raises:
        RecordError: the file is missing or was changed.
    """
    path = folder / name
    if not path.is_file():
        raise RecordError(f"{path}: missing; a finished run keeps it beside its record.")
    wanted = record.files.get(name)
    if wanted and _sha256(path) != wanted:
        raise RecordError(
            f"{path}: changed after the record was written: it does not have the hash that "
            "record.json names."
        )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror or error}.") from None
