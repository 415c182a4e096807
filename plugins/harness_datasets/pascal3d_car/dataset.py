"""`pascal3d_car`: cars seen from the side, cut out by their landmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.crops import Box, squeeze, to_box
from harness_datasets.official import OfficialTree, hashed_split
from harness_datasets.pascal3d_car.annotations import Profile, profile_of
from harness_datasets.pascal3d_car.options import HOME, LAYOUT, Pascal3DCarOptions
from harness_datasets.stores import FolderStore, Store, ZipStore

RELEASE = "PASCAL3D+_release1.1"

#: Share of the photos in `test`, that of the paper: 63 of 567 + 63.
TEST_SHARE = 63 / 630

#: The paper's counts (lmdis-rep, section 4.1); its list of photos is not published.
PAPER = {"train": 567, "test": 63}


class Pascal3DCar(Dataset):
    """Profile views of cars with six landmarks, the two wheels first.

    A photo counts once, by its largest car that is a profile view (see `profile_of`). The box of
    its six landmarks, enlarged by the option `margin`, is squeezed to the square in one bilinear
    resize, antialiased; where it reaches beyond the photo the outermost pixels are repeated. The
    paper's list of photos is not published: `test` is the tenth of the photos whose names have the
    smallest sha256. "Front" and "back" are the car's; after mirroring, the front is at the left.
    EXIF orientation is not applied.

    Args:
        root: the folder of the release, or its parent, or the folder with its zip.
        options: what a profile is, and the crop.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: Pascal3DCarOptions
    landmark_names = (
        "front wheel",
        "back wheel",
        "upper windshield",
        "upper rear window",
        "front light",
        "back of the trunk",
    )

    def __init__(self, root: Path | None, options: Pascal3DCarOptions) -> None:
        super().__init__(root, options)
        self._tree = OfficialTree(
            "pascal3d_car", root, home=HOME, layout=LAYOUT, folders=(RELEASE, "pascal3d_car")
        )
        self._store = self._opened()
        self._annotations = {
            source: self._named(f"Annotations/car_{source}/", ".mat") for source in options.sources
        }
        for source, names in self._annotations.items():
            if not names:
                raise self._tree.missing(f"Annotations/car_{source}/*.mat")

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return PAPER

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return list(PAPER)

    def ids(self, split: str) -> Sequence[str]:
        """Names of the photos, as car_imagenet/NAME or car_pascal/NAME.

        Raises:
            DataError: there is no such split, or an annotation is broken.
        """
        if split not in PAPER:
            raise self._tree.no_split(split, self.splits())
        return self._splits[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop, mirror and resize photos.

        Raises:
            DataError: a photo is missing or broken.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        points = np.empty((len(ids), len(self.landmark_names), 2), np.float32)
        for row, name in enumerate(ids):
            path, profile = self._profiles[name]
            where = f"{self._store.name}: {path}"
            picture = decode_photo(self._store.read(path), where, upright=False)
            box = self._box(profile, name)
            images[row] = squeeze(picture, box, image_size)
            points[row] = to_box(profile.points, box)
            if self.options.facing == "left" and not profile.faces_left:
                images[row] = images[row, :, :, ::-1]
                points[row, :, 0] = 1 - points[row, :, 0]
        return Samples(
            ids=ids, images=images, landmarks=points, visible=np.ones(points.shape[:2], bool)
        )

    def source(self) -> dict[str, Any]:
        """Options, and sizes and times of annotations and photos."""
        annotations = [name for names in self._annotations.values() for name in names]
        photos = [path for path, _ in self._profiles.values()]
        return {
            "options": self.options.model_dump(mode="json"),
            "files": self._store.stamp([*annotations, *photos]),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found beside the paper's, which need not agree: its list is not published."""
        return [
            (
                split,
                bool(self.ids(split)),
                f"{len(self.ids(split)):,} images; the paper's unpublished list has {count:,}",
            )
            for split, count in PAPER.items()
        ]

    @cached_property
    def _profiles(self) -> dict[str, tuple[str, Profile]]:
        """Path and landmarks of every photo with a profile view, by id."""
        found = {}
        for source, names in self._annotations.items():
            photos = {
                PurePosixPath(path).name: path
                for path in self._named(f"Images/car_{source}/", ".jpg", ".jpeg", ".png")
            }
            for name in names:
                where = f"{self._store.name}: {name}"
                tolerance = self.options.azimuth_tolerance
                profile = profile_of(self._store.read(name), where, tolerance)
                if profile is not None and profile.photo in photos:
                    found[f"car_{source}/{profile.photo}"] = (photos[profile.photo], profile)
        return found

    @cached_property
    def _splits(self) -> dict[str, list[str]]:
        return hashed_split(list(self._profiles), TEST_SHARE)

    def _opened(self) -> Store:
        archive = self._tree.base / f"{RELEASE}.zip"
        if (self._tree.base / "Annotations").is_dir() or not archive.is_file():
            return FolderStore(self._tree.base)
        return ZipStore(archive)

    def _named(self, folder: str, *endings: str) -> list[str]:
        return [
            name
            for name in self._store.names()
            if f"/{folder}" in f"/{name}" and name.lower().endswith(endings)
        ]

    def _box(self, profile: Profile, name: str) -> Box:
        low, high = profile.points.min(axis=0), profile.points.max(axis=0)
        extent = high - low
        if (extent <= 0).any():
            raise DataError(f"{self._store.name}: {name}: the landmarks span no box.")
        left, top = low - self.options.margin * extent
        right, bottom = high + self.options.margin * extent
        return left, top, right, bottom
