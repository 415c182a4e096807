"""Finding the files of an official release, wherever below the data root people put them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import DataError
from harness.vision.photo import looks_like_page
from harness_datasets.stores import FolderStore, Store, ZipStore


class OfficialTree:
    """The files of one data set below a data root, or below its own folder there.

    Args:
        name: the data set, for messages.
        root: the data root.
        home: where people get the data.
        layout: the expected tree, shown when a file is missing.
        folders: names that the data set's own folder may have.

    Raises:
        DataError: no root was given, or there is no such folder.
    """

    def __init__(
        self, name: str, root: Path | None, *, home: str, layout: str, folders: Sequence[str] = ()
    ) -> None:
        if root is None:
            raise DataError(f"{name}: no folder was given; pass it with --data.")
        if not root.is_dir():
            raise DataError(f"{name}: there is no folder {root}; pass another one with --data.")
        inner = [root / folder for folder in folders if (root / folder).is_dir()]
        self.name, self.home, self.layout = name, home, layout
        self.base = inner[0] if inner else root

    def find(self, *places: str) -> Path | None:
        """The first of these files that exists."""
        paths = (self.base / place for place in places)
        return next((path for path in paths if path.is_file()), None)

    def file(self, *places: str) -> Path:
        """The first of these files that exists.

        Raises:
            DataError: none does, with the expected tree and the home page.
        """
        path = self.find(*places)
        if path is None:
            raise self.missing(places[0])
        return path

    def images(self, *places: str) -> tuple[Store, str]:
        """The first of these image folders that exists, or its zip, and what its names begin with.

        A zip may hold the folder itself or what is in it.

        Raises:
            DataError: none exists, or the first one has no image.
        """
        store, folder = self._placed(places)
        photos = store.photos()
        if not photos:
            raise DataError(f"{self.name}: {store.name} has no image.")
        start = f"{folder}/"
        return store, start if all(photo.startswith(start) for photo in photos) else ""

    def files(self, *places: str) -> Store:
        """The first of these folders that exists, or its zip.

        Raises:
            DataError: none exists, with the expected tree.
        """
        return self._placed(places)[0]

    def missing(self, what: str) -> DataError:
        """The error for a file or folder that is not there."""
        return DataError(
            f"{self.name}: '{what}' is missing below {self.base}. Get it from {self.home} and put "
            f"it there, or pass --data. Expected:\n{self.layout}"
        )

    def no_split(self, split: str, splits: Iterable[str]) -> DataError:
        """The error for a split that does not exist."""
        return DataError(f"{self.name}: no split '{split}', there are {', '.join(splits)}.")

    def _placed(self, places: Sequence[str]) -> tuple[Store, str]:
        """The first of these folders or zips, and the folder's name."""
        for place in places:
            folder = self.base / place
            archive = folder.with_name(f"{folder.name}.zip")
            if folder.is_dir():
                return FolderStore(folder), folder.name
            if archive.is_file():
                return ZipStore(archive), folder.name
        raise self.missing(f"{places[0]}/")


def read_bytes(path: Path) -> bytes:
    """A file that must be no HTML page.

    Raises:
        DataError: it is one, or cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read: {error}.") from None
    refuse_page(data, str(path))
    return data


def refuse_page(data: bytes, name: str) -> None:
    """Refuse what a failed download leaves.

    Raises:
        DataError: the bytes begin like an HTML page.
    """
    if looks_like_page(data):
        raise DataError(
            f"{name}: the file is an HTML page, which is what a failed download leaves; fetch it "
            "again."
        )


def read_list(path: Path) -> list[str]:
    """A list of image paths, one a line with forward slashes; the last line may lack its end.

    Raises:
        DataError: the file is an HTML page, is no text, is empty, or a path occurs twice.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file.") from None
    names: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        name = line.strip().replace("\\", "/")
        if not name:
            continue
        if name in names:
            raise DataError(f"{path} line {number}: '{name}' is there twice.")
        names[name] = number
    if not names:
        raise DataError(f"{path}: the list has no line.")
    return list(names)


def digest(path: Path) -> str:
    """The sha256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def hashed_split(
    names: Sequence[str], test_share: float, *, split_names: tuple[str, str] = ("train", "test")
) -> dict[str, list[str]]:
    """A fixed split by name, for data sets whose list is not published.

    The names with the smallest sha256 are the second split, the others the first; both keep the
    given order. Two names or more have at least one in each.

    Args:
        names: the names, without repeats.
        test_share: share of the second split, in [0, 1].
        split_names: names of the two splits.
    """
    ranked = sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
    count = min(max(1, round(test_share * len(names))), len(names) - 1) if len(names) > 1 else 0
    chosen = set(ranked[:count])
    first, second = split_names
    return {
        first: [name for name in names if name not in chosen],
        second: [name for name in names if name in chosen],
    }


def count_checks(counts: dict[str, int], expected: dict[str, int]) -> list[tuple[str, bool, str]]:
    """Counts found against counts expected, as (split, whether they agree, text)."""
    return [
        (
            split,
            counts.get(split, 0) == number,
            f"{counts.get(split, 0):,} images, expected {number:,}",
        )
        for split, number in expected.items()
    ]
