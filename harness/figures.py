"""Pictures: keypoints, parts and contact sheets. The same arrays give the same pixels."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from harness.errors import ShapeError
from harness.files import replacing

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from harness.contract.arrays import Predicted, Samples

Colour = tuple[int, int, int]

#: Seven colours that people with any colour vision tell apart.
#: Source: Okabe and Ito, Color Universal Design, 2008, without black.
_OKABE_ITO: tuple[Colour, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)
#: Where the hues of further colours begin; found by trying which are the furthest from those seven.
_FIRST_HUE = 0.653762
#: Opacity of part colours over a picture.
OPACITY = 0.55
#: Tiles of a contact sheet are enlarged to at least this side in pixels, so that dots are seen.
TILE = 128
#: Pixels between the tiles of a sheet, and their colour.
GAP, PAPER = 4, (255, 255, 255)


def palette(count: int) -> list[Colour]:
    """Fixed RGB colours of keypoints or parts 0..count-1; the first seven suit any colour vision.

    The next ones are as far from those and from each other as those are, up to sixteen.

    >>> palette(1)
    [(230, 159, 0)]
    """
    colours = list(_OKABE_ITO[:count])
    for index in range(len(colours), count):
        hue = (index * 0.618034 + _FIRST_HUE) % 1.0
        value = (0.5, 0.7, 0.95)[index % 3]
        red, green, blue = colorsys.hsv_to_rgb(hue, 1.0, value)
        colours.append((round(255 * red), round(255 * green), round(255 * blue)))
    return colours


def draw_keypoints(
    image: NDArray[np.uint8],
    points: NDArray[np.floating],
    colours: Sequence[Colour] | None = None,
    *,
    crosses: bool = False,
) -> NDArray[np.uint8]:
    """A picture with a dot at every point; missing points (NaN) are left out.

    Args:
        image: `uint8 [H, W, 3]`; not changed.
        points: `[K, 2]`, (x, y) fractions; a point outside the picture is clipped.
        colours: one a point; the fixed palette by default.
        crosses: draw crosses instead, for what a dataset annotates.

    Returns:
        `uint8 [H, W, 3]`.

    Raises:
        ShapeError: an array has another form.
    """
    _check_image(image)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(f"points have shape {list(points.shape)}, expected [K, 2].")
    height, width = image.shape[:2]
    picture = Image.fromarray(image)
    pen = ImageDraw.Draw(picture)
    radius = max(2.0, max(height, width) / 45)
    shades = colours or palette(len(points))
    for (x, y), colour in zip(points, shades, strict=True):
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        # Pixel i covers [i, i + 1), while Pillow counts pixel centres.
        place = (float(x) * width - 0.5, float(y) * height - 0.5)
        (_cross if crosses else _dot)(pen, place, radius, colour)
    return np.asarray(picture)


def draw_parts(
    image: NDArray[np.uint8], labels: NDArray[np.integer], *, opacity: float = OPACITY
) -> NDArray[np.uint8]:
    """A picture with its parts tinted; the background keeps its pixels.

    Args:
        image: `uint8 [H, W, 3]`; not changed.
        labels: part labels `[H, W]`, 0 = background.
        opacity: of the colours, in [0, 1].

    Returns:
        `uint8 [H, W, 3]`.

    Raises:
        ShapeError: an array has another form.
    """
    _check_image(image)
    if labels.shape != image.shape[:2]:
        raise ShapeError(
            f"labels have shape {list(labels.shape)}, the image {list(image.shape[:2])}."
        )
    colours = np.array([PAPER, *palette(int(labels.max(initial=0)))], dtype=np.float64)
    tinted = (1 - opacity) * image + opacity * colours[labels]
    return np.where((labels > 0)[..., None], np.rint(tinted), image).astype(np.uint8)


def grid(images: NDArray[np.uint8], *, columns: int = 8) -> Image.Image:
    """Images in rows, in their own size.

    Args:
        images: `uint8 [N, 3, H, W]`.
        columns: tiles a row.

    Raises:
        ShapeError: `images` has another form.
    """
    if images.ndim != 4 or images.shape[1] != 3:
        raise ShapeError(f"images has shape {list(images.shape)}, expected [N, 3, H, W].")
    return contact_sheet(list(images.transpose(0, 2, 3, 1)), columns=columns)


def contact_sheet(tiles: Sequence[NDArray[np.uint8]], *, columns: int = 8) -> Image.Image:
    """Pictures of one size, side by side.

    Args:
        tiles: `uint8 [H, W, 3]` each.
        columns: tiles a row.

    Raises:
        ShapeError: there is no tile, or tiles differ in size.
    """
    shapes = {tile.shape for tile in tiles}
    if len(shapes) != 1:
        raise ShapeError(f"A sheet needs tiles of one size, got {sorted(shapes) or 'none'}.")
    height, width, _ = next(iter(shapes))
    across = min(columns, len(tiles))
    down = -(-len(tiles) // across)
    size = (across * (width + GAP) - GAP, down * (height + GAP) - GAP)
    sheet = Image.new("RGB", size, PAPER)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, across)
        sheet.paste(Image.fromarray(tile), (column * (width + GAP), row * (height + GAP)))
    return sheet


def prediction_sheet(predicted: Predicted, truth: Samples, *, count: int = 24) -> Image.Image:
    """The first test images with predicted parts, keypoints (dots) and named landmarks (dots).

    Args:
        predicted: what a method said; its arrays stand in the order of `truth`.
        truth: the images; their labels are not drawn.
        count: at most so many images.
    """
    tiles = []
    for index in range(min(count, len(truth))):
        labels = None if predicted.part_labels is None else predicted.part_labels[index]
        tile = _tile(truth.images[index], labels)
        for points in (predicted.landmarks, predicted.keypoints):
            if points is not None:
                tile = draw_keypoints(tile, points[index])
        tiles.append(tile)
    return contact_sheet(tiles)


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a picture as PNG, whole or not at all; its path.

    Raises:
        RunError: the file cannot be written.
    """
    with replacing(path) as temporary:
        picture.save(temporary, format="PNG")
    return path


def enlarged(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture `[H, W, 3]` enlarged by a whole factor to at least `TILE` pixels."""
    factor = -(-TILE // picture.shape[0])
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def _tile(image: NDArray[np.uint8], labels: NDArray[np.integer] | None) -> NDArray[np.uint8]:
    """One image `[3, H, W]`, enlarged, with its parts `[H, W]`."""
    picture = np.ascontiguousarray(np.asarray(image).transpose(1, 2, 0))
    return enlarged(picture if labels is None else draw_parts(picture, np.asarray(labels)))


def _check_image(image: NDArray[np.uint8]) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ShapeError(f"image is {image.dtype} {list(image.shape)}, expected uint8 [H, W, 3].")


def _dot(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], radius: float, colour: Colour
) -> None:
    x, y = place
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=(0, 0, 0))


def _cross(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], radius: float, colour: Colour
) -> None:
    x, y = place
    for width, shade in ((3, (0, 0, 0)), (1, colour)):
        pen.line((x - radius, y, x + radius, y), fill=shade, width=width)
        pen.line((x, y - radius, x, y + radius), fill=shade, width=width)
