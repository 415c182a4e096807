"""Finding the photos: loose in a folder, or in a zip."""

from __future__ import annotations

from pathlib import Path

from harness.errors import DataError
from harness_datasets.image_folder.options import ImageFolderOptions
from harness_datasets.stores import FolderStore, Store, ZipStore


class Photos:
    """The photos of a set and the stores that may hold its label files.

    Args:
        root: the data root.
        options: `ImageFolderOptions`.

    Raises:
        DataError: there is no photo, or it is not clear where the photos are.
    """

    def __init__(self, root: Path, options: ImageFolderOptions) -> None:
        self._masks = f"{options.masks}/"
        self.folder = FolderStore(root)
        self.store = self._store(options.archive)
        self.names = self._without_masks(self.store)
        if not self.names:
            raise DataError(f"{self.store.name}: there is no photo (*.jpg, *.jpeg, *.png).")

    @property
    def stores(self) -> list[Store]:
        """The folder, and the zip where the photos are in one."""
        return [self.folder] if self.store is self.folder else [self.folder, self.store]

    def _without_masks(self, store: Store) -> list[str]:
        return [name for name in store.photos() if not name.startswith(self._masks)]

    def _store(self, archive: str) -> Store:
        folder = self.folder
        if archive:
            return ZipStore(folder.root / archive)
        loose = self._without_masks(folder)
        zips = [name for name in folder.names() if name.endswith(".zip") and "/" not in name]
        usual = "images.zip" in zips
        if loose and usual:
            raise DataError(
                f"{folder.name}: there are both loose photos ('{loose[0]}') and images.zip; name "
                "the zip with the option archive, or move one of them away."
            )
        if loose or not zips:
            return folder
        if not usual and len(zips) > 1:
            raise DataError(
                f"{folder.name}: there are {len(zips)} zips ('{zips[0]}', '{zips[1]}'); name the "
                "one with the photos with the option archive."
            )
        return ZipStore(folder.root / ("images.zip" if usual else zips[0]))
