"""Finding CelebA's files, wherever below the data root people put them."""

from __future__ import annotations

from pathlib import Path

from harness.errors import DataError
from harness_datasets.celeba.options import HOME, LAYOUT
from harness_datasets.stores import FolderStore, Store, ZipStore

#: Sub-folders of the official drive; the root itself comes first.
FOLDERS = ("", "Anno", "Eval", "Img")


class CelebAFiles:
    """The lists and image folders below a data root, or below its folder `celeba`.

    Raises:
        DataError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError(f"celeba: there is no folder {root}; pass another one with --data.")
        inner = root / "celeba"
        self.base = inner if inner.is_dir() else root

    def find(self, name: str) -> Path | None:
        """A list by its name without ending, as text or CSV; `None` where there is none."""
        for folder in FOLDERS:
            for ending in (".txt", ".csv"):
                path = self.base / folder / f"{name}{ending}"
                if path.is_file():
                    return path
        return None

    def list(self, name: str) -> Path:
        """A list that must exist.

        Raises:
            DataError: it is missing, with the expected tree and the home page.
        """
        path = self.find(name)
        if path is None:
            raise self._missing(f"{name}.txt")
        return path

    def images(self, name: str) -> tuple[Store, str]:
        """The store of an image folder, and what its names begin with.

        Raises:
            DataError: it is missing or has no image.
        """
        for folder in FOLDERS:
            path = self.base / folder / name
            archive = path.with_name(f"{name}.zip")
            if path.is_dir():
                return _entered(FolderStore(path))
            if archive.is_file():
                return _entered(ZipStore(archive))
        raise self._missing(f"{name}/")

    def _missing(self, name: str) -> DataError:
        return DataError(
            f"celeba: '{name}' is missing below {self.base}. Get it from {HOME} and put it there, "
            f"or pass --data. Expected:\n{LAYOUT}"
        )


def _entered(store: Store) -> tuple[Store, str]:
    """Step into a folder inside the store, which some editions have."""
    photos = store.photos()
    if not photos:
        raise DataError(f"celeba: {store.name} has no image.")
    return store, photos[0].rpartition("/")[0] + "/" if "/" in photos[0] else ""
