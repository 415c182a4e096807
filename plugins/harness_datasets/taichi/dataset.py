"""`taichi`: people who do Tai Chi, with eighteen joints and masks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.crops import squeeze, whole
from harness_datasets.official import OfficialTree, count_checks, digest
from harness_datasets.stores import Store
from harness_datasets.taichi.options import HOME, LAYOUT, TaichiOptions
from harness_datasets.taichi.pickled import Joints, read_joints

#: Where the evaluation files lie, by split.
IMAGES = {
    "landmarks_train": "eval_images/taichi-256/train",
    "landmarks_test": "eval_images/taichi-256/test",
}
FILES = {
    split: (f"landmarks/{name}", f"landmark/{name}")
    for split, name in (
        ("landmarks_train", "taichi_train_gt.pkl"),
        ("landmarks_test", "taichi_test_gt.pkl"),
    )
}
MASKS = "taichi-test-masks"

#: Clips, and labelled images (Siarohin et al. 2019, 2021).
EXPECTED = {"landmarks_train": 5_000, "landmarks_test": 300}
EXPECTED_CLIPS = 3_049

#: Side of the frame that joints are counted in, in pixels.
FRAME = 256

NUMBER = re.compile(r"(\d+)")

#: How bright a pixel of the resized mask must be, by the option.
LEVELS = {"white": 255, "half": 128}


class Taichi(Dataset):
    """Frames of Tai Chi videos; ids are clips/CLIP/FRAME, train/FILE and test/FILE.

    `train` are frames of the training clips, for learning without labels; a clip's frames stand in
    temporal order. `landmarks_train` has joints, `landmarks_test` joints and masks, both in the
    order of their files. Frames are squeezed in one bilinear resize, antialiased.

    Joints are whole pixels of 256 x 256, found by a network, not by people, and divided by 256 as
    they stand; left and right are the person's. A joint at (-1, -1) is missing.

    Args:
        root: the folder that holds the tree, or its parent.
        options: choice of frames, and the level of the masks.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: TaichiOptions
    landmark_names = (
        "nose",
        "neck",
        "right shoulder",
        "right elbow",
        "right wrist",
        "left shoulder",
        "left elbow",
        "left wrist",
        "right hip",
        "right knee",
        "right ankle",
        "left hip",
        "left knee",
        "left ankle",
        "right eye",
        "left eye",
        "right ear",
        "left ear",
    )

    def __init__(self, root: Path | None, options: TaichiOptions) -> None:
        super().__init__(root, options)
        folders = ("taichi", "taichi-256")
        self._tree = OfficialTree("taichi", root, home=HOME, layout=LAYOUT, folders=folders)
        self._paths = {split: self._tree.file(*places) for split, places in FILES.items()}
        self._stores = {split: self._tree.images(place) for split, place in IMAGES.items()}
        self._masks = self._tree.images(MASKS)
        if options.frames_per_clip:
            self._stores["train"] = self._tree.images("train")
        self._joints: dict[str, Joints] = {}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split; those of `train` as many as whole clips give."""
        train = options.frames_per_clip * EXPECTED_CLIPS or EXPECTED["landmarks_train"]
        return {"train": train, **EXPECTED}

    def splits(self) -> Sequence[str]:
        """`train`, `landmarks_train` and `landmarks_test`."""
        return ["train", *IMAGES]

    def ids(self, split: str) -> Sequence[str]:
        """Names of a split's images.

        Raises:
            DataError: there is no such split, or its list is malformed.
        """
        if split not in self.splits():
            raise self._tree.no_split(split, self.splits())
        if self._are_clips(split):
            return [f"clips/{name}" for name, _ in self._frames]
        split = self._labelled(split)
        return [f"{split.removeprefix('landmarks_')}/{name}" for name in self._read(split).names]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode and resize frames, and masks of the test images.

        Raises:
            DataError: an image or its mask is missing, broken, or no square.
        """
        members = self.ids(split)
        ids = [members[index] for index in indices]
        if self._are_clips(split):
            chosen = [self._frames[index] for index in indices]
            images = self._images("train", [name for name, _ in chosen], image_size)
            return Samples(ids, images, clips=np.array([clip for _, clip in chosen], np.int64))
        split = self._labelled(split)
        joints = self._read(split)
        names = [joints.names[index] for index in indices]
        points = joints.pixels[list(indices)] / FRAME
        masked = split == "landmarks_test"
        return Samples(
            ids,
            self._images(split, names, image_size),
            landmarks=points.astype(np.float32),
            visible=np.isfinite(points[..., 0]),
            foreground=self._foreground(names, image_size) if masked else None,
        )

    def source(self) -> dict[str, Any]:
        """Options, digests of the joints' files, and sizes and times of images and masks."""
        stores = {**self._stores, MASKS: self._masks}
        return {
            "options": self.options.model_dump(mode="json"),
            "joints": {path.name: digest(path) for path in self._paths.values()},
            "images": {name: store.stamp(store.photos()) for name, (store, _) in stores.items()},
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, and labelled images without a file."""
        found = count_checks({split: len(self._read(split).names) for split in EXPECTED}, EXPECTED)
        for split in IMAGES:
            store, start = self._stores[split]
            lost = [name for name in self._read(split).names if start + name not in store]
            found.append((f"{split} images", not lost, _lost(lost)))
        store, start = self._masks
        lost = [name for name in self._read("landmarks_test").names if start + name not in store]
        found.append(("masks", not lost, _lost(lost)))
        if self.options.frames_per_clip:
            count = len(self._clips)
            text = f"{count:,} clips, expected {EXPECTED_CLIPS:,}"
            found.append(("clips", count == EXPECTED_CLIPS, text))
        return found

    def _are_clips(self, split: str) -> bool:
        return split == "train" and self.options.frames_per_clip > 0

    def _labelled(self, split: str) -> str:
        """The split whose images a split has: without clips `train` is `landmarks_train`."""
        return "landmarks_train" if split == "train" else split

    def _read(self, split: str) -> Joints:
        if split not in self._joints:
            self._joints[split] = read_joints(self._paths[split])
        return self._joints[split]

    @cached_property
    def _clips(self) -> dict[str, list[str]]:
        """Frames of every clip, in temporal order, as paths below `train/`."""
        store, start = self._stores["train"]
        clips: dict[str, list[str]] = {}
        for photo in store.photos():
            name = photo.removeprefix(start)
            clip, _, frame = name.rpartition("/")
            if not clip:
                raise DataError(f"{store.name}: {photo}: expected in the folder of a clip.")
            if not NUMBER.search(frame):
                raise DataError(f"{store.name}: {photo}: expected a name with the frame's number.")
            clips.setdefault(clip, []).append(name)
        return {clip: sorted(names, key=_number) for clip, names in sorted(clips.items())}

    @cached_property
    def _frames(self) -> list[tuple[str, int]]:
        """The frames of `train`, with the number of their clip."""
        wanted = self.options.frames_per_clip
        found = []
        for clip, names in enumerate(self._clips.values()):
            count = min(wanted, len(names))
            places = [(2 * place + 1) * len(names) // (2 * count) for place in range(count)]
            found += [(names[place], clip) for place in places]
        return found

    def _images(self, split: str, names: Sequence[str], size: int) -> NDArray[np.uint8]:
        store, start = self._stores[split]
        images = np.empty((len(names), 3, size, size), np.uint8)
        for row, name in enumerate(names):
            picture = _decode(store, start + name)
            images[row] = squeeze(picture, whole(picture), size)
        return images

    def _foreground(self, names: Sequence[str], size: int) -> NDArray[np.bool_]:
        store, start = self._masks
        level = LEVELS[self.options.mask]
        masks = np.empty((len(names), size, size), bool)
        for row, name in enumerate(names):
            picture = _decode(store, start + name)
            masks[row] = squeeze(picture, whole(picture), size)[0] >= level
        return masks


def _decode(store: Store, name: str) -> Image.Image:
    where = f"{store.name}: {name}"
    picture = decode_photo(store.read(name), where, upright=False)
    if picture.width != picture.height:
        raise DataError(f"{where}: {picture.width} x {picture.height} px, expected a square.")
    return picture


def _number(name: str) -> tuple[int, str]:
    """The number of a frame: the last one in its name."""
    return int(NUMBER.findall(name.rpartition("/")[2])[-1]), name


def _lost(names: list[str]) -> str:
    return f"{len(names):,} have no file" + (f"; the first: {names[0]}" if names else "")
