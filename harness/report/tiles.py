"""Test images of a run with what it said about them beside what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from harness.cache import Progress
from harness.contract.arrays import Predicted, Samples
from harness.drawing.manipulation_sheet import tile_side, tiles
from harness.errors import DataError
from harness.figures import draw_keypoints, draw_parts
from harness.finished import FinishedRun
from harness.leaderboard.numbers import decimals, number_text
from harness.predictions import predicted
from harness.record import Score
from harness.recorded import open_recorded
from harness.registry import Registry
from harness.web.pictures import Picture, picture_of_pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Test images that are shown, and how many of the best and of the worst.
SHOWN, ENDS = 12, 8
#: Metrics whose best and worst images are shown.
METRICS = 3
#: Bars of a histogram.
BINS = 24


@dataclass(frozen=True)
class Tile:
    """One test image.

    Attributes:
        name: its id.
        truth: the image with what its dataset says; `None` where nothing is said.
        found: the image with what the run said.
        value: its score as text; empty where none is shown.
    """

    name: str
    truth: Picture | None
    found: Picture
    value: str = ""


@dataclass(frozen=True)
class Extremes:
    """The best and worst images by one metric.

    Attributes:
        metric: its name.
        unit: of the values.
        best: the best one first.
        worst: the worst one first.
        bars: heights of the histogram of all values, the largest is 1.
        low: smallest value as text.
        high: largest value as text.
        mean: where the mean lies, in [0, 1], and its text.
        images: how many have a value.
    """

    metric: str
    unit: str
    best: tuple[Tile, ...]
    worst: tuple[Tile, ...]
    bars: tuple[float, ...]
    low: str
    high: str
    mean: tuple[float, str]
    images: int


@dataclass(frozen=True)
class TestImages:
    """What is shown of the test images.

    Attributes:
        count: how many there are.
        tiles: some of them, evenly spread.
        extremes: the best and worst of them, by metric.
        without_values: why there are no best and worst ones; empty where there are some.
    """

    count: int
    tiles: tuple[Tile, ...]
    extremes: tuple[Extremes, ...]
    without_values: str = ""


def shows_images(run: FinishedRun) -> bool:
    """Whether a run said anything of the places or parts of the test images.

    Raises:
        RecordError: its predictions are missing or were changed.
        DataError: they cannot be read.
    """
    names = ("keypoints", "landmarks", "parts", "foreground")
    arrays = run.predictions()
    return any(f"test_{name}" in arrays for name in names)


def read_test_images(
    run: FinishedRun,
    known: Registry,
    *,
    data: Path | None = None,
    progress: Progress | None = None,
) -> TestImages:
    """Test images of a run that said something of them.

    Args:
        run: a finished run.
        known: the installed plugins.
        data: data root; `None` for the default one.
        progress: told while images are read into the cache.

    Raises:
        UserError: the test images are not on this machine, or are others than those of the record.
        RecordError: files of the run are missing or were changed.
    """
    opened = open_recorded(run.record, known, data=data, only=("test",), progress=progress)
    samples = opened.roles["test"].samples
    file = str(run.folder / "predictions.npz")
    said = predicted(run.predictions(), "test", samples, parts=opened.suite.parts, file=file)
    shown = _Shown(samples, said)
    count = len(samples)
    some = np.unique(np.linspace(0, count - 1, min(SHOWN, count)).round().astype(int))
    found = TestImages(count, tuple(shown.tiles([int(place) for place in some])), ())
    try:
        extremes = _all_extremes(run, shown)
    except DataError as error:
        return TestImages(found.count, found.tiles, (), str(error))
    reason = "" if extremes else "No metric of this run has one value an image."
    return TestImages(found.count, found.tiles, tuple(extremes), reason)


@dataclass(frozen=True)
class _Shown:
    """Test images with what a run said about them, in one order."""

    samples: Samples
    said: Predicted

    def tiles(self, places: Sequence[int], values: Sequence[str] | None = None) -> list[Tile]:
        """The images at some places."""
        texts = values or [""] * len(places)
        plain = tiles(
            np.stack([self.samples.images[place] for place in places]),
            tile_side(self.samples.images.shape[-1]),
        )
        found = []
        for place, image, text in zip(places, plain, texts, strict=True):
            name = self.samples.ids[place]
            true = self._true(image, place)
            found.append(
                Tile(
                    name=name,
                    truth=None if true is None else picture_of_pixels(true, f"{name}, labels"),
                    found=picture_of_pixels(self._found(image, place), f"{name}, predictions"),
                    value=text,
                )
            )
        return found

    def _found(self, image: NDArray[np.uint8], place: int) -> NDArray[np.uint8]:
        if self.said.part_labels is not None:
            image = draw_parts(image, _enlarged(self.said.part_labels[place], image))
        for points in (self.said.landmarks, self.said.keypoints):
            if points is not None:
                image = draw_keypoints(image, points[place])
        return image

    def _true(self, image: NDArray[np.uint8], place: int) -> NDArray[np.uint8] | None:
        """Parts, else the foreground, and visible landmarks as crosses."""
        truth = self.samples
        masks = truth.parts if truth.parts is not None else truth.foreground
        if masks is None and truth.landmarks is None:
            return None
        if masks is not None and self.said.part_labels is not None:
            image = draw_parts(image, _enlarged(np.asarray(masks[place], np.uint8), image))
        if truth.landmarks is not None:
            points = np.array(truth.landmarks[place], dtype=np.float64)
            if truth.visible is not None:
                points[~np.asarray(truth.visible[place], dtype=bool)] = np.nan
            image = draw_keypoints(image, points, crosses=True)
        return image


def _enlarged(labels: NDArray[np.integer], tile: NDArray[np.uint8]) -> NDArray[np.integer]:
    """Labels `[S, S]` by repeated pixels at the size of a tile."""
    factor = tile.shape[0] // labels.shape[0]
    return labels.repeat(factor, axis=0).repeat(factor, axis=1)


def _all_extremes(run: FinishedRun, shown: _Shown) -> list[Extremes]:
    """The first metrics of the record that have values an image.

    Raises:
        DataError: nothing says which image a value belongs to.
    """
    values = run.per_image()
    ids = run.test_ids()
    if ids is None:
        raise DataError("The values an image do not say which images they belong to.")
    places = {name: place for place, name in enumerate(shown.samples.ids)}
    order = [places.get(name) for name in ids]
    found = []
    for score in run.record.scores:
        array = values.get(score.per_image or "")
        if array is None or len(array) != len(order) or score.value is None:
            continue
        known = [
            (float(value), place)
            for value, place in zip(array, order, strict=True)
            if np.isfinite(value) and place is not None
        ]
        if known:
            found.append(_extremes(score, known, shown))
    return found[:METRICS]


def _extremes(score: Score, known: Sequence[tuple[float, int]], shown: _Shown) -> Extremes:
    sign = 1 if score.direction == "higher" else -1
    ordered = sorted(known, key=lambda pair: (-sign * pair[0], pair[1]))
    count = min(ENDS, max(1, len(ordered) // 2))
    values = np.array([value for value, _ in known])
    digits = decimals(score.unit, values)
    low, high = float(values.min()), float(values.max())
    counts, _ = np.histogram(values, bins=BINS, range=(low, high if high > low else low + 1))
    mean = float(values.mean())

    def side(pairs: Sequence[tuple[float, int]]) -> tuple[Tile, ...]:
        texts = [number_text(value, digits) for value, _ in pairs]
        return tuple(shown.tiles([place for _, place in pairs], texts))

    return Extremes(
        metric=score.metric,
        unit=score.unit,
        best=side(ordered[:count]),
        worst=side(ordered[::-1][:count]),
        bars=tuple(float(value) for value in counts / counts.max()),
        low=number_text(low, digits),
        high=number_text(high, digits),
        mean=((mean - low) / (high - low) if high > low else 0.5, number_text(mean, digits)),
        images=len(known),
    )
