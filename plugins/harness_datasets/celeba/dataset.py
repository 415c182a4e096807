"""`celeba`: faces with five landmarks, in the wild or aligned, with the MAFL splits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import BROKEN, decode_photo
from harness_datasets.celeba.files import CelebAFiles
from harness_datasets.celeba.listing import Listing, read_names
from harness_datasets.celeba.options import CelebAOptions
from harness_datasets.stores import UNREADABLE

#: Columns of the landmark lists; left and right are the image's.
LANDMARK_COLUMNS = tuple(
    f"{point}_{axis}"
    for point in ("lefteye", "righteye", "nose", "leftmouth", "rightmouth")
    for axis in "xy"
)
BOX_COLUMNS = ("x_1", "y_1", "width", "height")

PARTITIONS = {"train": 0, "val": 1, "test": 2}
MAFL_LISTS = {"mafl_train": "MAFL/training", "mafl_test": "MAFL/testing"}
UNSUPERVISED = "train_without_mafl_test"
WITHOUT_MAFL = "all_without_mafl"

#: Images of the whole set, and how many of each protocol split remain after the crop's rule
#: (GANSeg, section 4.1; lmdis-rep, section 4.1; Liu et al., 2015). LatentKeypointGAN
#: says 180k for all images without MAFL.
OFFICIAL = 202_599
EXPECTED = {
    "wild": {UNSUPERVISED: 45_609, "mafl_train": 5_379, "mafl_test": 283},
    "aligned": {
        UNSUPERVISED: 161_962,
        WITHOUT_MAFL: 182_599,
        "mafl_train": 19_000,
        "mafl_test": 1_000,
        "train": 162_770,
        "val": 19_867,
        "test": 19_962,
    },
}

#: Size of the aligned images, (width, height) in pixels.
ALIGNED_SIZE = (178, 218)
#: What the aligned crop leaves out at every side, as a share of the side: (1 - 80 / 100) / 2.
MARGIN = 0.1


class CelebA(Dataset):
    """CelebA's photos; ids are the official names, splits keep the order of their lists.

    The official landmarks are whole pixels, and it is not documented whether they count from 0 or
    1. They are divided by width and height as they stand, without a half-pixel shift, as GANSeg,
    SCOPS and lmdis-rep do. EXIF orientation is not applied: the lists refer to the stored pixels.
    Images that are listed but not on disk are left out; `source` states how many there are.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: the crop.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: CelebAOptions
    landmark_names = (
        "left eye",
        "right eye",
        "nose tip",
        "left mouth corner",
        "right mouth corner",
    )

    def __init__(self, root: Path | None, options: CelebAOptions) -> None:
        super().__init__(root, options)
        if root is None:
            raise DataError("celeba: no folder was given; pass it with --data.")
        self._files = files = CelebAFiles(root)
        self._wild = options.crop == "wild"
        name = "img_celeba" if self._wild else "img_align_celeba"
        self._store, self._prefix = files.images(name)
        marks = "list_landmarks_celeba" if self._wild else "list_landmarks_align_celeba"
        self._partition = Listing(files.list("list_eval_partition"))
        self._landmarks = Listing(files.list(marks))
        self._boxes = Listing(files.list("list_bbox_celeba")) if self._wild else None
        self._attributes = self._optional("list_attr_celeba")
        self._sizes = self._optional("list_imsize_celeba") if self._wild else None
        if self._attributes is not None:
            self.attribute_names = self._attributes.columns
        self._ids: dict[str, list[str]] = {}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of the splits that the crop leaves."""
        counts: Mapping[str, int] = EXPECTED[options.crop]
        return counts

    def splits(self) -> Sequence[str]:
        """The official partition, the MAFL lists, and two sets to learn from without labels.

        `train_without_mafl_test` is what remains of `train` (IMM, lmdis-rep, GANSeg), and
        `all_without_mafl` of all images without both lists (LatentKeypointGAN).
        """
        return [*PARTITIONS, *MAFL_LISTS, UNSUPERVISED, WITHOUT_MAFL]

    def ids(self, split: str) -> Sequence[str]:
        """Names of a split's images on disk, those with a large enough face in the wild.

        Raises:
            DataError: there is no such split, or its list is missing.
        """
        if split not in self._ids:
            names = [name for name in self._members(split) if self._prefix + name in self._store]
            self._ids[split] = self._with_large_faces(names) if self._wild else names
        return self._ids[split]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize photos.

        Raises:
            DataError: a photo is broken or has another size than its list says.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        images = np.empty((len(ids), 3, image_size, image_size), np.uint8)
        sizes = np.empty((len(ids), 1, 2))
        for row, name in enumerate(ids):
            picture = self._decode(name)
            sizes[row] = picture.size
            images[row] = self._square(picture, image_size).transpose(2, 0, 1)
        self._check_sizes(ids, sizes[:, 0])
        pixels = self._landmarks.numbers(ids, LANDMARK_COLUMNS).reshape(len(ids), -1, 2)
        points = pixels / sizes
        if not self._wild:
            points = (points - MARGIN) / (1 - 2 * MARGIN)
        return Samples(
            ids=ids,
            images=images,
            landmarks=points.astype(np.float32),
            visible=np.ones(points.shape[:2], bool),
            attributes=self._attributes_of(ids),
        )

    def source(self) -> dict[str, Any]:
        """Options, digests of the lists, and how much of the official set is on disk."""
        found = [self._partition, self._landmarks, self._boxes, self._attributes, self._sizes]
        mafl = [path for path in map(self._files.find, MAFL_LISTS.values()) if path is not None]
        digests = {listing.path.name: listing.digest for listing in found if listing is not None}
        digests |= {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in mafl}
        photos = self._store.photos()
        return {
            "options": self.options.model_dump(mode="json"),
            "lists": digests,
            "images": self._store.stamp(photos),
            "share": {"found": len(photos), "official": OFFICIAL},
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (split, whether they agree, text)."""
        found = []
        for split, expected in EXPECTED[self.options.crop].items():
            count = len(self.ids(split))
            found.append((split, count == expected, f"{count:,} images, expected {expected:,}"))
        return found

    def _optional(self, name: str) -> Listing | None:
        path = self._files.find(name)
        return None if path is None else Listing(path)

    @cached_property
    def _codes(self) -> dict[str, int]:
        places, values = self._partition.rows
        return dict(zip(places, values[:, 0].tolist(), strict=True))

    def _members(self, split: str) -> list[str]:
        if split in PARTITIONS:
            return [name for name, code in self._codes.items() if code == PARTITIONS[split]]
        if split in MAFL_LISTS:
            return read_names(self._files.list(MAFL_LISTS[split]))
        if split == UNSUPERVISED:
            held_out = set(self._members("mafl_test"))
            return [name for name in self._members("train") if name not in held_out]
        if split == WITHOUT_MAFL:
            labelled = {name for part in MAFL_LISTS for name in self._members(part)}
            return [name for name in self._codes if name not in labelled]
        raise DataError(f"celeba: no split '{split}', there are {', '.join(self.splits())}.")

    def _with_large_faces(self, names: list[str]) -> list[str]:
        if self._boxes is None or not names:
            return names
        boxes = self._boxes.numbers(names, BOX_COLUMNS)
        heights, widths = self._heights_widths(names).T
        share = self.options.min_face_share
        large = boxes[:, 2] * boxes[:, 3] >= share * heights * widths
        return [name for name, keep in zip(names, large, strict=True) if keep]

    def _heights_widths(self, names: Sequence[str]) -> NDArray[np.int64]:
        if self._sizes is not None:
            return self._sizes.numbers(names, ("height", "width"), head=False)
        return np.array([self._header(name) for name in names], np.int64).reshape(-1, 2)

    def _header(self, name: str) -> tuple[int, int]:
        try:
            with self._store.open(self._prefix + name) as file, Image.open(file) as image:
                return image.height, image.width
        except (*BROKEN, *UNREADABLE) as error:
            raise DataError(f"{self._store.name}: {name}: not an image: {error}.") from None

    def _decode(self, name: str) -> Image.Image:
        data = self._store.read(self._prefix + name)
        return decode_photo(data, f"{self._store.name}: {name}", upright=False)

    def _square(self, picture: Image.Image, size: int) -> NDArray[np.uint8]:
        width, height = picture.size
        margin = 0.0 if self._wild else MARGIN
        box = (margin * width, margin * height, (1 - margin) * width, (1 - margin) * height)
        return np.array(picture.resize((size, size), Image.Resampling.BILINEAR, box=box))

    def _check_sizes(self, ids: Sequence[str], sizes: NDArray[np.float64]) -> None:
        expected = np.tile(ALIGNED_SIZE, (len(ids), 1))
        where = "the aligned images"
        if self._wild:
            if self._sizes is None:
                return
            expected, where = self._heights_widths(ids)[:, ::-1], self._sizes.path.name
        wrong = (sizes != expected).any(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            got, wanted = sizes[row].astype(int), expected[row]
            raise DataError(
                f"{self._store.name}: {ids[row]}: {got[0]} x {got[1]} px, expected "
                f"{wanted[0]} x {wanted[1]} px as in {where}."
            )

    def _attributes_of(self, ids: Sequence[str]) -> NDArray[np.float32] | None:
        if self._attributes is None:
            return None
        values = self._attributes.numbers(ids, self.attribute_names)
        return np.where(values == 1, np.float32(1), np.float32(0))
