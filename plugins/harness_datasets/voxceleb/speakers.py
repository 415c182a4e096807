"""VoxCeleb's lists of speakers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import DataError
from harness_datasets.official import read_bytes, read_list

COLUMNS = ("VoxCeleb1 ID", "VGGFace1 ID", "Set")


@dataclass(frozen=True)
class Meta:
    """The official table of speakers.

    Attributes:
        path: the file.
        other_name: the name of each id, and the id of each name.
        sets: `dev` or `test` by id and by name.
    """

    path: Path
    other_name: dict[str, str]
    sets: dict[str, str]


def read_meta(path: Path) -> Meta:
    """The table, with tabs (the official edition) or commas between its columns.

    Raises:
        DataError: it is a page or no text, lacks a column, or a row is cut off.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file.") from None
    rows = csv.reader(io.StringIO(text), delimiter="\t" if "\t" in text else ",")
    head = [name.strip() for name in next(rows, [])]
    missing = [name for name in COLUMNS if name not in head]
    if missing:
        raise DataError(f"{path} line 1: no column '{missing[0]}', expected {', '.join(COLUMNS)}.")
    places = [head.index(name) for name in COLUMNS]
    other_name: dict[str, str] = {}
    sets: dict[str, str] = {}
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(head):
            raise DataError(f"{path} line {line}: {len(row)} columns, expected {len(head)}.")
        number, name, kind = (row[place].strip() for place in places)
        other_name |= {number: name, name: number}
        sets |= {number: kind, name: kind}
    return Meta(path, other_name, sets)


def left_out(speakers: Sequence[str], excluded: Path | None, meta: Meta | None) -> dict[str, bool]:
    """The names of the list of exclusions, and whether each is among the speakers.

    Args:
        speakers: folders that hold the speakers' frames, named by id or by name.
        excluded: the list, by id or by name; `None` for none.
        meta: joins ids and names; without it only equal ones are found.

    Raises:
        DataError: the list is malformed.
    """
    there = set(speakers)
    if meta is not None:
        there |= {meta.other_name[name] for name in speakers if name in meta.other_name}
    return {name: name in there for name in (read_list(excluded) if excluded else [])}


def kept_speakers(
    speakers: Sequence[str], excluded: Sequence[str], meta: Meta | None, wanted: str
) -> list[str]:
    """Speakers that are not excluded, and of the wanted set of the table.

    Args:
        speakers: folders of the speakers, named by id or by name.
        excluded: ids or names.
        meta: the table; must be there for the set `dev`.
        wanted: `all` or `dev`.

    Raises:
        DataError: a speaker has no row in the table.
    """
    out = set(excluded)
    if meta is not None:
        out |= {meta.other_name[name] for name in excluded if name in meta.other_name}
    kept = [name for name in speakers if name not in out]
    if wanted == "all" or meta is None:
        return kept
    for name in kept:
        if name not in meta.sets:
            raise DataError(f"{meta.path}: no row for the speaker '{name}'.")
    return [name for name in kept if meta.sets[name] == wanted]
