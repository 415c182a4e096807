"""The picture that every finished run of an editor shows: a few starts with the suite's edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.contract.edit_length import LONGEST
from harness.drawing.latent_edits import edited_latents
from harness.drawing.latent_sheet import BELOW_KEYPOINTS, blank, captioned, with_keypoints
from harness.drawing.manipulation_sheet import (
    Column,
    stacked,
    text_lines,
    tile_side,
    tiles,
    titled_sheet,
    wrapped,
)
from harness.drawing.wanted import Goal, Vocabulary

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL import Image

    from harness.contract.arrays import Evaluation
    from harness.contract.editing import Editing
    from harness.drawing.latent_edits import LatentEdit

#: Starts, and their seed.
STARTS, SEED = 6, 0
#: Strengths that are shown, after the start.
SHOWN = (0.5, 1.0)
#: Attributes at most, where a suite does not say which are edited, and captions.
ATTRIBUTES, CAPTIONS = 6, 3
#: An attribute is seen from this probability on, and then taken away.
PRESENT = 0.5


@dataclass(frozen=True)
class _Way:
    """One edit of all starts: what stands above it, and the goal of every start."""

    title: str
    goals: tuple[Goal, ...]


def standard_edits(
    editing: Editing, evaluation: Evaluation, attributes: Sequence[str] = ()
) -> Image.Image:
    """A row a start: the image, and every edit at the strengths `SHOWN`.

    Attributes are led to the side where the judge does not see them, keypoints to those of the next
    row, and captions to those of the first test images.

    Args:
        editing: editor, generator and oracles.
        evaluation: names of attributes, and captions.
        attributes: which are edited; the first `ATTRIBUTES` by default.
    """
    starts = editing.draw(STARTS, SEED)
    images = editing.images(starts)
    vocabulary, ways, notes = _ways(evaluation, editing, images, attributes)
    side = tile_side(images.shape[-1])
    columns = [Column("start", [blank(tile, 2) for tile in tiles(images, side)])]
    for way in ways:
        wanted = np.stack([goal.conditions for goal in way.goals])
        edit = edited_latents(editing, starts, wanted, (0.0, *SHOWN))
        columns += [
            Column(f"{way.title}, strength {s:.2g}", _tiles(edit, step, way.goals, vocabulary))
            for step, s in enumerate(SHOWN, start=1)
        ]
    below = "below: what the guide and the judge answer to the start and to the edit; edits are at "
    below += f"most {LONGEST} R long (R: mean distance of latents from their mean)"
    sheet = titled_sheet(columns)
    return stacked([text_lines(wrapped([below, *notes], sheet.width), sheet.width), sheet])


def _ways(
    evaluation: Evaluation,
    editing: Editing,
    images: NDArray[np.uint8],
    attributes: Sequence[str],
) -> tuple[Vocabulary, list[_Way], list[str]]:
    """The words, the edits, and what must be said of them."""
    guide = editing.guide(images)
    if editing.conditions == "attributes":
        names = evaluation.attribute_names
        vocabulary = Vocabulary("attributes", guide.shape[1], names)
        judge = editing.judge(images)
        ways = []
        for name in attributes or names[:ATTRIBUTES]:
            seen = judge[:, names.index(name)] >= PRESENT
            goals = tuple(vocabulary.goal([f"{name}={0 if one else 1}"]) for one in seen)
            ways.append(_Way(name, goals))
        return vocabulary, ways, ["every attribute to the side where the judge does not see it"]
    vocabulary = Vocabulary(editing.conditions, guide.shape[1], (), editing.encode)
    if editing.conditions == "keypoints":
        following = np.roll(guide, -1, axis=0)
        goals = tuple(Goal(("keypoints of the next row",), one) for one in following)
        note = "keypoints are led to those of the next row's start"
        return vocabulary, [_Way("to next row", goals)], [note, BELOW_KEYPOINTS]
    captions = list(dict.fromkeys(filter(str.strip, evaluation.test_truth.captions or ())))
    ways, notes = [], []
    for letter, caption in zip("ABC", captions[:CAPTIONS], strict=False):
        ways.append(_Way(f"to {letter}", (vocabulary.goal([caption]),) * len(images)))
        notes.append(f"{letter}: {caption}")
    return vocabulary, ways, notes


def _tiles(
    edit: LatentEdit, step: int, goals: Sequence[Goal], vocabulary: Vocabulary
) -> list[NDArray[np.uint8]]:
    side = tile_side(edit.images.shape[-1])
    made = []
    for row, (tile, goal) in enumerate(zip(tiles(edit.images[step], side), goals, strict=True)):
        if vocabulary.kind == "keypoints":
            tile = with_keypoints(tile, goal, edit.guide[step, row])
        told = []
        for who, answers in (("guide", edit.guide), ("judge", edit.judge)):
            begin, end = (vocabulary.figures(goal, answers[s, row])[0] for s in (0, step))
            told.append(f"{who} {begin} to {end}")
        made.append(captioned(tile, told, 2))
    return made
