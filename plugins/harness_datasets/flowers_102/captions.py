"""The captions of Reed et al.: one text file a photo, in folders of classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from harness.errors import DataError
from harness_datasets.flowers_102.options import CAPTIONS
from harness_datasets.official import OfficialTree, refuse_page

#: Where the folders of classes may lie.
FOLDERS = ("text_c10", "cvpr2016_flowers/text_c10")


class Captions:
    """Sentences by the photo's name without ending, read when they are asked for.

    Args:
        tree: where to look.

    Raises:
        DataError: there is no such folder, with the expected tree, or two files of one photo.
    """

    def __init__(self, tree: OfficialTree) -> None:
        self._store = tree.files(*FOLDERS)
        self._names: dict[str, str] = {}
        for name in self._store.names():
            path = PurePosixPath(name)
            if path.suffix == ".txt" and path.parent.name.startswith("class_"):
                if path.stem in self._names:
                    raise DataError(
                        f"{self._store.name}: '{self._names[path.stem]}' and '{name}' are captions "
                        "of one photo."
                    )
                self._names[path.stem] = name
        if not self._names:
            raise tree.missing(f"{FOLDERS[0]}/class_00001/")

    def __len__(self) -> int:
        """How many photos have captions."""
        return len(self._names)

    def of(self, photos: Sequence[str], which: int) -> list[str]:
        """One caption each of these photos, by its number.

        Raises:
            DataError: a photo has no file, or the file is an HTML page, no text, or cut off.
        """
        return [self._sentences(photo)[which] for photo in photos]

    def stamp(self, photos: Sequence[str]) -> dict[str, Any]:
        """JSON that changes when a file of these photos changes."""
        return self._store.stamp(self._names[name] for name in photos if name in self._names)

    def _sentences(self, photo: str) -> list[str]:
        if photo not in self._names:
            raise DataError(f"{self._store.name}: no captions of '{photo}', expected {photo}.txt.")
        name = self._names[photo]
        where = f"{self._store.name}: {name}"
        data = self._store.read(name)
        refuse_page(data, where)
        try:
            lines = data.decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise DataError(f"{where}: not a text file.") from None
        sentences = [line.strip() for line in lines if line.strip()]
        if len(sentences) != CAPTIONS:
            raise DataError(
                f"{where}: {len(sentences)} captions, expected {CAPTIONS}, one a line; the file "
                "was cut off or changed."
            )
        return sentences
