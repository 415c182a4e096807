"""Releases of ready crops: lists of images with a MATLAB file of landmarks for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.matlab import load_mat, numbers
from harness_datasets.official import OfficialTree, digest, read_list


@dataclass(frozen=True)
class Listed:
    """One list with its landmarks.

    Attributes:
        names: image paths, in the list's order.
        points: `float64 [N, L, 2]`, (x, y) as fractions of the stored image's width and height,
            NaN for images without annotation.
    """

    names: list[str]
    points: NDArray[np.float64]

    @cached_property
    def rows(self) -> dict[str, int]:
        """The row of each image."""
        return {name: row for row, name in enumerate(self.names)}


class PreparedLists:
    """The files NAME_{train,test}_images.txt and NAME_{train,test}_keypoints.mat.

    The arrays are `gt` (N, L, 2), **(y, x)** in pixels counted from 0, and `hw` (N, 2), height and
    width of the image these refer to. Points are divided by `hw` as they stand, without a shift by
    half a pixel, as lmdis-rep's evaluation does. An image whose numbers are all 0 counts as not
    annotated.

    Args:
        tree: where to look.
        name: what the files' names begin with.
        landmarks: L.
        folders: where the files may lie below the tree.
    """

    def __init__(
        self, tree: OfficialTree, name: str, landmarks: int, folders: tuple[str, ...]
    ) -> None:
        self._tree, self._name, self._landmarks = tree, name, landmarks
        self._folders = folders
        self._read: dict[str, Listed] = {}

    @property
    def present(self) -> bool:
        """Whether there is a list for `train` or `test`."""
        return any(self._tree.find(*self._places(s, "images.txt")) for s in ("train", "test"))

    def listed(self, split: str) -> Listed:
        """The list `train` or `test`.

        Raises:
            DataError: a file is missing or malformed, or list and landmarks differ in length.
        """
        if split not in self._read:
            self._read[split] = self._load(split)
        return self._read[split]

    def names(self, split: str) -> list[str]:
        """Image paths of a list alone, without its landmarks.

        Raises:
            DataError: the list is missing or malformed.
        """
        return read_list(self._tree.file(*self._places(split, "images.txt")))

    def digests(self) -> dict[str, str]:
        """sha256 of the files that exist."""
        found = [
            self._tree.find(*self._places(split, end))
            for split in ("train", "test")
            for end in ("images.txt", "keypoints.mat")
        ]
        return {path.name: digest(path) for path in found if path is not None}

    def _places(self, split: str, end: str) -> list[str]:
        return [f"{folder}{self._name}_{split}_{end}" for folder in self._folders]

    def _load(self, split: str) -> Listed:
        names = self.names(split)
        path = self._tree.file(*self._places(split, "keypoints.mat"))
        arrays = load_mat(path)
        points = numbers(arrays, "gt", (None, self._landmarks, 2), path)
        sizes = numbers(arrays, "hw", (None, 2), path)
        if not len(names) == len(points) == len(sizes):
            raise DataError(
                f"{path}: gt has {len(points):,} rows and hw {len(sizes):,}, but the list "
                f"{self._name}_{split}_images.txt has {len(names):,} lines."
            )
        if (sizes <= 0).any():
            row = int(np.argmax((sizes <= 0).any(axis=1)))
            raise DataError(f"{path}: array 'hw', row {row}: height and width must be above 0.")
        fractions = points[..., ::-1] / sizes[:, None, ::-1]
        fractions[(points == 0).all(axis=(1, 2))] = np.nan
        return Listed(names, fractions)
