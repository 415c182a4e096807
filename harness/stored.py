"""The records of a store, from its index where it has one, and from their files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import closing
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from harness.errors import RecordError, UserError
from harness.record import Record, parse_record
from harness.record_index import (
    INDEX,
    DamagedIndex,
    Found,
    RecordIndex,
    index_bytes,
    merged,
    open_index,
    parquet,
)
from harness.store import RECORDS_RULE, LocalStore, Store, one_line, open_store

#: Told how many records of how many have been read.
Progress = Callable[[str, int, int], None]


class Indexed(NamedTuple):
    """What became of an index.

    Attributes:
        records: files in it, those that are no sound records included.
        read: files that were read because they are new or were changed.
        removed: files that are gone.
        notes: why it was made anew, and one sentence for every file that is no sound record.
    """

    records: int
    read: int
    removed: int
    notes: list[str]


def find_records(
    place: str | Path, suites: Sequence[str] = ()
) -> tuple[list[tuple[PurePath, Record]], list[str]]:
    """All records of a store with their files, sorted by path.

    Records that the store's index has are taken from there, unless their file was changed since;
    all others are read.

    Args:
        place: a folder or an address.
        suites: leave out records of others, as far as the index tells; empty takes all.

    Returns:
        The records, and one sentence for each file that is none, for an index that is out of date
        or of no use, and for a folder whose JSON files are not named as records are.

    Raises:
        DataError: there is no such folder, or it cannot be read.
        UserError: the address cannot be opened.
    """
    store = open_store(place)
    listing = store.listing()
    found, unread, notes = _indexed(store, listing, suites)
    found += _read(store, unread)
    found.sort(key=lambda one: one.path.split("/"))
    notes += [one.problem for one in found if one.problem]
    if not listing and isinstance(store, LocalStore) and any(store.folder.rglob("*.json")):
        notes.append(f"{store.name} has JSON files but no records: {RECORDS_RULE}.")
    base = Path if isinstance(store, LocalStore) else PurePosixPath
    return [(base(store.name, one.path), one.record) for one in found if one.record], notes


def make_index(place: str | Path, progress: Progress | None = None) -> Indexed:
    """Make the index of a store, or bring it up to date: only new and changed files are read.

    Raises:
        DataError: there is no such folder, or it cannot be read.
        UserError: the address cannot be opened, or pyarrow is not installed.
        RunError: the index cannot be written.
    """
    parquet()
    store = open_store(place)
    listing = store.listing()
    if store.exists(INDEX):
        try:
            with closing(open_index(store)) as index:
                return _updated(store, listing, index, progress)
        except DamagedIndex as error:
            made = _updated(store, listing, None, progress)
            return made._replace(notes=[f"{error}: made anew.", *made.notes])
    return _updated(store, listing, None, progress)


def _indexed(
    store: Store, listing: Set[str], suites: Sequence[str]
) -> tuple[list[Found], list[str], list[str]]:
    """What the store's index has, the files that must be read instead, and what to say.

    Files that the index has as records of other suites than the asked ones are not looked at.
    """
    if not store.exists(INDEX):
        return [], sorted(listing), []
    again = f"'harness index --records {store.name}'"
    try:
        with closing(open_index(store)) as index:
            unread = set(listing - index.others(suites))
            found = [
                one
                for one in index.found(suites)
                if one.path in listing and _is_same(store, one.path, one.stamp)
            ]
    except DamagedIndex as error:
        return [], sorted(listing), [f"{error}: it is not used; {again} makes it anew."]
    except UserError as error:
        return [], sorted(listing), [f"{store.path(INDEX)} is not used: {error}"]
    unread -= {one.path for one in found}
    if not unread:
        return found, [], []
    news = f"{store.path(INDEX)}: records that it lacks, or has otherwise: {len(unread)}"
    return found, sorted(unread), [f"{news}; they were read; {again} takes them in."]


def _updated(
    store: Store, listing: Set[str], index: RecordIndex | None, progress: Progress | None
) -> Indexed:
    """The index written anew, where something has changed."""
    stamps = index.stamps() if index else {}
    same = {p for p, stamp in stamps.items() if p in listing and _is_same(store, p, stamp)}
    read = list(_read(store, sorted(listing - same), progress))
    removed = len(stamps.keys() - listing)
    if index is None or read or removed:
        store.write(INDEX, index_bytes(merged(index, same, read)))
    return Indexed(len(listing), len(read), removed, [o.problem for o in read if o.problem])


def _is_same(store: Store, path: str, stamp: str) -> bool:
    """Whether a file is the one that was taken in; one without a stamp may have been changed."""
    return bool(stamp) and store.stamp(path) == stamp


def _read(store: Store, paths: Sequence[str], progress: Progress | None = None) -> Iterator[Found]:
    stamps = {path: store.stamp(path) for path in paths}  # before: a later change is seen later
    for number, (path, content) in enumerate(store.contents(paths)):
        name = store.path(path)
        try:
            if isinstance(content, Exception):
                raise RecordError(f"{name}: not a readable record: {one_line(content)}.")
            yield Found(path, stamps[path], parse_record(content, name), "")
        except RecordError as error:
            yield Found(path, stamps[path], None, str(error))
        if progress:
            progress("records", number + 1, len(paths))
