"""`synthetic_faces`: rendered faces with exact landmarks, parts, attributes and captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.contract import Dataset, Samples
from harness.errors import DataError
from harness_datasets.synthetic_faces.options import SyntheticFacesOptions
from harness_datasets.synthetic_faces.renderer import (
    ATTRIBUTE_NAMES,
    LANDMARK_NAMES,
    PART_NAMES,
    RENDERER_VERSION,
    render_faces,
)

#: Splits in the order of their ranges in the endless series of faces.
SPLITS = ("fit", "regress", "test")

#: Faces between the beginnings of two splits, more than any split can have.
RANGE = 1 << 40


class SyntheticFaces(Dataset):
    """Faces drawn by code; a face depends on seed, difficulty, split and position alone.

    Args:
        root: unused, the data are embedded.
        options: difficulty, seed and counts.
    """

    options: SyntheticFacesOptions
    landmark_names = LANDMARK_NAMES
    part_names = PART_NAMES[1:]
    attribute_names = ATTRIBUTE_NAMES

    def __init__(self, root: Path | None, options: SyntheticFacesOptions) -> None:
        super().__init__(root, options)

    @classmethod
    def official_counts(cls, options: Any) -> Mapping[str, int]:
        """As many as asked for."""
        return {split: getattr(options, split) for split in SPLITS}

    def splits(self) -> Sequence[str]:
        """`fit`, `regress` and `test`; no face is in two."""
        return SPLITS

    def ids(self, split: str) -> Sequence[str]:
        """`fit-000000`, `fit-000001`, ….

        Raises:
            DataError: there is no such split.
        """
        if split not in SPLITS:
            raise DataError(f"synthetic_faces: no split '{split}', there are {', '.join(SPLITS)}.")
        return [f"{split}-{number:06d}" for number in range(getattr(self.options, split))]

    def read(self, split: str, indices: Sequence[int], image_size: int) -> Samples:
        """Render the faces at these positions.

        Raises:
            DataError: there is no such split, or the images would be too small.
        """
        ids = self.ids(split)
        first = RANGE * SPLITS.index(split)
        faces = render_faces(
            first + np.asarray(indices, np.int64),
            seed=self.options.seed,
            size=image_size,
            difficulty=self.options.difficulty,
        )
        return Samples(
            ids=[ids[index] for index in indices],
            images=np.ascontiguousarray(faces.images.transpose(0, 3, 1, 2)),
            landmarks=faces.landmarks,
            visible=np.ones(faces.landmarks.shape[:2], bool),
            parts=faces.parts,
            foreground=faces.foreground,
            attributes=faces.attributes,
            captions=faces.captions,
        )

    def source(self) -> dict[str, Any]:
        """Options and the renderer's version."""
        return {"options": self.options.model_dump(mode="json"), "renderer": RENDERER_VERSION}
