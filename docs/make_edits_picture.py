"""Draws docs/latent_keypoint_gan_edits.png: images that a run generates, and the same edited.

python docs/make_edits_picture.py runs/synthetic_faces/latent_keypoint_gan-quick-seed0-...

The rows, from the top: the images with their keypoints; one keypoint moved, from the ring to the
dot; all keypoints turned; all looks of the image to the right; its background; the way from the
first image to the last. The last image takes from the first. The moved keypoint is the one that
changes the images most. For embedded suites only: what was learned from photographs of people
stays out of the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from make_parts_picture import embedded_suite

from harness.contract import KEYPOINTS
from harness.drawing.generated_edits import Draw, Edit, edited, edited_each, new_draw, ways
from harness.drawing.manipulation_sheet import draw_moves, tiles
from harness.drawing.operations import Background, Look, Move, Rotate
from harness.figures import contact_sheet, draw_keypoints
from harness.registry import registry
from harness.saved import Fitted, load_fitted

#: Images side by side, their seed, and the side of each in pixels.
COUNT, SEED, SIDE = 8, 0, 128
#: The move of one keypoint, to the right, in fractions of the edge; the turn of all, in degrees.
RIGHT, DEGREES = 0.12, 20.0
TARGET = Path(__file__).resolve().parent / "latent_keypoint_gan_edits.png"


def main(folder: Path) -> None:
    """Draw the picture of a run folder."""
    embedded_suite(folder, registry())
    fitted = load_fitted(folder, "cpu")
    draw = new_draw(fitted, COUNT, SEED)
    following = {number: (number + 1) % COUNT for number in range(COUNT)}
    one = most_changing_move(fitted, draw)
    rows = [
        [*map(draw_keypoints, tiles(draw.images, SIDE), draw.latents[KEYPOINTS])],
        [*map(draw_moves, tiles(one.change.images, SIDE), *moved_alone(one))],
        tiles(edited(fitted, draw, [Rotate(None, DEGREES)]).change.images, SIDE),
    ]
    for operation in (lambda image: Look(None, image), Background):
        own = {number: [operation(right)] for number, right in following.items()}
        rows.append(tiles(edited_each(fitted, draw, own).change.images, SIDE))
    rows.append(tiles(ways(fitted, draw, COUNT - 1, COUNT, [0])[0].images, SIDE))
    contact_sheet([tile for row in rows for tile in row], columns=COUNT).save(TARGET, optimize=True)
    print(TARGET)


def most_changing_move(fitted: Fitted, draw: Draw) -> Edit:
    """The images with one keypoint moved to the right: the one that changes them most."""
    edits = [
        edited(fitted, draw, [Move((keypoint,), RIGHT, 0.0)])
        for keypoint in range(draw.latents[KEYPOINTS].shape[1])
    ]
    return max(edits, key=lambda edit: np.abs(edit.plain - edit.change.images.astype(float)).mean())


def moved_alone(edit: Edit) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints `[N, K, 2]` before and after a move, NaN where they have not moved."""
    change = edit.change
    still = (change.before == change.after).all(axis=2, keepdims=True)
    return np.where(still, np.nan, change.before), np.where(still, np.nan, change.after)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
