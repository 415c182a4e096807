"""`smallnorb`: toys from 162 viewpoints, as clips in which only the viewpoint changes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness_datasets.official import OfficialTree, count_checks
from harness_datasets.smallnorb.matrix import read_header, read_matrix
from harness_datasets.smallnorb.options import CATEGORIES, HOME, LAYOUT, SmallNORBOptions
from harness_datasets.stores import FolderStore

FILES = {
    "train": "smallnorb-5x46789x9x18x6x2x96x96-training",
    "test": "smallnorb-5x01235x9x18x6x2x96x96-testing",
}
KINDS = ("dat", "cat", "info")

#: Stereo pairs of each split.
EXPECTED = {"train": 24_300, "test": 24_300}

CAMERAS = {"left": 0, "right": 1}
SIDE = 96

#: Columns of `info`, and how many values each has.
INFO = {"instance": 10, "elevation": 9, "azimuth": 36, "lighting": 6}


class SmallNORB(Dataset):
    """Grey photos of toys, repeated over RGB; the instances of train and test are the official.

    Images are sorted by category, instance, lighting, elevation and azimuth; ids name these five.
    A clip holds the views of one instance under one lighting, so that its images differ in
    viewpoint only and neighbours are 20 degrees of azimuth apart. Images are resized bilinearly.
    Attributes tell the category.

    Args:
        root: the folder of the six files, or its parent.
        options: which category and camera.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: SmallNORBOptions
    attribute_names = CATEGORIES

    def __init__(self, root: Path | None, options: SmallNORBOptions) -> None:
        super().__init__(root, options)
        folders = ("smallnorb", "small_norb", "smallNORB")
        self._tree = OfficialTree("smallnorb", root, home=HOME, layout=LAYOUT, folders=folders)
        self._paths = {
            split: {k: self._tree.file(f"{start}-{k}.mat", f"{start}-{k}.mat.gz") for k in KINDS}
            for split, start in FILES.items()
        }
        self._lock = threading.Lock()
        self._labels: dict[str, NDArray[np.int64]] = {}
        self._pictures: dict[str, NDArray[np.uint8]] = {}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of one category, or of all five, which are equally many."""
        parts = 1 if options.category is None else len(CATEGORIES)
        return {split: count // parts for split, count in EXPECTED.items()}

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return list(FILES)

    def ids(self, split: str) -> Sequence[str]:
        """Names like car/4/lighting0/elevation30/azimuth020, angles in degrees.

        Raises:
            DataError: there is no such split, or its labels are malformed.
        """
        return [_name(label) for label in self._chosen(split)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Resize images.

        Raises:
            DataError: a file is malformed.
        """
        labels = self._chosen(split)[list(indices)]
        pictures = self._views(split)[list(indices)]
        images = np.empty((len(labels), 3, image_size, image_size), np.uint8)
        for row, picture in enumerate(pictures):
            grey = Image.fromarray(picture)
            images[row] = np.array(grey.resize((image_size, image_size), Image.Resampling.BILINEAR))
        category, instance, lighting = labels[:, :3].T
        return Samples(
            ids=[_name(label) for label in labels],
            images=images,
            attributes=(category[:, None] == np.arange(len(CATEGORIES))).astype(np.float32),
            clips=(category * INFO["instance"] + instance) * INFO["lighting"] + lighting,
        )

    def source(self) -> dict[str, Any]:
        """Options, and sizes and times of the files."""
        names = [path.name for paths in self._paths.values() for path in paths.values()]
        stamp = FolderStore(self._tree.base).stamp(names)
        return {"options": self.options.model_dump(mode="json"), "files": stamp}

    def check(self) -> list[tuple[str, bool, str]]:
        """Pairs of all categories against counts expected, as (split, whether they agree, text)."""
        counts = {split: len(self._all(split)) for split in FILES}
        return count_checks(counts, EXPECTED)

    def _all(self, split: str) -> NDArray[np.int64]:
        """Category, instance, lighting, elevation, azimuth and row of every pair, sorted."""
        if split not in FILES:
            raise self._tree.no_split(split, self.splits())
        with self._lock:
            if split not in self._labels:
                self._labels[split] = self._load_labels(split)
            return self._labels[split]

    def _chosen(self, split: str) -> NDArray[np.int64]:
        labels, wanted = self._all(split), self.options.category
        return labels if wanted is None else labels[labels[:, 0] == CATEGORIES.index(wanted)]

    def _views(self, split: str) -> NDArray[np.uint8]:
        """The chosen pictures `uint8 [N, 96, 96]`, in the order of `_chosen`."""
        rows = self._chosen(split)[:, 5]
        with self._lock:
            if split not in self._pictures:
                order = np.argsort(rows)
                pairs = read_matrix(self._paths[split]["dat"], rows[order])
                pictures = np.empty((len(rows), SIDE, SIDE), np.uint8)
                pictures[order] = pairs[:, CAMERAS[self.options.camera]]
                self._pictures[split] = pictures
            return self._pictures[split]

    def _load_labels(self, split: str) -> NDArray[np.int64]:
        paths = self._paths[split]
        count = self._shaped(paths["dat"], "u1", (None, len(CAMERAS), SIDE, SIDE))
        for kind, shape in (("cat", (count,)), ("info", (count, len(INFO)))):
            self._shaped(paths[kind], "<i4", shape)
        category, info = read_matrix(paths["cat"]), read_matrix(paths["info"])
        columns = [("category", category, len(CATEGORIES), paths["cat"])]
        for (name, limit), values in zip(INFO.items(), info.T, strict=True):
            columns.append((name, values, limit, paths["info"]))
        for name, values, limit, path in columns:
            wrong = (values < 0) | (values >= limit)
            if wrong.any():
                row = int(np.argmax(wrong))
                raise DataError(
                    f"{path}: row {row}: {name} is {values[row]}, expected 0 to {limit - 1}."
                )
        instance, elevation, azimuth, lighting = info.T
        keys = (category, instance, lighting, elevation, azimuth, np.arange(count))
        return np.stack([key.astype(np.int64) for key in keys], axis=1)[np.lexsort(keys[::-1])]

    def _shaped(self, path: Path, dtype: str, shape: tuple[int | None, ...]) -> int:
        """Check a file's header; its number of rows."""
        header = read_header(path)
        fits = len(header.shape) == len(shape) and all(
            size is None or size == got for size, got in zip(shape, header.shape, strict=True)
        )
        if header.dtype != np.dtype(dtype) or not fits:
            got = " x ".join(map(str, header.shape))
            wanted = " x ".join("N" if size is None else str(size) for size in shape)
            raise DataError(
                f"{path}: {got} numbers of type {header.dtype}, expected {wanted} of type "
                f"{np.dtype(dtype)}."
            )
        return header.shape[0]


def _name(label: NDArray[np.int64]) -> str:
    category, instance, lighting, elevation, azimuth = label[:5]
    return (
        f"{CATEGORIES[category]}/{instance}/lighting{lighting}/"
        f"elevation{30 + 5 * elevation}/azimuth{10 * azimuth:03d}"
    )
