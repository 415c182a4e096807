"""Pictures of edited latents: every start with its edits, what oracles see of them, the change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from harness.contract.edit_length import LONGEST
from harness.drawing.manipulation_sheet import (
    Column,
    change_column,
    stacked,
    text_lines,
    tile_side,
    tiles,
    titled_sheet,
    wrapped,
)
from harness.figures import draw_keypoints, palette

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from harness.drawing.latent_edits import LatentEdit
    from harness.drawing.projection import Projection
    from harness.drawing.wanted import Goal, Vocabulary

#: What stands below the pictures of a sheet.
BELOW = "below: what the guide answers, and the judge, which the editor never saw"
#: The same where the answers are keypoints.
BELOW_KEYPOINTS = (
    "cross: wanted, dot: the guide's answer; below: mean distance in % of the edge by the guide, "
    "and by the judge, which the editor never saw"
)


def latent_sheet(
    edits: Sequence[LatentEdit],
    goals: Sequence[Goal],
    vocabulary: Vocabulary,
    *,
    title: str,
    photos: NDArray[np.uint8] | None = None,
    notes: Sequence[str] = (),
) -> Image.Image:
    """A row an image: the start, every strength of every edit, and the change as heat.

    Args:
        edits: at least one, each beginning at the end of the one before.
        goals: what each was to reach.
        vocabulary: the words for what the guide answers.
        title: what was done, written above.
        photos: the photos that the starts were projected from, `uint8 [N, 3, S, S]`.
        notes: what else must be said.
    """
    side = tile_side(edits[0].images.shape[-1])
    made = list(zip(edits, goals, strict=True))
    lines = max(_line_count(edit, goal, vocabulary) for edit, goal in made)
    columns = []
    if photos is not None:
        columns.append(Column("photo", [blank(tile, lines) for tile in tiles(photos, side)]))
    first = "start" if photos is None else "projection"
    columns.append(Column(first, _step_tiles(edits[0], 0, goals[0], vocabulary, lines)))
    for edit, goal in made:
        own = f"{goal}, " if len(edits) > 1 else ""
        for step, strength in list(enumerate(edit.strengths))[1:]:
            shown = _step_tiles(edit, step, goal, vocabulary, lines)
            columns.append(Column(f"{own}strength {strength:.2g}", shown))
    heat = change_column(edits[0].images[0], edits[-1].images[-1], side, "change")
    columns.append(Column("change", [blank(tile, lines) for tile in heat.tiles]))
    sheet = titled_sheet(columns)
    below = BELOW_KEYPOINTS if vocabulary.kind == "keypoints" else BELOW
    told = [lengths_told(edit, goal) for edit, goal in made]
    heading = wrapped([title, *told, *notes, below, heat.title], sheet.width)
    return stacked([text_lines(heading, sheet.width), sheet])


def lengths_told(edit: LatentEdit, goal: Goal) -> str:
    """How long the longest edits are, in a sentence."""
    finite, cut = edit.finite[-1], int(edit.cut[-1].sum())
    lengths = np.where(finite, edit.lengths[-1], 0.0)
    text = (
        f"{goal}: strength {edit.strengths[-1]:.2g} moves latents by {lengths.min():.2f} to "
        f"{lengths.max():.2f} R (R: their mean distance from their mean)"
    )
    text += f"; {cut} of {len(finite)} would go farther and are cut to {LONGEST} R" if cut else ""
    broken = int((~finite).sum())
    return text + (f"; {broken} are not finite and left undone" if broken else "")


def _step_tiles(
    edit: LatentEdit, step: int, goal: Goal, vocabulary: Vocabulary, lines: int
) -> list[NDArray[np.uint8]]:
    """The images at one strength, each above what both oracles answer, in so many lines."""
    side = tile_side(edit.images.shape[-1])
    answers = zip(edit.guide[step], edit.judge[step], strict=True)
    made = []
    for tile, (guide, judge) in zip(tiles(edit.images[step], side), answers, strict=True):
        if vocabulary.kind == "keypoints":
            tile = with_keypoints(tile, goal, guide)
        made.append(captioned(tile, vocabulary.told(goal, guide, judge), lines))
    return made


def projection_sheet(projection: Projection) -> Image.Image:
    """A row a photo: the photo, its projection, and the difference as heat."""
    side = tile_side(projection.photos.shape[-1])
    heat = change_column(projection.photos, projection.images, side, "difference")
    told = [f"PSNR {end:.1f} dB, mean latent {begin:.1f}" for begin, end in projection.psnr()]
    shown = [
        captioned(tile, [text], 1)
        for tile, text in zip(tiles(projection.images, side), told, strict=True)
    ]
    columns = [
        Column("photo", [blank(tile, 1) for tile in tiles(projection.photos, side)]),
        Column("projection", shown),
        Column("difference", [blank(tile, 1) for tile in heat.tiles]),
    ]
    sheet = titled_sheet(columns)
    return stacked([text_lines([heat.title], sheet.width), sheet])


def with_keypoints(
    tile: NDArray[np.uint8], goal: Goal, answer: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """A tile with a cross where a keypoint is wanted, and a dot where an answer `[C]` has it."""
    colours = palette(len(answer) // 2)
    tile = draw_keypoints(tile, goal.conditions.reshape(-1, 2), colours, crosses=True)
    return draw_keypoints(tile, answer.reshape(-1, 2), colours)


def _line_count(edit: LatentEdit, goal: Goal, vocabulary: Vocabulary) -> int:
    return len(vocabulary.told(goal, edit.guide[0, 0], edit.judge[0, 0]))


def captioned(tile: NDArray[np.uint8], texts: list[str], lines: int) -> NDArray[np.uint8]:
    """A tile above lines of text, filled up to so many."""
    written = text_lines([*texts, *[""] * (lines - len(texts))], tile.shape[1])
    return np.concatenate([tile, np.asarray(written)])


def blank(tile: NDArray[np.uint8], lines: int) -> NDArray[np.uint8]:
    """A tile above so many empty lines."""
    return captioned(tile, [], lines)
