"""Frames of a clip: files in a folder, or a video decoded on the way."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from harness.errors import AssetMissing, DataError
from harness.vision.photo import decode_photo
from harness_datasets.official import read_bytes, refuse_page
from harness_datasets.stores import PHOTO_ENDINGS


class Frames(ABC):
    """The frames of one clip by their number in the video, counted from 1."""

    @abstractmethod
    def numbers(self) -> list[int]:
        """Numbers of the frames that are there, increasing."""

    @abstractmethod
    def read(self, number: int) -> Image.Image:
        """One frame in RGB.

        Raises:
            DataError: it is broken or missing.
        """

    @property
    @abstractmethod
    def files(self) -> list[Path]:
        """The files they come from."""


class FolderFrames(Frames):
    """Files named by the number of their frame, with or without leading zeros.

    Raises:
        DataError: a file is named otherwise, or a frame is there twice.
    """

    def __init__(self, folder: Path) -> None:
        self._files: dict[int, Path] = {}
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() not in PHOTO_ENDINGS:
                continue
            if not path.stem.isdecimal() or int(path.stem) < 1:
                raise DataError(f"{path}: expected a frame's number from 1 as its name.")
            number = int(path.stem)
            if number in self._files:
                raise DataError(f"{path} and {self._files[number].name} are the same frame.")
            self._files[number] = path

    def numbers(self) -> list[int]:
        """Numbers of the files."""
        return sorted(self._files)

    def read(self, number: int) -> Image.Image:
        """A decoded file."""
        path = self._files[number]
        return decode_photo(read_bytes(path), str(path), upright=False)

    @property
    def files(self) -> list[Path]:
        """The files, by frame."""
        return [self._files[number] for number in self.numbers()]


class VideoFrames(Frames):
    """A video, decoded by OpenCV.

    Each thread keeps one open video and decodes on from where it is, as seeking in a compressed
    video is not exact to the frame; reading in order is therefore cheap, jumping back starts over.
    """

    _open = threading.local()

    def __init__(self, path: Path) -> None:
        self._path = path

    def numbers(self) -> list[int]:
        """All frames that the video says it has."""
        return list(range(1, self._count + 1))

    def read(self, number: int) -> Image.Image:
        """A decoded frame."""
        opencv = _opencv()
        path, video, following = getattr(self._open, "state", (None, None, 0))
        if video is None or path != self._path or following > number:
            video, following = self._capture(), 1
        self._open.state = (None, None, 0)
        whole = all(video.grab() for _ in range(number - following))
        found, pixels = video.read() if whole else (False, None)
        if not found:
            raise DataError(
                f"{self._path}: the video ends before frame {number} of {self._count:,}: it is "
                "broken or cut off."
            )
        self._open.state = (self._path, video, number + 1)
        return Image.fromarray(np.asarray(opencv.cvtColor(pixels, opencv.COLOR_BGR2RGB)))

    @property
    def files(self) -> list[Path]:
        """The video."""
        return [self._path]

    @cached_property
    def _count(self) -> int:
        return int(self._capture().get(_opencv().CAP_PROP_FRAME_COUNT))

    def _capture(self) -> Any:
        with self._path.open("rb") as file:
            refuse_page(file.read(512), str(self._path))
        video = _opencv().VideoCapture(str(self._path))
        if not video.isOpened():
            raise DataError(f"{self._path}: not a whole video file.")
        return video


def _opencv() -> Any:
    try:
        import cv2
    except ImportError:
        raise AssetMissing(
            "human36m needs OpenCV to read videos, which is not installed: "
            "pip install 'harness[video]'; or extract the frames with ffmpeg."
        ) from None
    return cv2
