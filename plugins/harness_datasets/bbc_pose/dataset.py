"""`bbc_pose`: frames of sign-language signers with seven joints."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.bbc_pose.annotations import JOINTS, SOURCE, Joints, Video, read_videos
from harness_datasets.bbc_pose.options import HOME, LAYOUT, BbcPoseOptions
from harness_datasets.crops import Box, squeeze, to_box
from harness_datasets.official import OfficialTree, count_checks, digest
from harness_datasets.stores import FolderStore

#: `<video number>/<frame number>` with or without leading zeros.
FRAME = re.compile(r"0*(\d+)/0*(\d+)\.(?:jpe?g|png)", re.IGNORECASE)

SPLITS = ("train", "train_labelled", "val", "test")

#: Videos of each kind, and labelled frames of each split (Charles et al., Jakab et al. 2018).
EXPECTED_VIDEOS = {"train": 10, "val": 5, "test": 5}
EXPECTED = {"train_labelled": 1_000, "val": 1_000, "test": 1_000}


@dataclass(frozen=True)
class Frame:
    """A frame on disk; `name` is its path, which is also its id."""

    video: Video
    number: int
    name: str


class BbcPose(Dataset):
    """Frames in a loose square round the signer; ids are paths, frames stand in temporal order.

    `train` are all frames of the training videos on disk, for learning without labels;
    `train_labelled` some of them with joints by a tracker; `val` and `test` the frames with joints
    by hand. Every frame belongs to the clip that is its video.

    All frames of a video share one square: a square of each frame's own joints would tell a
    detector where the hands are. It is centred on the box of all joints of the video (without 1 %
    of them at each end, where the tracker jumped), `margin` larger at every side, moved into the
    frame where it sticks out, and cut to the frame's smaller side where it is larger. It is
    resized once, bilinear, antialiased.

    Joints count from 1 in the file; left and right are named as there, and are not documented to
    be the signer's or the picture's. A joint that is missing (not finite, or not above 0) is not
    visible. Frames that are annotated but not on disk are left out; `check` tells how many.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: crop and choice of frames.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: BbcPoseOptions
    landmark_names = (
        "head",
        "right wrist",
        "left wrist",
        "right elbow",
        "left elbow",
        "right shoulder",
        "left shoulder",
    )

    def __init__(self, root: Path | None, options: BbcPoseOptions) -> None:
        super().__init__(root, options)
        folders = ("bbcpose", "bbc_pose")
        self._tree = OfficialTree("bbc_pose", root, home=HOME, layout=LAYOUT, folders=folders)
        self._path = self._tree.file("bbcpose.mat")
        self._videos = read_videos(self._path)
        self._store = FolderStore(self._tree.base)
        if not any(self._frames.values()):
            raise self._tree.missing("1/1.jpg")
        self._members: dict[str, list[Frame]] = {}

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """`train`, `train_labelled`, `val` and `test`."""
        return SPLITS

    def ids(self, split: str) -> Sequence[str]:
        """Paths of a split's frames on disk.

        Raises:
            DataError: there is no such split.
        """
        return [frame.name for frame in self._split(split)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, crop and resize frames.

        Raises:
            DataError: a frame is broken.
        """
        members = self._split(split)
        frames = [members[index] for index in indices]
        images = np.empty((len(frames), 3, image_size, image_size), np.uint8)
        points = np.empty((len(frames), JOINTS, 2))
        for row, frame in enumerate(frames):
            data = self._store.read(frame.name)
            picture = decode_photo(data, f"{self._store.name}: {frame.name}", upright=False)
            box = _square(frame.video.box, picture.size, self.options.margin)
            images[row] = squeeze(picture, box, image_size)
            points[row] = to_box(_joints_of(frame, split), box)
        return Samples(
            ids=[frame.name for frame in frames],
            images=images,
            landmarks=points.astype(np.float32),
            visible=np.isfinite(points[..., 0]),
            clips=np.array([frame.video.number for frame in frames], np.int64),
        )

    def source(self) -> dict[str, Any]:
        """Options, the digest of the joints, and the frames on disk."""
        names = [name for frames in self._frames.values() for name in frames.values()]
        return {
            "options": self.options.model_dump(mode="json"),
            "joints": digest(self._path),
            "images": self._store.stamp(names),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (what, whether they agree, text)."""
        found = []
        for role, expected in EXPECTED_VIDEOS.items():
            count = sum(1 for video in self._of_role(role) if self._frames[video.number])
            text = f"{count} videos with frames, expected {expected}"
            found.append((f"{role} videos", count == expected, text))
        others = sorted({video.source for video in self._videos} - {SOURCE})
        text = f"{SOURCE} expected" + (f", also {', '.join(others)}" if others else " and found")
        found.append(("source of the videos", not others, text))
        counts = {split: len(self._split(split)) for split in EXPECTED}
        return [*found, *count_checks(counts, EXPECTED)]

    @cached_property
    def _frames(self) -> dict[int, dict[int, str]]:
        """Path of every frame on disk by video and frame number, in temporal order."""
        found: dict[int, dict[int, str]] = {video.number: {} for video in self._videos}
        for name in self._store.photos():
            match = FRAME.fullmatch(name)
            if match is None or int(match[1]) not in found:
                continue
            frames, number = found[int(match[1])], int(match[2])
            if number in frames:
                raise DataError(
                    f"{self._store.name}: '{frames[number]}' and '{name}' are the same frame."
                )
            frames[number] = name
        return {video: dict(sorted(frames.items())) for video, frames in found.items()}

    def _of_role(self, role: str) -> list[Video]:
        return [video for video in self._videos if video.role == role]

    def _split(self, split: str) -> list[Frame]:
        if split not in SPLITS:
            raise self._tree.no_split(split, SPLITS)
        if split not in self._members:
            self._members[split] = self._find(split)
        return self._members[split]

    def _find(self, split: str) -> list[Frame]:
        videos = self._of_role("train" if split == "train_labelled" else split)
        found = []
        for place, video in enumerate(videos):
            on_disk = self._frames[video.number]
            numbers = list(on_disk)[:: self.options.frame_step]
            if split != "train":
                joints = _joints_for(video, split)
                numbers = [n for n in sorted(joints.frames.tolist()) if n in on_disk]
            if split == "train_labelled":
                share = self.options.labelled * np.array([place, place + 1]) // len(videos)
                numbers = _spread(numbers, int(share[1] - share[0]))
            found += [Frame(video, number, on_disk[number]) for number in numbers]
        return found


def _joints_for(video: Video, split: str) -> Joints:
    return video.marked if split in ("val", "test") else video.tracked


def _joints_of(frame: Frame, split: str) -> NDArray[np.float64]:
    joints = _joints_for(frame.video, split)
    row = joints.rows.get(frame.number)
    return np.full((JOINTS, 2), np.nan) if row is None else joints.points[row]


def _spread(numbers: list[int], count: int) -> list[int]:
    """The middle of each of `count` equal stretches; all where there are no more."""
    if len(numbers) <= count:
        return numbers
    return [numbers[(2 * part + 1) * len(numbers) // (2 * count)] for part in range(count)]


def _square(joints: Box, size: tuple[int, int], margin: float) -> Box:
    """A square about the box of the joints that lies inside a frame of this width and height."""
    left, top, right, bottom = joints
    side = min(max((1 + 2 * margin) * max(right - left, bottom - top), 1.0), *size)
    corner = []
    for low, high, length in ((left, right, size[0]), (top, bottom, size[1])):
        corner.append(min(max((low + high - side) / 2, 0.0), length - side))
    return corner[0], corner[1], corner[0] + side, corner[1] + side
