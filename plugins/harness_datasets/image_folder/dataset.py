"""`image_folder`: photos of any size from a folder or a zip, with optional labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.letterbox import Box, letterbox
from harness.vision.photo import decode_photo
from harness_datasets.image_folder.labels import LabelFiles
from harness_datasets.image_folder.masks import decode_mask, resize_mask
from harness_datasets.image_folder.options import ImageFolderOptions
from harness_datasets.image_folder.photos import Photos
from harness_datasets.image_folder.splits import ALL, with_derived

#: How many split names a message lists.
LISTED = 12

#: Side at which `check` reads every photo.
CHECK_SIZE = 16


class ImageFolder(Dataset):
    """Photos with landmarks, masks, attributes and splits where files for them exist.

    Landmark pixels are continuous: a photo spans [0, width], its first pixel centre is 0.5. An
    image's id is its path below the folder or inside the zip. In a set with masks, a photo without
    one is ignored as a whole.

    Args:
        root: the folder.
        options: which files and columns hold what.

    Raises:
        DataError: there is no photo, or a label file is malformed, with file and line.
    """

    options: ImageFolderOptions

    def __init__(self, root: Path | None, options: ImageFolderOptions) -> None:
        super().__init__(root, options)
        if root is None:
            raise DataError("image_folder: no folder was given; pass it with --data.")
        self._photos = Photos(root, options)
        self._labels = LabelFiles(self._photos.stores, options).read(self._photos.names)
        self.landmark_names = self._landmark_names()
        if self._labels.attributes is not None:
            self.attribute_names = self._labels.attributes.names

    def splits(self) -> Sequence[str]:
        """`all`, the splits of the column or `train` and `test`, and each as `…_labelled`."""
        return list(self._splits)

    def ids(self, split: str) -> Sequence[str]:
        """Paths of the photos of a split, sorted.

        Raises:
            DataError: there is no such split.
        """
        if split not in self._splits:
            names = ", ".join(list(self._splits)[:LISTED])
            raise DataError(f"{self._photos.store.name}: no split '{split}', there are {names}.")
        return self._splits[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode and resize photos; the padding of a letterbox is `ignored`.

        Raises:
            DataError: a photo is broken, a mask does not fit it, or a landmark lies outside it.
        """
        members = self.ids(split)
        ids, size = [members[index] for index in indices], image_size
        images = np.empty((len(ids), 3, size, size), np.uint8)
        landmarks = np.empty((len(ids), len(self.landmark_names), 2), np.float32)
        foreground = np.empty((len(ids), size, size), bool)
        ignored = np.empty((len(ids), size, size), bool)
        for row, photo in enumerate(ids):
            picture = self._decode(photo)
            pixels, box = self._square(picture, size)
            images[row] = pixels.transpose(2, 0, 1)
            landmarks[row] = self._points(photo, picture.size, box)
            foreground[row], ignored[row] = self._mask(photo, picture.size, box, size)
        masked, marked = bool(self._labels.masks), self._labels.landmarks is not None
        return Samples(
            ids=ids,
            images=images,
            landmarks=landmarks if marked else None,
            visible=np.isfinite(landmarks[..., 0]) if marked else None,
            foreground=foreground if masked else None,
            ignored=ignored if masked or self.options.resize == "letterbox" else None,
            attributes=self._attributes(ids),
        )

    def source(self) -> dict[str, Any]:
        """Options, digests of the label files, and sizes and checksums or times of the others."""
        masks, photos = set(self._labels.masks.values()), self._photos
        stamps = []
        for store in photos.stores:
            names = photos.names if store is photos.store else []
            stamps.append(store.stamp([*names, *(mask for mask in masks if mask in store)]))
        found: dict[str, Any] = {
            "options": self.options.model_dump(mode="json"),
            "labels": self._labels.digests,
            "files": stamps,
        }
        if self.options.skip_broken:
            found["broken"] = len(self._broken)
        return found

    def check(self) -> list[tuple[str, bool, str]]:
        """What was found, as (name, whether it is in order, text); reads every photo once."""
        faults = []
        for index in range(len(self.ids(ALL))):
            try:
                self.read(ALL, [index], CHECK_SIZE)
            except DataError as error:
                faults.append(str(error))
        total = len(self.ids(ALL))
        text = f"{total - len(faults):,} of {total:,} photos and their labels are in order"
        text += f"; the first fault: {faults[0]}" if faults else ""
        found = [("photos", not faults, text)]
        if self.options.skip_broken:
            found.append(("broken", True, f"{len(self._broken):,} photos are left out"))
        sizes = ", ".join(f"{name} {len(ids):,}" for name, ids in self._splits.items())
        marks = len(self._labels.landmarks.marks) if self._labels.landmarks else 0
        found.append(("splits", True, sizes))
        found.append(("landmarks", True, f"{marks:,} photos have them"))
        found.append(("masks", True, f"{len(self._labels.masks):,} photos have one"))
        found.append(("attributes", True, ", ".join(self.attribute_names) or "none"))
        return found

    def _landmark_names(self) -> tuple[str, ...]:
        landmarks, chosen = self._labels.landmarks, self.options.landmark_names
        if landmarks is None:
            return ()
        if chosen and len(chosen) != len(landmarks.names):
            raise DataError(
                f"{landmarks.name}: it has {len(landmarks.names)} landmarks, the option "
                f"landmark_names names {len(chosen)}."
            )
        return chosen or landmarks.names

    @cached_property
    def _splits(self) -> dict[str, list[str]]:
        broken = self._broken if self.options.skip_broken else frozenset()
        whole = [photo for photo in self._photos.names if photo not in broken]
        if not whole:
            raise DataError(f"{self._photos.store.name}: every photo is broken.")
        kept = {
            split: [photo for photo in members if photo not in broken]
            for split, members in self._labels.splits.items()
        }
        return with_derived(kept, whole, self._labels.labelled)

    @cached_property
    def _broken(self) -> frozenset[str]:
        found = set()
        for photo in self._photos.names:
            try:
                self._decode(photo)
            except DataError:
                found.add(photo)
        return frozenset(found)

    def _decode(self, photo: str) -> Image.Image:
        store = self._photos.store
        try:
            return decode_photo(store.read(photo), f"{store.name}: {photo}")
        except DataError as error:
            hint = "Mend or remove it, or leave such files out with --skip-broken."
            raise DataError(f"{error} {hint}") from None

    def _square(self, picture: Image.Image, size: int) -> tuple[NDArray[np.uint8], Box | None]:
        if self.options.resize == "letterbox":
            return letterbox(picture, size)
        return np.array(picture.resize((size, size), Image.Resampling.LANCZOS)), None

    def _points(self, photo: str, size: tuple[int, int], box: Box | None) -> NDArray[np.float64]:
        if self._labels.landmarks is None:
            return np.empty((0, 2))
        points = self._labels.landmarks.fractions(
            photo,
            size,
            pixel_size=self.options.pixel_size,
            tolerance=self.options.outside_tolerance,
        )
        return points if box is None else box.to_square(points)

    def _mask(
        self, photo: str, photo_size: tuple[int, int], box: Box | None, size: int
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        nothing = np.zeros((size, size), bool)
        if not self._labels.masks:
            return nothing, nothing if box is None else box.padding(size)
        name = self._labels.masks.get(photo)
        if name is None:
            return nothing, ~nothing
        store = next(store for store in self._photos.stores if name in store)
        values = decode_mask(store.read(name), f"{store.name}: {name}", photo_size)
        return resize_mask(values, box, size)

    def _attributes(self, ids: Sequence[str]) -> NDArray[np.float32] | None:
        attributes = self._labels.attributes
        if attributes is None:
            return None
        rows = [attributes.of(photo) for photo in ids]
        return np.array(rows, np.float32).reshape(len(ids), len(attributes.names))
