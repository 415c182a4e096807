"""`human36m`: people in motion with 32 joints, cut out round their feet."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness_datasets.crops import Box, squeeze, to_box
from harness_datasets.human36m.frames import FolderFrames, Frames, VideoFrames
from harness_datasets.human36m.joints import FEET, JOINT_NAMES
from harness_datasets.human36m.masks import read_mask
from harness_datasets.human36m.options import HOME, LAYOUT, Human36mOptions
from harness_datasets.human36m.poses import JOINTS, read_poses
from harness_datasets.official import OfficialTree, count_checks

#: People by split (Zhang et al. 2018, section 4.1).
SUBJECTS = {"train": ("S1", "S5", "S6", "S7", "S8", "S9"), "test": ("S11",)}

#: Frames of each split for the six actions, all four cameras (Zhang et al. 2018, section 4.1).
EXPECTED = {"train": 796_648, "test": 87_975}

POSES = "MyPoseFeatures/D2_Positions"
MASKS = "MySegmentsMat/ground_truth_bs"

#: The background's colour in the three channels.
GREY = 128

#: Clips whose poses are kept in memory, as the frames of a clip are read one after the other.
KEPT = 8


@dataclass(frozen=True)
class Clip:
    """One take of an action of one person, seen by one camera.

    Attributes:
        number: from 0, over both splits.
        subject: the person.
        name: `<Action>.<camera>`, as the official files are named.
        frames: where the frames come from.
        poses: the file of the joints.
        masks: the file of the masks, `None` where there is none.
    """

    number: int
    subject: str
    name: str
    frames: Frames
    poses: Path
    masks: Path | None


class Human36m(Dataset):
    """Frames with their joints; ids are `<subject>/<Action>.<camera>/<frame>`, in temporal order.

    Every frame belongs to the clip of its person, action, take and camera. Frame n, from 1, has
    row n of the poses; frames beyond the last pose are left out.

    The square follows the joints of its own frame, as the paper aligns scales and feet by the
    markers: the lowest joint stands `margin` above the lower edge and the middle of the ankles in
    the middle of the width; the square is as large as the body is high with `margin` below and
    above, or larger where a joint would lie outside at the sides. (The paper used the joints in
    space, and says no more.) It is resized once, bilinear, antialiased; beyond the frame its
    outermost pixels are repeated. The background is painted grey before that.

    Joints are taken as they stand, without a half-pixel shift, in pixels of the frame. Their names
    are those of the skeleton in general use; left and right are the person's.

    Args:
        root: the folder that holds the official tree, or its parent.
        options: actions, background and crop.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
        AssetMissing: a reader's package is not installed.
    """

    options: Human36mOptions
    landmark_names = JOINT_NAMES

    def __init__(self, root: Path | None, options: Human36mOptions) -> None:
        super().__init__(root, options)
        folders = ("human36m", "h36m")
        self._tree = OfficialTree("human36m", root, home=HOME, layout=LAYOUT, folders=folders)
        self._lock = threading.Lock()
        self._poses: OrderedDict[int, NDArray[np.float32]] = OrderedDict()
        self._members: dict[str, list[tuple[Clip, int]]] = {}
        self._clips: dict[str, list[Clip]] = {}
        number = 0
        for split, subjects in SUBJECTS.items():
            self._clips[split] = []
            for subject in subjects:
                for path in self._pose_files(subject):
                    self._clips[split].append(self._clip(number, subject, path))
                    number += 1
        if not number:
            raise self._tree.missing(f"S1/{POSES}/{options.actions[0]}.54138969.cdf")

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of each split."""
        return EXPECTED

    def splits(self) -> Sequence[str]:
        """`train` and `test`."""
        return list(SUBJECTS)

    def ids(self, split: str) -> Sequence[str]:
        """Names of a split's frames.

        Raises:
            DataError: there is no such split, or a file of the poses is broken.
        """
        return [f"{clip.subject}/{clip.name}/{frame:06d}" for clip, frame in self._split(split)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode, paint, crop and resize frames.

        Raises:
            DataError: a frame, mask or pose is broken.
        """
        members = self._split(split)
        chosen = [members[index] for index in indices]
        images = np.empty((len(chosen), 3, image_size, image_size), np.uint8)
        points = np.empty((len(chosen), JOINTS, 2))
        for row, (clip, frame) in enumerate(chosen):
            joints = self._poses_of(clip)[frame - 1].astype(np.float64)
            box = _square(joints, self.options.margin, f"{clip.poses}: pose {frame}")
            images[row] = squeeze(self._picture(clip, frame), box, image_size)
            points[row] = to_box(joints, box)
        return Samples(
            ids=[f"{clip.subject}/{clip.name}/{frame:06d}" for clip, frame in chosen],
            images=images,
            landmarks=points.astype(np.float32),
            visible=np.ones(points.shape[:2], bool),
            clips=np.array([clip.number for clip, _ in chosen], np.int64),
        )

    def source(self) -> dict[str, Any]:
        """Options, and names, sizes and times of all files."""
        clips = [clip for found in self._clips.values() for clip in found]
        stamp, count = hashlib.sha256(), 0
        for clip in clips:
            for path in [clip.poses, *([clip.masks] if clip.masks else []), *clip.frames.files]:
                status = path.stat()
                name = path.relative_to(self._tree.base).as_posix()
                stamp.update(f"{name}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
                count += 1
        return {
            "options": self.options.model_dump(mode="json"),
            "files": {"count": count, "stamp": stamp.hexdigest()},
            "masked": sum(1 for clip in clips if clip.masks),
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (what, whether they agree, text)."""
        found = []
        for split, subjects in SUBJECTS.items():
            clips = self._clips[split]
            there = sorted({clip.subject for clip in clips}, key=lambda name: int(name[1:]))
            text = f"{', '.join(there) or 'nobody'}, expected {', '.join(subjects)}"
            found.append((f"{split} people", set(there) == set(subjects), text))
            if self.options.background != "kept":
                masked = sum(1 for clip in clips if clip.masks)
                text = f"{masked:,} of {len(clips):,} clips"
                found.append((f"{split} masks", masked == len(clips), text))
            whole = sum(1 for c in clips if c.frames.numbers() == self._every_frame(c))
            text = f"{whole:,} of {len(clips):,} clips have a frame for each pose"
            found.append((f"{split} clips", whole == len(clips), text))
        usual = Human36mOptions()
        if (self.options.actions, self.options.frame_step) != (usual.actions, usual.frame_step):
            return found  # only the paper's own choice of frames has a known number
        counts = {split: len(self._split(split)) for split in SUBJECTS}
        return [*found, *count_checks(counts, EXPECTED)]

    def _pose_files(self, subject: str) -> list[Path]:
        folder = self._tree.base / subject / POSES
        actions = set(self.options.actions)
        paths = folder.glob("*.cdf") if folder.is_dir() else ()
        # `Directions 1.54138969` is the second take of the action Directions.
        return sorted(path for path in paths if path.stem.split(".")[0].split(" ")[0] in actions)

    def _clip(self, number: int, subject: str, poses: Path) -> Clip:
        base, name = self._tree.base / subject, poses.stem
        folder, video, masks = (
            base / name,
            base / f"Videos/{name}.mp4",
            base / f"{MASKS}/{name}.mat",
        )
        if not folder.is_dir() and not video.is_file():
            raise self._tree.missing(f"{subject}/{name}/000001.jpg")
        if not masks.is_file() and self.options.background == "grey":
            raise DataError(
                f"human36m: {subject}/{name} has no masks in {masks}, and the background is to be "
                "painted grey; put them there, or set the option background to "
                "'grey_where_masked' or 'kept'."
            )
        frames = FolderFrames(folder) if folder.is_dir() else VideoFrames(video)
        used = masks.is_file() and self.options.background != "kept"
        return Clip(number, subject, name, frames, poses, masks if used else None)

    def _every_frame(self, clip: Clip) -> list[int]:
        return list(range(1, len(self._poses_of(clip)) + 1))

    def _split(self, split: str) -> list[tuple[Clip, int]]:
        if split not in SUBJECTS:
            raise self._tree.no_split(split, SUBJECTS)
        if split not in self._members:
            self._members[split] = [
                (clip, frame)
                for clip in self._clips[split]
                for frame in clip.frames.numbers()[:: self.options.frame_step]
                if frame <= len(self._poses_of(clip))
            ]
        return self._members[split]

    def _poses_of(self, clip: Clip) -> NDArray[np.float32]:
        with self._lock:
            if clip.number not in self._poses:
                self._poses[clip.number] = read_poses(clip.poses)
            self._poses.move_to_end(clip.number)
            while len(self._poses) > KEPT:
                self._poses.popitem(last=False)
            return self._poses[clip.number]

    def _picture(self, clip: Clip, frame: int) -> Image.Image:
        picture = clip.frames.read(frame)
        if clip.masks is None:
            return picture
        person = Image.fromarray(read_mask(clip.masks, frame).astype(np.uint8) * 255)
        if person.size != picture.size:
            person = person.resize(picture.size, Image.Resampling.NEAREST)
        return Image.composite(picture, Image.new("RGB", picture.size, (GREY,) * 3), person)


def _square(joints: NDArray[np.float64], margin: float, where: str) -> Box:
    """The square of a body that stands `margin` above its lower edge.

    Raises:
        DataError: a joint is not finite, or all lie on one spot.
    """
    if not np.isfinite(joints).all():
        raise DataError(f"{where}: a joint is not finite.")
    middle = joints[list(FEET), 0].mean()
    top, bottom = joints[:, 1].min(), joints[:, 1].max()
    reach = np.abs(joints[:, 0] - middle).max()
    side = max(bottom - top, 2 * reach) / (1 - 2 * margin)
    if side <= 0:
        raise DataError(f"{where}: all joints lie on one spot.")
    lower = bottom + margin * side
    return middle - side / 2, lower - side, middle + side / 2, lower
