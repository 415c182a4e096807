"""`cat_head`: heads of cats, cut out by their landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness_datasets.cat_head.editions import Edition, PreparedHeads, PublishedHeads
from harness_datasets.cat_head.options import HOME, LAYOUT, CatHeadOptions
from harness_datasets.crops import squeeze, to_box
from harness_datasets.official import OfficialTree, count_checks
from harness_datasets.prepared import PreparedLists

NAMES = (
    "left eye",
    "right eye",
    "mouth",
    "left ear 1",
    "left ear 2",
    "left ear 3",
    "right ear 1",
    "right ear 2",
    "right ear 3",
)

#: Images of each list (lmdis-rep, section 4.1).
EXPECTED = {"train": 7_747, "test": 1_257}

#: Photos of the whole published set (Zhang, Sun and Tang, 2008), which has no lists.
PUBLISHED = 9_997


class CatHead(Dataset):
    """Cat heads with seven of their nine landmarks.

    The prepared release (lmdis-rep) has crops of 100 x 100 px and the lists `train` and `test`;
    the centre 80 x 80 px become the square. The published photos have no lists: a square around
    the nine landmarks is enlarged by the option `margin` and loses its outer tenth in the same way,
    and the splits are called `hash_train` and `hash_test` (the 14 % of the photos whose names have
    the smallest sha256), so that nobody takes them for the paper's; where lists lie beside the
    photos they give `train` and `test`. Both in one bilinear resize, antialiased; where a square
    reaches beyond its photo the outermost pixels are repeated.

    Left and right are as the annotation names them; its pixels are taken as they stand, without a
    half-pixel shift. EXIF orientation is not applied. Images that are listed but not on disk are
    left out.

    Args:
        root: the folder that holds either edition, or its parent.
        options: landmarks and crop.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: CatHeadOptions

    def __init__(self, root: Path | None, options: CatHeadOptions) -> None:
        super().__init__(root, options)
        folders = ("cat_head", "cat_heads", "cats")
        self._tree = OfficialTree("cat_head", root, home=HOME, layout=LAYOUT, folders=folders)
        self._lists = PreparedLists(self._tree, "cat", len(NAMES), ("cat_data/", ""))
        self._heads = self._edition()
        self.landmark_names = tuple(NAMES[point] for point in options.points)

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """`train` and `test`, or `hash_train` and `hash_test` without lists."""
        return list(self._heads.splits())

    def ids(self, split: str) -> Sequence[str]:
        """Paths of a split's images.

        Raises:
            DataError: there is no such split.
        """
        splits = self._heads.splits()
        if split not in splits:
            raise self._tree.no_split(split, splits)
        return splits[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos.

        Raises:
            DataError: a photo or its annotation is broken.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        points = np.empty((len(ids), len(self.options.points), 2), np.float32)
        for row, name in enumerate(ids):
            picture, box, pixels = self._heads.head(name)
            images[row] = squeeze(picture, box, image_size)
            points[row] = to_box(pixels[list(self.options.points)], box)
        return Samples(
            ids=ids, images=images, landmarks=points, visible=np.isfinite(points[..., 0])
        )

    def source(self) -> dict[str, Any]:
        """Options, digests of the lists and sizes and times of photos and annotations."""
        store = self._heads.store
        photos = store.photos()
        annotations = [f"{name}.cat" for name in photos if f"{name}.cat" in store]
        return {
            "options": self.options.model_dump(mode="json"),
            "lists": self._lists.digests(),
            "images": store.stamp([*photos, *annotations]),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        counts = {split: len(names) for split, names in self._heads.splits().items()}
        if "train" in counts:
            return count_checks(counts, EXPECTED)
        return count_checks({"photos": sum(counts.values())}, {"photos": PUBLISHED})

    def _edition(self) -> Edition:
        base = self._tree.base
        if (base / "cat_images").is_dir() or (base / "cat_images.zip").is_file():
            return PreparedHeads(self._tree, self._lists)
        if any(path.is_dir() for path in base.glob("CAT_0*")):
            return PublishedHeads(self._tree, self._lists, self.options.margin)
        raise self._tree.missing("cat_images/ or CAT_00/")
