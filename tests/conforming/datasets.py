"""A dataset that keeps the contract, and for every check one that breaks just it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import Dataset, DatasetSpec, Samples

GOOD = DatasetSpec(
    name="good",
    summary="A bright square on noise.",
    target="conforming.datasets:Good",
    options="conforming.options:NoOptions",
    licence="made by code",
    embedded=True,
)
#: Specs by the check that they break, and it alone.
BROKEN: dict[str, DatasetSpec] = {
    "spec": replace(GOOD, licence=""),
    "options": replace(GOOD, options="conforming.options:BareOptions"),
}


def breaks(check: str, **changes: Any) -> Any:
    """Note a class as the one that breaks a check."""

    def note(kind: type) -> type:
        BROKEN[check] = replace(GOOD, target=f"{__name__}:{kind.__name__}", **changes)
        return kind

    return note


class Good(Dataset):
    landmark_names = ("corner",)
    part_names = ("square",)

    def splits(self) -> Sequence[str]:
        return ("fit", "test")

    def ids(self, split: str) -> Sequence[str]:
        return [f"{split}-{index}" for index in range(6)]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        side = image_size // 4
        images, parts, corners = [], [], []
        for index in indices:
            random = np.random.default_rng([self.splits().index(split), index])
            x, y = random.integers(0, 4, 2)
            square = np.zeros((image_size, image_size), np.uint8)
            square[y * side : (y + 1) * side, x * side : (x + 1) * side] = 1
            noise = random.integers(0, 99, (3, image_size, image_size))
            images.append(np.where(square, 250, noise).astype(np.uint8))
            parts.append(square)
            corners.append([[x / 4, y / 4]])
        names = self.ids(split)
        return Samples(
            ids=[names[index] for index in indices],
            images=np.stack(images),
            landmarks=np.array(corners, dtype=np.float32),
            visible=np.ones((len(corners), 1), dtype=bool),
            parts=np.stack(parts),
            foreground=np.stack(parts) > 0,
        )

    def source(self) -> dict[str, Any]:
        return {}


@breaks("missing_data", embedded=False, layout="photos/\n")
class OpensNothing(Good):
    def ids(self, split: str) -> Sequence[str]:
        assert isinstance(self.root, Path)
        return [f"{split}-{path.stem}" for path in sorted(self.root.glob("*.txt"))]


@breaks("splits")
class Empty(Good):
    def ids(self, split: str) -> Sequence[str]:
        return []


@breaks("ids")
class Twice(Good):
    def ids(self, split: str) -> Sequence[str]:
        return [f"{split}-0", *list(super().ids(split))[:-1]]


@breaks("lazy")
class ReadsAtOnce(Good):
    def __init__(self, root: Path | None, options: Any) -> None:
        super().__init__(root, options)
        self.read("fit", [0], 16)


@breaks("field_types")
class Floats(Good):
    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        samples = super().read(split, indices, image_size)
        return replace(samples, images=samples.images.astype(np.float32))


OBJECTS = itertools.count()


@breaks("repeated_reads")
class NumbersItself(Good):
    def __init__(self, root: Path | None, options: Any) -> None:
        super().__init__(root, options)
        self.number = next(OBJECTS)

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        samples = super().read(split, indices, image_size)
        samples.images[:, 0, 0, 0] = self.number
        return samples


@breaks("picked_reads")
class CountsAlong(Good):
    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        samples = super().read(split, indices, image_size)
        samples.images[:, 0, 0, 0] = np.arange(len(indices))
        return samples


@breaks("other_sizes")
class FixedSide(Good):
    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        samples = super().read(split, indices, image_size)
        return replace(samples, landmarks=samples.landmarks * np.float32(image_size / 64))


@breaks("disjoint")
class SharesImages(Good):
    def ids(self, split: str) -> Sequence[str]:
        return [f"image-{index}" for index in range(6)]


@breaks("source")
class NamesItself(Good):
    def source(self) -> dict[str, Any]:
        return {"object": next(OBJECTS)}


@breaks("counts")
class CountsNothing(Good):
    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        return {"fit": 0}
