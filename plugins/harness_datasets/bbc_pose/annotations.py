"""The joints of BBC Pose, from its MATLAB file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.matlab import load_mat

#: The first entries are BBC Pose, the rest its extension.
VIDEOS = 20
#: What the entries of BBC Pose name as their source.
SOURCE = "buehler11"
ROLES = ("train", "val", "test")
JOINTS = 7
FIELDS = (
    "videoName",
    "type",
    "source",
    "train_frames",
    "train_joints",
    "test_frames",
    "test_joints",
)
#: The box of a video leaves out this share of its joints at each end, where the tracker jumped.
OUTLIERS = 0.01


@dataclass(frozen=True)
class Joints:
    """Joints of some frames of one video.

    Attributes:
        frames: `int64 [N]`, frame numbers.
        points: `float64 [N, 7, 2]`, (x, y) in continuous pixels of the frame (the centre of the
            first pixel is 0.5), NaN where missing.
    """

    frames: NDArray[np.int64]
    points: NDArray[np.float64]

    @cached_property
    def rows(self) -> dict[int, int]:
        """The row of each frame."""
        return {frame: row for row, frame in enumerate(self.frames.tolist())}


@dataclass(frozen=True)
class Video:
    """One entry of the file.

    Attributes:
        number: from 1, the name of its folder.
        role: `train`, `val` or `test`.
        source: where the entry says it is from.
        tracked: joints by a tracker.
        marked: joints by hand; none in training videos.
    """

    number: int
    role: str
    source: str
    tracked: Joints
    marked: Joints

    @cached_property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of the joints of all frames, in continuous pixels.

        Raises:
            DataError: no frame has a joint.
        """
        points = np.concatenate([self.tracked.points, self.marked.points]).reshape(-1, 2)
        known = points[np.isfinite(points).all(axis=1)]
        if not len(known):
            raise DataError(f"bbc_pose: video {self.number} has no joint, so nothing can be cut.")
        low, high = np.quantile(known, (OUTLIERS, 1 - OUTLIERS), axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def read_videos(path: Path) -> list[Video]:
    """The videos of BBC Pose.

    Raises:
        DataError: the file is a page, cut off, or an entry or array is not as expected.
    """
    entries = load_mat(path).get("bbcpose")
    entries = [entries] if isinstance(entries, dict) else entries
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise DataError(f"{path}: no struct array 'bbcpose' with one entry a video.")
    return [_video(number, entry, path) for number, entry in enumerate(entries[:VIDEOS], start=1)]


def _video(number: int, entry: dict[str, Any], path: Path) -> Video:
    where = f"{path}: bbcpose({number})"
    missing = [name for name in FIELDS if name not in entry]
    if missing:
        raise DataError(f"{where} has no field '{missing[0]}', expected {', '.join(FIELDS)}.")
    role = str(entry["type"])
    if role not in ROLES:
        raise DataError(f"{where}.type is '{role}', expected train, val or test.")
    return Video(
        number=number,
        role=role,
        source=str(entry["source"]),
        tracked=_joints(entry, "train", where),
        marked=_joints(entry, "test", where),
    )


def _joints(entry: dict[str, Any], kind: str, where: str) -> Joints:
    frames, joints = (np.asarray(entry[f"{kind}_{name}"]) for name in ("frames", "joints"))
    for name, array in ((f"{kind}_frames", frames), (f"{kind}_joints", joints)):
        if array.dtype.kind not in "fiub":
            raise DataError(f"{where}.{name} is {array.dtype}, expected numbers.")
    if frames.size == 0 and joints.size == 0:
        return Joints(np.zeros(0, np.int64), np.zeros((0, JOINTS, 2)))
    joints = joints[..., None] if joints.ndim == 2 else joints  # a single frame
    if joints.shape != (2, JOINTS, frames.size):
        got = " x ".join(map(str, joints.shape))
        raise DataError(
            f"{where}.{kind}_joints is {got}, expected 2 x {JOINTS} x {frames.size}, the number "
            f"of {kind}_frames."
        )
    numbers = frames.ravel()
    if not ((numbers % 1 == 0) & (numbers >= 1)).all():
        raise DataError(f"{where}.{kind}_frames must hold whole numbers from 1.")
    if len(np.unique(numbers)) != len(numbers):
        raise DataError(f"{where}.{kind}_frames holds a frame twice.")
    points = joints.astype(np.float64).transpose(2, 1, 0)
    known = np.isfinite(points).all(axis=2, keepdims=True) & (points > 0).all(axis=2, keepdims=True)
    # Coordinates count from 1, so that the first pixel's centre is 1.
    return Joints(numbers.astype(np.int64), np.where(known, points - 0.5, np.nan))
