"""The picture of a comparison: the test images on which two sides differ most."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from harness.cache import Progress
from harness.comparison import Compared, Comparison, Side
from harness.contract.arrays import Predicted, Samples
from harness.drawing.manipulation_sheet import Column, tile_side, tiles, titled_sheet, write_line
from harness.figures import PAPER, draw_keypoints, draw_parts
from harness.leaderboard.numbers import decimals, number_text
from harness.predictions import predicted
from harness.recorded import Opened, open_recorded
from harness.registry import Registry

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Height in pixels of the line below an image.
CAPTION = 20


def comparison_sheet(
    comparison: Comparison,
    compared: Compared,
    known: Registry,
    *,
    data: Path | None = None,
    progress: Progress | None = None,
) -> Image.Image:
    """The images that differ most by one metric: with their labels, and with both predictions.

    Predictions are those of each side's first run; the numbers below are means over its runs.

    Args:
        comparison: both sides.
        compared: one of its metrics.
        known: the installed plugins.
        data: data root; `None` for the default one.
        progress: told while images are read into the cache.

    Raises:
        UserError: the test images are not on this machine, or are others than those of the records.
        RecordError: predictions are missing or were changed.
    """
    record = comparison.left.runs[0].record
    opened = open_recorded(record, known, data=data, only=("test",), progress=progress)
    positions = [gap.position for gap in compared.largest]
    truth = opened.roles["test"].samples.take(positions)
    digits = decimals(compared.unit, [v for g in compared.largest for v in (g.left, g.right)])
    left, right = (
        [number_text(value, digits) for value in values]
        for values in zip(*((gap.left, gap.right) for gap in compared.largest), strict=True)
    )
    names = [gap.image for gap in compared.largest]
    return titled_sheet(
        [
            Column("test image", _captioned(_true_tiles(truth), names)),
            *(
                Column(side.name, _captioned(_predicted_tiles(side, opened, positions), values))
                for side, values in ((comparison.left, left), (comparison.right, right))
            ),
        ]
    )


def _predicted_tiles(
    side: Side, opened: Opened, positions: Sequence[int]
) -> list[NDArray[np.uint8]]:
    run = side.runs[0]
    samples = opened.roles["test"].samples
    file = str(run.folder / "predictions.npz")
    arrays = run.predictions()
    found: Predicted = predicted(arrays, "test", samples, parts=opened.suite.parts, file=file)
    shown = _plain_tiles(samples.take(positions).images)
    for row, position in enumerate(positions):
        if found.part_labels is not None:
            shown[row] = draw_parts(shown[row], _enlarged(found.part_labels[position], shown[row]))
        for points in (found.landmarks, found.keypoints):
            if points is not None:
                shown[row] = draw_keypoints(shown[row], points[position])
    return shown


def _true_tiles(truth: Samples) -> list[NDArray[np.uint8]]:
    """Images with their landmarks as crosses, else with their parts or foreground."""
    shown = _plain_tiles(truth.images)
    masks = truth.parts if truth.parts is not None else truth.foreground
    for row, tile in enumerate(shown):
        if truth.landmarks is not None:
            points = np.array(truth.landmarks[row], dtype=np.float64)
            if truth.visible is not None:
                points[~np.asarray(truth.visible[row], dtype=bool)] = np.nan
            shown[row] = draw_keypoints(tile, points, crosses=True)
        elif masks is not None:
            shown[row] = draw_parts(tile, _enlarged(np.asarray(masks[row], np.uint8), tile))
    return shown


def _plain_tiles(images: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return tiles(np.asarray(images), tile_side(images.shape[-1]))


def _enlarged(labels: NDArray[np.uint8], tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Labels `[S, S]` by repeated pixels at the size of a tile."""
    factor = tile.shape[0] // labels.shape[0]
    return labels.repeat(factor, axis=0).repeat(factor, axis=1)


def _captioned(
    shown: Sequence[NDArray[np.uint8]], captions: Sequence[str]
) -> list[NDArray[np.uint8]]:
    """Tiles with a line of text below each."""
    found = []
    for tile, text in zip(shown, captions, strict=True):
        height, width = tile.shape[:2]
        picture = Image.new("RGB", (width, height + CAPTION), PAPER)
        picture.paste(Image.fromarray(tile), (0, 0))
        write_line(picture, (2, height + 2), text, width - 2)
        found.append(np.asarray(picture))
    return found
