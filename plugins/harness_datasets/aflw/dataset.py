"""`aflw`: cropped faces with the five landmarks that are always visible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness.vision.photo import decode_photo
from harness_datasets.aflw.options import HOME, LAYOUT, AFLWOptions
from harness_datasets.crops import squeeze, whole
from harness_datasets.official import OfficialTree, count_checks
from harness_datasets.prepared import PreparedLists

#: Images of each list (lmdis-rep, section 4.1).
EXPECTED = {"train": 10_122, "test": 2_991}


class AFLW(Dataset):
    """AFLW in the prepared release; ids are the paths of the lists, splits keep their order.

    The release holds faces that are already cut out: the annotated box with a quarter of its height
    added on top and an eighth of its width at the left and right (lmdis-rep, appendix G.1). The
    whole image is squeezed to the square in one bilinear resize, antialiased. Left and right are
    the image's, and the landmarks follow `PreparedLists`. EXIF orientation is not applied. Images
    that are listed but not on disk are left out; `source` states how many there are.

    Args:
        root: the folder that holds the release, or its parent.
        options: none.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: AFLWOptions
    landmark_names = (
        "left eye",
        "right eye",
        "nose tip",
        "left mouth corner",
        "right mouth corner",
    )

    def __init__(self, root: Path | None, options: AFLWOptions) -> None:
        super().__init__(root, options)
        folders = ("aflw", "aflw_release-2")
        self._tree = OfficialTree("aflw", root, home=HOME, layout=LAYOUT, folders=folders)
        self._store, self._prefix = self._tree.images("output", "aflw_images")
        self._lists = PreparedLists(self._tree, "aflw", 5, ("", "aflw_data/"))
        self._ids: dict[str, list[str]] = {}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return list(EXPECTED)

    def ids(self, split: str) -> Sequence[str]:
        """Paths of a list that are on disk.

        Raises:
            DataError: there is no such split, or its list is missing or malformed.
        """
        if split not in EXPECTED:
            raise self._tree.no_split(split, self.splits())
        if split not in self._ids:
            names = self._lists.listed(split).names
            self._ids[split] = [name for name in names if self._prefix + name in self._store]
        return self._ids[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode and squeeze images.

        Raises:
            DataError: an image is broken.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        for row, name in enumerate(ids):
            data = self._store.read(self._prefix + name)
            picture = decode_photo(data, f"{self._store.name}: {name}", upright=False)
            images[row] = squeeze(picture, whole(picture), image_size)
        listed = self._lists.listed(split)
        points = listed.points[[listed.rows[name] for name in ids]].astype(np.float32)
        return Samples(
            ids=ids, images=images, landmarks=points, visible=np.isfinite(points[..., 0])
        )

    def source(self) -> dict[str, Any]:
        """Digests of the lists and landmarks, and how much of the official set is on disk."""
        found = {split: len(self.ids(split)) for split in EXPECTED}
        return {
            "lists": self._lists.digests(),
            "images": self._store.stamp(self._store.photos()),
            "share": {"found": sum(found.values()), "official": sum(EXPECTED.values())},
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        return count_checks({split: len(self.ids(split)) for split in EXPECTED}, EXPECTED)
