"""What a dataset implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.contract.arrays import Samples
from harness.contract.config import Options


class Dataset(ABC):
    """Named splits of samples, read lazily from an official folder or made by code.

    The harness reads each split once, resized, into a memory-mapped cache; a dataset therefore
    needs no cache of its own, and `read` may be called from several threads at once.

    Args:
        root: the data root; `None` for embedded datasets.
        options: the validated options model named by the spec.

    Raises:
        DataError: a file is missing or malformed, with the expected tree.
    """

    #: Names of the landmarks, in the order of `Samples.landmarks`; empty without landmarks.
    landmark_names: tuple[str, ...] = ()
    #: Names of the parts 1..P, in the order of the labels; empty without part labels.
    part_names: tuple[str, ...] = ()
    #: Names of the attributes; empty without attributes.
    attribute_names: tuple[str, ...] = ()

    def __init__(self, root: Path | None, options: Options) -> None:
        self.root = root
        self.options = options

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """Images of the splits of the whole set, as its makers or the papers state them.

        Splits of which nobody states a number are left out. Documents print them; no file is read.

        Args:
            options: the validated options model named by the spec.
        """
        return {}

    @abstractmethod
    def splits(self) -> Sequence[str]:
        """Names of all splits."""

    @abstractmethod
    def ids(self, split: str) -> Sequence[str]:
        """Stable image names of a split, in a fixed order, without reading an image."""

    @abstractmethod
    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Decoded samples at these positions, resized to `image_size` squared."""

    @abstractmethod
    def source(self) -> dict[str, Any]:
        """JSON of all that the bytes depend on: options, seeds, file sizes and times."""
