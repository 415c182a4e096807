"""Which photo is in which split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from harness.errors import DataError
from harness_datasets.image_folder.tables import Table

#: Share of the photos that are `test` when no table says otherwise.
TEST_SHARE = 0.2

ALL = "all"
LABELLED = "_labelled"


def own_splits(photos: Sequence[str]) -> dict[str, list[str]]:
    """A fixed split by name: `test` is the fifth with the smallest sha256, `train` the others.

    Two photos or more have at least one in `test`; both keep the given order.
    """
    ranked = sorted(photos, key=lambda photo: hashlib.sha256(photo.encode()).digest())
    count = max(1, round(TEST_SHARE * len(photos))) if len(photos) > 1 else 0
    chosen = set(ranked[:count])
    return {
        "train": [photo for photo in photos if photo not in chosen],
        "test": [photo for photo in photos if photo in chosen],
    }


def splits_from_table(
    photos: Sequence[str], table: Table, column: str, *, names: dict[str, str], unassigned: str
) -> dict[str, list[str]]:
    """The splits of a CSV column.

    Args:
        photos: all photos.
        table: the CSV.
        column: its split column.
        names: other names for values of the column.
        unassigned: split of photos without a row or with an empty cell.

    Raises:
        DataError: a value would clash with the names that the harness makes.
    """
    found: dict[str, list[str]] = {unassigned: []}
    for photo in photos:
        row = table.rows.get(photo)
        value = row.cells[column] if row else ""
        split = names.get(value, value) or unassigned
        if split == ALL or split.endswith(LABELLED):
            raise DataError(
                f"{table.name}: the split '{split}' in column '{column}' has a reserved name; give "
                "it another one with the option split_map."
            )
        found.setdefault(split, []).append(photo)
    return {split: members for split, members in found.items() if members}


def with_derived(
    splits: dict[str, list[str]], photos: Sequence[str], labelled: Callable[[str], bool]
) -> dict[str, list[str]]:
    """The splits, `all`, and for each of them its photos with labels as `…_labelled`."""
    complete = {ALL: list(photos), **splits}
    parts = {
        f"{split}{LABELLED}": [photo for photo in members if labelled(photo)]
        for split, members in complete.items()
    }
    return complete | parts
