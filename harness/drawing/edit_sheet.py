"""Pictures of edited generated images, and the standard edits that a generator's run shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from harness.contract import KEYPOINTS
from harness.drawing.draw_request import STEPS
from harness.drawing.generated_edits import Edit, edited_each, new_draw, ways
from harness.drawing.manipulation import Manipulated
from harness.drawing.manipulation_sheet import (
    TITLE,
    Column,
    change_column,
    draw_rings,
    marked,
    pose_columns,
    stacked,
    text_lines,
    tile_side,
    tiles,
    titled_sheet,
    write_line,
)
from harness.drawing.operations import Background, Look, Move, Operation, Rotate, Scale
from harness.figures import PAPER, draw_keypoints, palette

if TYPE_CHECKING:
    from harness.saved import Fitted

#: Legend of sheets of changed images.
LEGEND = "ring: before, dot: after"
#: Images side by side in a sheet of edits.
ACROSS = 8
#: Images in the pictures of a finished run, and their seed.
SHOWN, SEED = 6, 0
#: Width of one keypoint in the legend, in pixels.
ENTRY = 40


@dataclass(frozen=True)
class Standard:
    """An edit that the picture of a finished run shows.

    Attributes:
        title: what stands above it.
        operation: from the number of the next image; after the last one comes the first.
    """

    title: str
    operation: Callable[[int], Operation]


_MOVE, _SCALE, _ROTATE = Move((0,), 0.1, 0.0), Scale(None, 1.2), Rotate(None, 15.0)
STANDARD = (
    Standard(str(_MOVE), lambda _: _MOVE),
    Standard(str(_SCALE), lambda _: _SCALE),
    Standard(str(_ROTATE), lambda _: _ROTATE),
    Standard("look of 0 from the next row", lambda following: Look((0,), following)),
    Standard("all looks of the next row", lambda following: Look(None, following)),
    Standard("background of the next row", Background),
)


def edit_sheet(edit: Edit, title: str) -> Image.Image:
    """Three rows: images with ringed keypoints, changed ones with dots, and the change as heat.

    Images stand side by side, `ACROSS` of them above the next ones, each below its number in the
    draw. All heat maps share one scale. Above stands which keypoint has which number.

    Args:
        edit: at least one image.
        title: what was done, written above.
    """
    change, side = edit.change, tile_side(edit.plain.shape[-1])
    heat = change_column(edit.plain, change.images, side, "change")
    rings = map(draw_rings, tiles(edit.plain, side), change.before)
    dots = map(draw_keypoints, tiles(change.images, side), change.after)
    columns = [
        Column(f"image {number}", shown)
        for number, *shown in zip(edit.numbers, rings, dots, heat.tiles, strict=True)
    ]
    blocks = [
        titled_sheet(columns[start : start + ACROSS]) for start in range(0, len(columns), ACROSS)
    ]
    width = blocks[0].width
    legend = keypoint_legend(change.before.shape[1], width)
    return stacked([text_lines([title, heat.title, LEGEND], width), legend, *blocks])


def ways_sheet(paths: Mapping[int, Manipulated], to: int) -> Image.Image:
    """A row an image: its keypoints with their way, and the steps on the way to image `to`.

    Args:
        paths: by the number of the image, at least one.
        to: number of the image that all lead to.
    """
    side = tile_side(next(iter(paths.values())).images.shape[-1])
    starts = Manipulated(
        before=np.stack([path.before[0] for path in paths.values()]),
        after=np.stack([path.after[-1] for path in paths.values()]),
        images=np.stack([path.images[0] for path in paths.values()]),
    )
    first = Column(LEGEND, marked(starts.images, starts, side))
    steps = pose_columns([path.images for path in paths.values()], side, f"to image {to}")
    return titled_sheet([first, *steps])


def standard_sheets(fitted: Fitted) -> dict[str, Image.Image]:
    """The pictures of a finished run, by name: the standard edits and the ways between images.

    Args:
        fitted: a method with `sample` and `render`.
    """
    draw = new_draw(fitted, SHOWN, SEED)
    following = {number: (number + 1) % SHOWN for number in range(SHOWN)}
    side = tile_side(fitted.image_size)
    columns: list[Column] = []
    for standard in STANDARD:
        own = {number: [standard.operation(after)] for number, after in following.items()}
        edit = edited_each(fitted, draw, own)
        change = edit.change
        if not columns:
            rings = map(draw_rings, tiles(edit.plain, side), change.before)
            columns.append(Column("image", list(rings)))
        dots = map(draw_keypoints, tiles(change.images, side), change.after)
        columns.append(Column(standard.title, list(dots)))
        columns.append(change_column(edit.plain, change.images, side, "change"))
    paths = [
        ways(fitted, draw, after, STEPS, [number])[number].images
        for number, after in following.items()
    ]
    steps = pose_columns(paths, side, "to the next row")
    sheet = titled_sheet(columns)
    legend = keypoint_legend(draw.latents[KEYPOINTS].shape[1], sheet.width)
    return {"edits": stacked([legend, sheet]), "interpolation": titled_sheet(steps)}


def keypoint_legend(count: int, width: int) -> Image.Image:
    """The number of every keypoint beside its dot, in as many lines of text as it takes."""
    across = max(width // ENTRY, 1)
    legend = Image.new("RGB", (width, -(-count // across) * TITLE), PAPER)
    pen = ImageDraw.Draw(legend)
    for index, colour in enumerate(palette(count)):
        x, y = index % across * ENTRY, index // across * TITLE
        pen.ellipse((x + 3, y + 5, x + 13, y + 15), fill=colour, outline=(0, 0, 0))
        write_line(legend, (x + 17, y + 2), str(index), ENTRY)
    return legend
