"""A contact sheet of samples with all that their dataset says about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from harness.drawing.manipulation_sheet import LETTERS, TITLE, write_line
from harness.errors import ShapeError
from harness.figures import (
    PAPER,
    Colour,
    contact_sheet,
    draw_keypoints,
    draw_parts,
    enlarged,
    palette,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.contract.arrays import Samples

#: Lines of text below a tile at most; more ends in "...".
LINES = 4
#: Width of a name in the legend, in pixels.
ENTRY = 160
#: How much paper covers pixels that are left out of every count.
VEIL = 0.7


@dataclass(frozen=True)
class Names:
    """What a dataset calls its labels; empty where it has none.

    Attributes:
        landmarks: in the order of `Samples.landmarks`.
        parts: of the labels 1, 2, …
        attributes: in the order of `Samples.attributes`.
    """

    landmarks: Sequence[str] = ()
    parts: Sequence[str] = ()
    attributes: Sequence[str] = ()


def truth_sheet(samples: Samples, names: Names | None = None, *, count: int = 24) -> Image.Image:
    """The first samples, with a legend of the names of landmarks and parts.

    A tile shows true parts, or the foreground, tinted; pixels left out of every count paled; and
    visible landmarks as crosses. Below it stand its caption, the attributes that it has, and the
    number of its clip, as far as there are any.

    Args:
        samples: the images with their truth.
        names: what landmarks, parts and attributes are called.
        count: at most so many images.

    Raises:
        ShapeError: there is no image, or an array has another form.
    """
    known = names or Names()
    shown = range(min(count, len(samples)))
    tiles = [_tile(samples, index) for index in shown]
    if not tiles:
        raise ShapeError("A sheet needs at least one image.")
    texts = [_lines(_words(samples, index, known), tiles[0].shape[1]) for index in shown]
    height = TITLE * max(len(lines) for lines in texts)
    sheet = contact_sheet(
        [_captioned(tile, lines, height) for tile, lines in zip(tiles, texts, strict=True)]
    )
    return _with_legend(sheet, samples, known)


def _tile(samples: Samples, index: int) -> NDArray[np.uint8]:
    """One image `uint8 [H, W, 3]` with its labels, enlarged by a whole factor."""
    masks = samples.parts if samples.parts is not None else samples.foreground
    picture = np.ascontiguousarray(np.asarray(samples.images[index]).transpose(1, 2, 0))
    if masks is not None:
        picture = draw_parts(picture, np.asarray(masks[index], dtype=np.uint8))
    if samples.ignored is not None:
        paled = np.rint((1 - VEIL) * picture + VEIL * np.array(PAPER)).astype(np.uint8)
        picture = np.where(np.asarray(samples.ignored[index])[..., None], paled, picture)
    tile = enlarged(picture)
    if samples.landmarks is None:
        return tile
    points = np.array(samples.landmarks[index], dtype=np.float64)
    if samples.visible is not None:
        points[~np.asarray(samples.visible[index], dtype=bool)] = np.nan
    return draw_keypoints(tile, points, crosses=True)


def _words(samples: Samples, index: int, names: Names) -> list[str]:
    """What is said about one image in words."""
    said = []
    if samples.captions is not None:
        said.append(samples.captions[index])
    if samples.attributes is not None:
        row = samples.attributes[index]
        labels = names.attributes or [f"attribute {place}" for place in range(len(row))]
        having = [label for label, value in zip(labels, row, strict=True) if value == 1]
        said.append(", ".join(having) or "no attribute")
    if samples.clips is not None and samples.clips[index] >= 0:
        said.append(f"clip {samples.clips[index]}")
    return said


def _lines(paragraphs: Sequence[str], width: int) -> list[str]:
    """Paragraphs in lines of at most this width in pixels, cut after `LINES` of them."""
    font = ImageFont.load_default(LETTERS)
    lines: list[str] = []
    for paragraph in paragraphs:
        lines.append("")
        for word in paragraph.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and font.getlength(longer) > width:
                lines.append(word)
            else:
                lines[-1] = longer
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1]} ..."]
    return lines


def _captioned(tile: NDArray[np.uint8], lines: Sequence[str], height: int) -> NDArray[np.uint8]:
    """A tile with lines of text in a strip of this height below it."""
    if not height:
        return tile
    picture = Image.new("RGB", (tile.shape[1], tile.shape[0] + height), PAPER)
    picture.paste(Image.fromarray(tile), (0, 0))
    for place, line in enumerate(lines):
        write_line(picture, (0, tile.shape[0] + TITLE * place + 2), line, tile.shape[1])
    return np.asarray(picture)


def _with_legend(sheet: Image.Image, samples: Samples, names: Names) -> Image.Image:
    """The sheet with the names of landmarks and parts, each beside its colour, above it."""
    entries: list[tuple[Colour, str]] = []
    if samples.parts is not None:
        entries += zip(palette(len(names.parts)), names.parts, strict=True)
    if samples.landmarks is not None:
        count = samples.landmarks.shape[1]
        labels = [f"{n} {name}" for n, name in enumerate(names.landmarks)]
        if len(labels) == count:
            entries += zip(palette(count), labels, strict=True)
    if not entries:
        return sheet
    width = max(sheet.width, ENTRY)
    across = width // ENTRY
    top = TITLE * -(-len(entries) // across)
    whole = Image.new("RGB", (width, sheet.height + top), PAPER)
    whole.paste(sheet, (0, top))
    pen = ImageDraw.Draw(whole)
    for place, (colour, text) in enumerate(entries):
        x, y = place % across * ENTRY, place // across * TITLE
        pen.rectangle((x + 3, y + 5, x + 13, y + 15), fill=colour, outline=(0, 0, 0))
        write_line(whole, (x + 17, y + 2), text, ENTRY - 20)
    return whole
