"""Finding and reading the label files of a folder of photos."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.errors import DataError
from harness_datasets.image_folder.attributes import Attributes, attributes_from_table
from harness_datasets.image_folder.landmarks import (
    Landmarks,
    is_coco,
    landmarks_from_coco,
    landmarks_from_table,
)
from harness_datasets.image_folder.masks import mask_name
from harness_datasets.image_folder.options import ImageFolderOptions
from harness_datasets.image_folder.splits import own_splits, splits_from_table
from harness_datasets.image_folder.tables import Table, check_photos, read_table
from harness_datasets.stores import Store


@dataclass(frozen=True)
class Labels:
    """Everything known about the photos besides their pixels.

    Attributes:
        splits: photos by split.
        landmarks: landmarks, or `None`.
        attributes: attributes, or `None`.
        masks: the mask file of each photo that has one.
        digests: sha256 of every label file that was read.
    """

    splits: dict[str, list[str]]
    landmarks: Landmarks | None = None
    attributes: Attributes | None = None
    masks: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)

    def labelled(self, photo: str) -> bool:
        """True where the photo has landmarks, or a mask in a set without landmarks."""
        if self.landmarks is not None:
            return self.landmarks.labelled(photo)
        return photo in self.masks


class LabelFiles:
    """The label files beside the photos or inside their archive."""

    def __init__(self, stores: Sequence[Store], options: ImageFolderOptions) -> None:
        self.stores = stores
        self.options = options
        self.digests: dict[str, str] = {}
        self._tables: dict[str, Table] = {}

    def read(self, photos: Sequence[str]) -> Labels:
        """Read all that there is and check that it belongs to the photos.

        Raises:
            DataError: a named file or column is missing, or a file is malformed.
        """
        known = frozenset(photos)
        landmarks = self._landmarks(known)
        labels = self._optional(self.options.labels, "labels.csv", known)
        index = self._optional(self.options.index, "index.csv", known)
        marked = self._tables.get(landmarks.name) if landmarks else None
        tables = [table for table in (index, labels, marked) if table is not None]
        return Labels(
            splits=self._splits(photos, tables),
            landmarks=landmarks,
            attributes=self._attributes(labels),
            masks=self._masks(known, index),
            digests=dict(self.digests),
        )

    def _optional(self, chosen: str, usual: str, photos: frozenset[str]) -> Table | None:
        if chosen or self._exists(usual):
            return self._table(chosen or usual, photos)
        return None

    def _table(self, name: str, photos: frozenset[str]) -> Table:
        if name not in self._tables:
            table = read_table(self._bytes(name), name, self.options.file_column)
            check_photos(table.places, photos)
            self._tables[name] = table
        return self._tables[name]

    def _landmarks(self, photos: frozenset[str]) -> Landmarks | None:
        name = self.options.landmarks or self._usual_landmarks()
        if not name:
            return None
        if name.lower().endswith(".json"):
            landmarks = landmarks_from_coco(self._bytes(name), name)
            check_photos(landmarks.places, photos)
        else:
            landmarks = landmarks_from_table(self._table(name, photos))
        if self.options.pixel_size is None:
            landmarks.refuse_fractions()
        return landmarks

    def _usual_landmarks(self) -> str:
        if self._exists("landmarks.csv"):
            return "landmarks.csv"
        names = {name for store in self.stores for name in store.names() if "/" not in name}
        coco = [name for name in sorted(names) if name.lower().endswith(".json")]
        coco = [name for name in coco if is_coco(self._bytes(name))]
        if len(coco) > 1:
            listed = " and ".join(f"'{name}'" for name in coco)
            raise DataError(
                f"{self.stores[0].name}: {listed} both hold landmarks; name one with "
                "the option landmarks."
            )
        return coco[0] if coco else ""

    def _splits(self, photos: Sequence[str], tables: Sequence[Table]) -> dict[str, list[str]]:
        column = self.options.split_column or "split"
        for table in tables:
            if column in table.columns:
                names = self.options.split_map
                return splits_from_table(
                    photos, table, column, names=names, unassigned=self.options.unassigned
                )
        if self.options.split_column:
            read = ", ".join(table.name for table in tables) or "no CSV found"
            raise DataError(f"{self.stores[0].name}: no split column '{column}' ({read}).")
        return own_splits(photos)

    def _attributes(self, labels: Table | None) -> Attributes | None:
        if labels is None:
            return None
        options = self.options
        other = {options.split_column or "split", options.mask_column, *options.ignore_columns}
        attributes = attributes_from_table(labels, other)
        return attributes if attributes.names else None

    def _masks(self, photos: frozenset[str], index: Table | None) -> dict[str, str]:
        column = self.options.mask_column
        if index is not None and column in index.columns:
            named = {photo: row.cells[column] for photo, row in index.rows.items()}
            masks = {photo: mask for photo, mask in named.items() if mask}
            for photo, mask in masks.items():
                if not self._exists(mask):
                    raise DataError(f"{index.rows[photo].place}: there is no mask '{mask}'.")
                if mask in photos:
                    raise DataError(
                        f"{index.rows[photo].place}: the mask '{mask}' lies among the photos; name "
                        "its folder with the option masks."
                    )
            return masks
        inside = f"{self.options.masks}/"
        names = [name for store in self.stores for name in store.names()]
        found = {name for name in names if name.startswith(inside) and name.endswith(".png")}
        pairs = [(photo, mask_name(self.options.masks, photo)) for photo in photos]
        masks = {photo: mask for photo, mask in pairs if mask in found}
        lonely = sorted(found - set(masks.values()))
        if lonely:
            raise DataError(f"{self.stores[0].name}: the mask '{lonely[0]}' belongs to no photo.")
        return masks

    def _exists(self, name: str) -> bool:
        return any(name in store for store in self.stores)

    def _bytes(self, name: str) -> bytes:
        for store in self.stores:
            if name in store:
                data = store.read(name)
                self.digests[name] = hashlib.sha256(data).hexdigest()
                return data
        raise DataError(f"{self.stores[0].name}: the file '{name}' is missing.")
