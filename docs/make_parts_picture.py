"""Draws docs/gan_seg_parts.png: test images of a run and the parts found in them.

python docs/make_parts_picture.py runs/synthetic_faces/gan_seg-quick-seed0-...

For embedded suites only: photographs of people stay out of the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from harness.cache import load_roles, open_dataset
from harness.errors import UserError
from harness.figures import contact_sheet, draw_keypoints, draw_parts
from harness.record import read_record
from harness.registry import Registry, registry
from harness.suite import Suite, load_suite

#: Images shown, and screen pixels for each of theirs.
COUNT, ZOOM = 9, 2
TARGET = Path(__file__).resolve().parent / "gan_seg_parts.png"


def main(folder: Path) -> None:
    """Draw the picture of a run folder."""
    known = registry()
    suite = embedded_suite(folder, known)
    test = load_roles(suite, open_dataset(suite, known), known)["test"].samples
    found = np.load(folder / "predictions.npz")
    images = [_zoomed(image.transpose(1, 2, 0)) for image in test.images[:COUNT]]
    drawn = [
        draw_keypoints(draw_parts(image, _zoomed(parts)), points)
        for image, parts, points in zip(
            images, found["test_parts"], found["test_keypoints"], strict=False
        )
    ]
    contact_sheet([*images, *drawn], columns=COUNT).save(TARGET, optimize=True)
    print(TARGET)


def embedded_suite(folder: Path, known: Registry) -> Suite:
    """The suite of a run folder, which must not be of photographs.

    Raises:
        UserError: it is.
    """
    suite = load_suite(known.suites.get(read_record(folder / "record.json").suite.name).spec)
    if not known.datasets.get(suite.dataset).spec.embedded:
        raise UserError(f"{suite.name} holds photographs; draw an embedded suite.")
    return suite


def _zoomed(array: np.ndarray) -> np.ndarray:
    return array.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
