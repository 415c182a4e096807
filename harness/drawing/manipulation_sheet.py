"""Pictures of manipulated images: columns with titles, moved keypoints, heat maps of change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from harness.drawing.manipulation import Manipulated, interpolation, manipulated
from harness.drawing.operations import Move
from harness.errors import ShapeError
from harness.figures import GAP, PAPER, contact_sheet, draw_keypoints, palette

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.saved import Fitted

    Points = NDArray[np.floating[Any]]

#: Images are enlarged by a whole factor to at least this side in pixels.
SIDE = 192
#: Height of the titles and size of their letters, in pixels.
TITLE, LETTERS = 20, 13
#: Colours of a heat map from no change to the greatest one, at equal distances.
HEAT = ((0, 0, 0), (84, 20, 110), (196, 58, 78), (248, 150, 42), (252, 252, 190))
#: The change that the picture of a finished run shows: the first keypoint goes to the right.
SHOWN_MOVE = Move((0,), 0.1, 0.0)
#: Rows of that picture, and poses between two of its images.
ROWS, POSES = 6, 5


@dataclass(frozen=True)
class Column:
    """One column of a sheet.

    Attributes:
        title: what stands above it; cut where it is too long.
        tiles: `uint8 [H, W, 3]` each, one a row.
    """

    title: str
    tiles: Sequence[NDArray[np.uint8]]


def titled_sheet(columns: Sequence[Column]) -> Image.Image:
    """Columns side by side, each below its title.

    Raises:
        ShapeError: there is no tile, columns differ in length or tiles in size.
    """
    counts = {len(column.tiles) for column in columns}
    if len(counts) != 1:
        raise ShapeError(f"A sheet needs columns of one length, got {sorted(counts) or 'none'}.")
    rows = zip(*(column.tiles for column in columns), strict=True)
    body = contact_sheet([tile for row in rows for tile in row], columns=len(columns))
    sheet = Image.new("RGB", (body.width, body.height + TITLE), PAPER)
    sheet.paste(body, (0, TITLE))
    width = columns[0].tiles[0].shape[1]
    for index, column in enumerate(columns):
        write_line(sheet, (index * (width + GAP), 2), column.title, width)
    return sheet


def write_line(sheet: Image.Image, place: tuple[int, int], text: str, width: int) -> None:
    """Write a line of text into a picture, cut where it is longer than `width` pixels."""
    font = ImageFont.load_default(LETTERS)
    while text and font.getlength(text) > width:
        text = text.removesuffix("...")[:-1] + "..."
    ImageDraw.Draw(sheet).text(place, text, fill=(0, 0, 0), font=font)


def text_lines(texts: list[str], width: int) -> Image.Image:
    """Lines of text, cut at `width` pixels."""
    picture = Image.new("RGB", (width, TITLE * len(texts)), PAPER)
    for index, text in enumerate(texts):
        write_line(picture, (0, TITLE * index + 2), text, width)
    return picture


def wrapped(texts: Sequence[str], width: int) -> list[str]:
    """Texts as lines of at most `width` pixels, broken between words."""
    font = ImageFont.load_default(LETTERS)
    lines: list[str] = []
    for text in texts:
        line = ""
        for word in text.split():
            longer = f"{line} {word}".lstrip()
            if line and font.getlength(longer) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines


def stacked(pictures: list[Image.Image]) -> Image.Image:
    """Pictures below each other, of which the first is the widest."""
    height = sum(picture.height for picture in pictures)
    sheet = Image.new("RGB", (pictures[0].width, height), PAPER)
    top = 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    return sheet


def tile_side(size: int) -> int:
    """Side in pixels at which images of a size are shown.

    >>> tile_side(64), tile_side(128), tile_side(512)
    (192, 256, 512)
    """
    return size * -(-SIDE // size)


def tiles(images: NDArray[np.uint8], side: int) -> list[NDArray[np.uint8]]:
    """Images `uint8 [N, 3, S, S]` as tiles `[side, side, 3]`.

    Pixels are repeated where the side is a multiple of S, so that nothing is smoothed.
    """
    if side % images.shape[-1] == 0:
        factor = side // images.shape[-1]
        enlarged = images.transpose(0, 2, 3, 1).repeat(factor, axis=1).repeat(factor, axis=2)
        return list(enlarged)
    pictures = (Image.fromarray(image.transpose(1, 2, 0)) for image in images)
    return [np.array(p.resize((side, side), Image.Resampling.LANCZOS)) for p in pictures]


def draw_moves(tile: NDArray[np.uint8], before: Points, after: Points) -> NDArray[np.uint8]:
    """A picture with a dot at every keypoint, and for a moved one a ring and a line from there.

    Args:
        tile: `uint8 [H, W, 3]`; not changed.
        before: `[K, 2]` fractions.
        after: `[K, 2]` fractions.

    Returns:
        `uint8 [H, W, 3]`.
    """
    picture = Image.fromarray(tile)
    for start, end, colour in zip(before, after, palette(len(before)), strict=True):
        if np.isfinite([start, end]).all() and not np.allclose(start, end, atol=1e-6):
            _ring(picture, start, colour, end)
    return draw_keypoints(np.asarray(picture), after)


def draw_rings(tile: NDArray[np.uint8], points: Points) -> NDArray[np.uint8]:
    """A picture `uint8 [H, W, 3]` with a ring at every point `[K, 2]` that is not missing."""
    picture = Image.fromarray(tile)
    for point, colour in zip(points, palette(len(points)), strict=True):
        if np.isfinite(point).all():
            _ring(picture, point, colour, point)
    return np.asarray(picture)


def _ring(picture: Image.Image, start: Points, colour: tuple[int, int, int], end: Points) -> None:
    """A ring and a line from its centre, drawn into the picture."""
    pen = ImageDraw.Draw(picture)
    radius = max(3.0, max(picture.size) / 30)
    (x, y), reached = (
        (float(point[0]) * picture.width - 0.5, float(point[1]) * picture.height - 0.5)
        for point in (start, end)
    )
    for thickness, shade in ((4, (0, 0, 0)), (2, colour)):
        if reached != (x, y):
            pen.line((x, y, *reached), fill=shade, width=thickness)
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius), outline=shade, width=thickness
        )


def change_column(old: NDArray[np.uint8], new: NDArray[np.uint8], side: int, what: str) -> Column:
    """Heat maps of the absolute change, mean over the colours; all rows share one scale.

    Args:
        old: `uint8 [N, 3, S, S]`.
        new: `uint8 [N, 3, S, S]`.
        side: of the tiles, in pixels.
        what: the title, to which the value of the brightest colour is added.
    """
    change = np.abs(old.astype(np.float64) - new).mean(axis=1)
    most = float(change.max(initial=0))
    places = np.linspace(0, 1, len(HEAT))
    shares = change / (most or 1)
    colours = np.stack([np.interp(shares, places, channel) for channel in np.transpose(HEAT)], 1)
    title = f"{what}, brightest {most:.3g} of 255" if most else f"{what}: none"
    return Column(title, tiles(np.rint(colours).astype(np.uint8), side))


def manipulation_sheet(fitted: Fitted, images: NDArray[np.uint8]) -> Image.Image:
    """What a method makes of images by their keypoints.

    Each row shows an image, its reconstruction, the first keypoint moved, its geometry with the
    look of the next row's image, and its way to the next row's pose; after the last row comes the
    first.

    Args:
        fitted: a method with keypoints and `reconstruct`.
        images: `uint8 [N, 3, S, S]`; the first `ROWS` are shown.

    Raises:
        ShapeError: there is no image.
    """
    shown = images[:ROWS]
    following = np.roll(shown, -1, axis=0)
    side = tile_side(fitted.image_size)
    moved = manipulated(fitted, shown, [SHOWN_MOVE])
    looks = fitted.reconstruct(shown, appearance=following)
    paths = [
        interpolation(fitted, a, b, POSES).images for a, b in zip(shown, following, strict=True)
    ]
    columns = [
        Column("image", marked(shown, moved, side)),
        Column("reconstruction", tiles(fitted.reconstruct(shown), side)),
        Column(str(SHOWN_MOVE), tiles(moved.images, side)),
        Column("look of the next row", tiles(looks, side)),
    ]
    return titled_sheet([*columns, *pose_columns(paths, side, "to the next row")])


def marked(images: NDArray[np.uint8], change: Manipulated, side: int) -> list[NDArray[np.uint8]]:
    """Tiles of images `[N, 3, S, S]` with their keypoints before (ring) and after (dot)."""
    rows = zip(tiles(images, side), change.before, change.after, strict=True)
    return [draw_moves(tile, before, after) for tile, before, after in rows]


def pose_columns(paths: Sequence[NDArray[np.uint8]], side: int, where: str) -> list[Column]:
    """A column for every step on the way to a pose.

    Args:
        paths: `uint8 [steps, 3, S, S]` for every row.
        side: of the tiles, in pixels.
        where: where it leads, for the titles.
    """
    last = len(paths[0]) - 1
    return [
        Column(
            f"{step / last:.0%} {where}",
            tiles(np.stack([path[step] for path in paths]), side),
        )
        for step in range(last + 1)
    ]
