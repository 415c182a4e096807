"""Draw `docs/synthetic_faces.png`: what each difficulty of `synthetic_faces` looks like.

Per difficulty: 128 px images, the same faces at 64 px (enlarged) with landmarks, part maps.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from harness_datasets.synthetic_faces.renderer import DIFFICULTIES, Faces, render_faces

TARGET = Path(__file__).with_name("synthetic_faces.png")
COLUMNS, TILE, SEED = 9, 128, 0
MARGIN = 14

#: a colour per part, in the order of PART_NAMES
PART_COLOURS = np.array(
    [
        [30, 30, 34],
        [140, 86, 40],
        [244, 196, 160],
        [70, 120, 230],
        [235, 130, 60],
        [214, 40, 80],
        [250, 225, 120],
        [60, 160, 110],
        [150, 80, 180],
    ],
    np.uint8,
)
LANDMARK_COLOURS = ["#ff3030", "#30a0ff", "#ffe030", "#ff60ff", "#30ff60"]


def main() -> None:
    """Write the sheet."""
    rows = [row for difficulty in DIFFICULTIES for row in rows_of(difficulty)]
    height = len(rows) * TILE + len(DIFFICULTIES) * MARGIN
    sheet = Image.new("RGB", (COLUMNS * TILE, height), "white")
    pen = ImageDraw.Draw(sheet)
    top = 0
    for number, row in enumerate(rows):
        if number % 3 == 0:
            pen.text((4, top + 1), list(DIFFICULTIES)[number // 3], fill="black")
            top += MARGIN
        sheet.paste(row, (0, top))
        top += TILE
    sheet.quantize(256, kmeans=1, dither=Image.Dither.NONE).save(TARGET, optimize=True)


def rows_of(difficulty: str) -> list[Image.Image]:
    """Three strips of the same faces: large, small with landmarks, parts."""
    large = render_faces(range(COLUMNS), seed=SEED, size=TILE, difficulty=difficulty)
    small = render_faces(range(COLUMNS), seed=SEED, size=64, difficulty=difficulty)
    enlarged = strip(small.images).resize((COLUMNS * TILE, TILE), Image.Resampling.NEAREST)
    mark(enlarged, small)
    return [strip(large.images), enlarged, strip(PART_COLOURS[large.parts])]


def strip(images: NDArray[np.uint8]) -> Image.Image:
    """Images side by side."""
    return Image.fromarray(np.concatenate(list(images), axis=1))


def mark(picture: Image.Image, faces: Faces) -> None:
    """Draw the landmarks on a strip."""
    pen = ImageDraw.Draw(picture)
    for column, points in enumerate(faces.landmarks * TILE):
        for (x, y), colour in zip(points, LANDMARK_COLOURS, strict=True):
            x += column * TILE
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour, outline="black")


if __name__ == "__main__":
    main()
