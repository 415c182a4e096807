"""`voxceleb`: frames of speaking faces for learning, MAFL for regression and test."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness.vision.photo import decode_photo
from harness_datasets.celeba.dataset import CelebA
from harness_datasets.celeba.options import CelebAOptions
from harness_datasets.crops import squeeze, whole
from harness_datasets.official import OfficialTree, digest
from harness_datasets.voxceleb.options import HOME, LAYOUT, VoxCelebOptions
from harness_datasets.voxceleb.speakers import kept_speakers, left_out, read_meta

MAFL = ("mafl_train", "mafl_test")

#: Speakers of the whole set (Jakab et al. 2018, section 4.2).
SPEAKERS = 1_251

#: A folder that tells how much larger than the face its crops are.
SCALE = re.compile(r"\d+\.\d+")
NUMBER = re.compile(r"(\d+)")


class VoxCeleb(Dataset):
    """Face crops of videos; ids of `train` are paths below the folder of frames.

    A clip is a video of a speaker, with all its utterances, whose frames stand in the order of
    their numbers. The whole frame, which is a crop round the face, is squeezed to the square in
    one bilinear resize, antialiased; EXIF orientation is not applied. `mafl_train` and `mafl_test`
    are those of `celeba` in its aligned crop, from a CelebA tree beside the frames.

    Args:
        root: the folder that holds the tree, or its parent.
        options: choice of speakers and frames.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    options: VoxCelebOptions
    landmark_names = CelebA.landmark_names

    def __init__(self, root: Path | None, options: VoxCelebOptions) -> None:
        super().__init__(root, options)
        folders = ("voxceleb", "voxceleb1")
        self._tree = OfficialTree("voxceleb", root, home=HOME, layout=LAYOUT, folders=folders)
        self._store, self._prefix = self._tree.images("unzippedFaces")
        self._excluded = self._tree.find("exclude_speakers.txt")
        path = self._tree.find("vox1_meta.csv")
        if options.speakers == "dev" and path is None:
            raise self._tree.missing("vox1_meta.csv")
        self._meta = None if path is None else read_meta(path)

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of MAFL's splits; the frames depend on what is left of the videos."""
        aligned = CelebA.official_counts(CelebAOptions(crop="aligned"))
        return {split: aligned[split] for split in MAFL}

    def splits(self) -> Sequence[str]:
        """`train`, and MAFL's two."""
        return ["train", *MAFL]

    def ids(self, split: str) -> Sequence[str]:
        """Names of a split's images.

        Raises:
            DataError: there is no such split, or the labelled ones have no CelebA tree.
        """
        if split in MAFL:
            return self._celeba.ids(split)
        if split != "train":
            raise self._tree.no_split(split, self.splits())
        return self._train[0]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decode and squeeze frames, or photos of MAFL.

        Raises:
            DataError: a frame is broken.
        """
        if split in MAFL:
            return replace(self._celeba.read(split, indices, image_size), attributes=None)
        names, clips = self.ids(split), self._train[1]
        images = np.empty((len(indices), 3, image_size, image_size), np.uint8)
        for row, index in enumerate(indices):
            name = self._prefix + names[index]
            where = f"{self._store.name}: {name}"
            picture = decode_photo(self._store.read(name), where, upright=False)
            images[row] = squeeze(picture, whole(picture), image_size)
        numbers = np.array([clips[index] for index in indices], np.int64)
        return Samples(ids=[names[index] for index in indices], images=images, clips=numbers)

    def source(self) -> dict[str, Any]:
        """Options, digests of the lists, the frames on disk, and CelebA's own source."""
        lists = [self._excluded, None if self._meta is None else self._meta.path]
        celeba = self._celeba.source() if self._celeba_root is not None else None
        return {
            "options": self.options.model_dump(mode="json"),
            "lists": {path.name: digest(path) for path in lists if path is not None},
            "images": self._store.stamp(self._store.photos()),
            "celeba": celeba,
        }

    def check(self) -> list[tuple[str, bool, str]]:
        """Counts found against counts expected, as (what, whether they agree, text)."""
        count = len(self._frames)
        found = [("speakers", count == SPEAKERS, f"{count:,} speakers, expected {SPEAKERS:,}")]
        excluded = self._left_out
        there = sum(excluded.values())
        lost = next((f"; '{name}' is not" for name, known in excluded.items() if not known), "")
        text = f"{there:,} of {len(excluded):,} excluded speakers are among them{lost}"
        found.append(("excluded speakers", there == len(excluded), text))
        return [*found, *(row for row in self._celeba.check() if row[0] in MAFL)]

    @cached_property
    def _frames(self) -> dict[str, dict[str, list[str]]]:
        """Names of the frames by speaker and video, in temporal order."""
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for photo in self._store.photos():
            name = photo.removeprefix(self._prefix)
            speaker, *inner = name.split("/")[:-1] or [""]
            if not speaker:
                raise DataError(f"{self._store.name}: {photo}: expected in a speaker's folder.")
            video = next((folder for folder in inner if not SCALE.fullmatch(folder)), "")
            found[speaker][video].append(name)
        return {
            speaker: {video: sorted(names, key=_in_time) for video, names in sorted(videos.items())}
            for speaker, videos in sorted(found.items())
        }

    @cached_property
    def _train(self) -> tuple[list[str], list[int]]:
        """Names of the split's frames, and the clip of each."""
        wanted = self.options.speakers
        excluded = list(self._left_out)
        kept = kept_speakers(list(self._frames), excluded, self._meta, wanted)
        names: list[str] = []
        clips: list[int] = []
        for clip, frames in enumerate(
            frames for speaker in kept for frames in self._frames[speaker].values()
        ):
            chosen = frames[:: self.options.frame_step]
            names += chosen
            clips += [clip] * len(chosen)
        return names, clips

    @cached_property
    def _left_out(self) -> dict[str, bool]:
        return left_out(list(self._frames), self._excluded, self._meta)

    @property
    def _celeba_root(self) -> Path | None:
        """The folder that holds `celeba`, `None` where there is none."""
        beside = [self._tree.base, self._tree.base.parent]
        return next((folder for folder in beside if (folder / "celeba").is_dir()), None)

    @cached_property
    def _celeba(self) -> CelebA:
        root = self._celeba_root
        if root is None:
            raise DataError(
                f"voxceleb: the splits {' and '.join(MAFL)} are CelebA's, and there is no folder "
                f"'celeba' in {self._tree.base} or beside it. Expected:\n{LAYOUT}"
            )
        return CelebA(root, CelebAOptions(crop="aligned"))


def _in_time(name: str) -> list[tuple[int, str]]:
    """Names in the order of the numbers in them: 2 before 10, with or without leading zeros."""
    parts = NUMBER.split(name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
