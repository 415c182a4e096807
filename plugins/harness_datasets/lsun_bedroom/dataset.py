"""`lsun_bedroom`: photos of bedrooms, without labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

from PIL import Image

from harness.errors import DataError
from harness_datasets.crops import Box, centre_square, whole
from harness_datasets.lsun_bedroom.database import LmdbStore
from harness_datasets.lsun_bedroom.options import HOME, LAYOUT, LsunBedroomOptions
from harness_datasets.official import OfficialTree
from harness_datasets.plain_photos import PhotoSplit, PlainPhotos
from harness_datasets.stores import PHOTO_ENDINGS, FolderStore, Store, ZipStore

#: LSUN's script exports photos under this ending, whatever they are.
EXPORTED = (*PHOTO_ENDINGS, ".webp")


class LsunBedroom(PlainPhotos):
    """Bedrooms; ids are the database's keys, or the names of exported photos, sorted.

    Photos have 256 px at their shorter side. The database and the photos exported from it have the
    same ids, splits and pixels.

    Args:
        root: the folder that holds the databases or photos, or its parent.
        options: choice of photos, their shape and crop.

    Raises:
        AssetMissing: a database is there, and lmdb is not installed.
        DataError: a split is missing, with the expected tree, or a database is broken.
    """

    options: LsunBedroomOptions
    expected: ClassVar[Mapping[str, int]] = {"train": 3_033_042, "val": 300}
    partition = ("train", "val")

    def __init__(self, root: Path | None, options: LsunBedroomOptions) -> None:
        folders = ("lsun_bedroom", "lsun")
        tree = OfficialTree("lsun_bedroom", root, home=HOME, layout=LAYOUT, folders=folders)
        super().__init__(root, options, tree)

    def _find(self) -> dict[str, PhotoSplit]:
        return {"train": self._photos("train", self.options.images), "val": self._photos("val")}

    def _photos(self, split: str, limit: int | None = None) -> PhotoSplit:
        store = self._store(f"bedroom_{split}")
        if isinstance(store, LmdbStore):
            names = ids = store.names()
        else:
            photos = [name for name in store.names() if name.lower().endswith(EXPORTED)]
            by_key = {PurePosixPath(name).stem: name for name in photos}
            if len(by_key) < len(photos):
                raise DataError(f"{store.name}: two photos have the same name.")
            ids = sorted(by_key)
            names = [by_key[key] for key in ids]
        if not ids:
            raise DataError(f"lsun_bedroom: {store.name} has no image.")
        return PhotoSplit(store, ids[:limit], names[:limit])

    def _store(self, name: str) -> Store:
        base = self._tree.base
        if (base / f"{name}_lmdb").is_dir():
            return LmdbStore(base / f"{name}_lmdb")
        if (base / name).is_dir():
            return FolderStore(base / name)
        if (base / f"{name}.zip").is_file():
            return ZipStore(base / f"{name}.zip")
        packed = base / f"{name}_lmdb.zip"
        if packed.is_file():
            raise DataError(f"{packed}: a database cannot be read inside its archive; unzip it.")
        raise self._tree.missing(f"{name}_lmdb/")

    def _area(self, picture: Image.Image, where: str) -> Box:
        return whole(picture) if self.options.shape == "squeeze" else centre_square(picture)
