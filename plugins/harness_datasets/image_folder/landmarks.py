"""Landmarks in pixels from a CSV or a COCO-keypoints file."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.image_folder.tables import Row, Table

#: Characters of a reason that a message shows.
_SHOWN = 200
#: What reading a file raises that is no COCO file: other types, missing keys, endless nesting.
NO_COCO = (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError)


@dataclass(frozen=True)
class Mark:
    """The landmarks of one photo.

    Attributes:
        place: file and line, for messages.
        pixels: `float64 [L, 2]`, (x, y) in pixels, NaN where missing.
        size: (width, height) the file states for the photo, or `None`.
    """

    place: str
    pixels: NDArray[np.float64]
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Landmarks:
    """The landmarks of a set, by photo; L is the same for all."""

    name: str
    names: tuple[str, ...]
    marks: dict[str, Mark]

    @property
    def places(self) -> dict[str, str]:
        """Where every photo's landmarks stand."""
        return {photo: mark.place for photo, mark in self.marks.items()}

    def refuse_fractions(self) -> None:
        """Coordinates must be pixels.

        Raises:
            DataError: every coordinate of the file lies in [0, 1].
        """
        known = [mark.pixels[np.isfinite(mark.pixels)] for mark in self.marks.values()]
        values = np.concatenate([np.empty(0), *known])
        if len(values) and values.min() >= 0 and values.max() <= 1:
            raise DataError(
                f"{self.name}: every coordinate lies in [0, 1], expected pixels; set the option "
                "pixel_size = [1, 1] if they are fractions."
            )

    def labelled(self, photo: str) -> bool:
        """True where at least one landmark of the photo is known."""
        mark = self.marks.get(photo)
        return mark is not None and bool(np.isfinite(mark.pixels).all(axis=1).any())

    def fractions(
        self,
        photo: str,
        size: tuple[int, int],
        *,
        pixel_size: tuple[int, int] | None,
        tolerance: float,
    ) -> NDArray[np.float64]:
        """Landmarks of a photo as fractions of its width and height, `[L, 2]`, NaN where missing.

        Args:
            photo: the photo's path.
            size: its (width, height), upright.
            pixel_size: the (width, height) that the pixels refer to; `None` means `size`.
            tolerance: how far a landmark may lie outside, in fractions.

        Raises:
            DataError: a landmark lies outside the photo, or the file states another size.
        """
        mark = self.marks.get(photo)
        if mark is None:
            return np.full((len(self.names), 2), np.nan)
        if mark.size is not None and mark.size != size and pixel_size is None:
            raise DataError(
                f"{mark.place}: states {mark.size[0]} x {mark.size[1]} px for '{photo}', which has "
                f"{size[0]} x {size[1]} px; set the option pixel_size if the file is right."
            )
        width, height = pixel_size or size
        points = mark.pixels / (width, height)
        outside = (points < -tolerance) | (points > 1 + tolerance)
        if outside.any():
            index = int(np.flatnonzero(outside.any(axis=1))[0])
            x, y = mark.pixels[index]
            raise DataError(
                f"{mark.place}: landmark {index} of '{photo}' is at ({x:g}, {y:g}), outside the "
                f"image of {width} x {height} px; set the option pixel_size if the pixels refer to "
                "another size."
            )
        return points


def landmarks_from_table(table: Table) -> Landmarks:
    """Landmarks from columns x0, y0, x1, y1, … and optional v0, v1, …; others are ignored.

    An empty cell or `nan`, and a point with v = 0, is missing.

    Raises:
        DataError: there is no x0, an x lacks its y, or a cell is no number.
    """
    count = len([name for name in table.columns if re.fullmatch(r"x\d+", name)])
    wanted = {f"{axis}{index}" for axis in "xy" for index in range(count)}
    missing = sorted(wanted - set(table.columns))
    if not count or missing:
        column = missing[0] if missing else "x0"
        raise DataError(f"{table.name} line 1: no column '{column}', expected x0,y0,x1,y1,….")
    marks = {photo: Mark(row.place, _points(row, count)) for photo, row in table.rows.items()}
    return Landmarks(table.name, tuple(str(index) for index in range(count)), marks)


def _points(row: Row, count: int) -> NDArray[np.float64]:
    columns = [f"{axis}{index}" for index in range(count) for axis in "xy"]
    try:
        points = np.array([row.cells[column] or "nan" for column in columns], np.float64)
    except ValueError:
        raise _not_a_number(row, columns) from None
    if np.isinf(points).any():
        raise DataError(f"{row.place}: an infinite coordinate; leave the cell empty if missing.")
    points = points.reshape(count, 2)
    shown = [row.cells.get(f"v{index}", "1") not in ("0", "0.0") for index in range(count)]
    known = np.array(shown) & ~np.isnan(points.sum(axis=1))
    return np.where(known[:, None], points, np.nan)


def _not_a_number(row: Row, columns: list[str]) -> DataError:
    for column in columns:
        try:
            float(row.cells[column] or "nan")
        except ValueError:
            break
    return DataError(f"{row.place}: '{row.cells[column]}' in column '{column}' is not a number.")


def is_coco(data: bytes) -> bool:
    """True for a JSON object with the lists `images` and `annotations`."""
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and {"images", "annotations"} <= set(content)


def landmarks_from_coco(data: bytes, name: str) -> Landmarks:
    """Landmarks from a COCO-keypoints file with one annotation a photo.

    A keypoint with v = 0 is missing; v = 1 (hidden, but marked) counts as known. Coordinates are
    taken as they stand: 0 is the photo's left or upper edge.

    Raises:
        DataError: the file is no such JSON, an annotation belongs to no image, a photo has two, or
            the number of keypoints differs.
    """
    try:
        content = json.loads(data)
        images = {image["id"]: image for image in content["images"]}
        found = [a for a in content["annotations"] if a.get("keypoints")]
        marks: dict[str, Mark] = {}
        for entry in found:
            place = f"{name} annotation {entry.get('id')}"
            if entry["image_id"] not in images:
                raise DataError(f"{place}: there is no image with id {entry['image_id']!r}.")
            image = images[entry["image_id"]]
            photo = image["file_name"]
            if photo in marks:
                raise DataError(f"{place}: '{photo}' has two annotations, expected one a photo.")
            marks[photo] = Mark(place, _triples(entry["keypoints"], place), _size_of(image))
        names = _coco_names(content, marks, name)
    except NO_COCO as error:
        detail = f"{type(error).__name__} {error}"[:_SHOWN]
        raise DataError(f"{name}: not a COCO-keypoints file ({detail}).") from None
    return Landmarks(name, names, marks)


def _triples(values: list[float], place: str) -> NDArray[np.float64]:
    numbers = np.array(values, np.float64)
    if numbers.ndim != 1 or len(numbers) % 3:
        raise DataError(f"{place}: {len(numbers)} keypoint numbers, expected x, y, v for each.")
    triples = numbers.reshape(-1, 3)
    return np.where(triples[:, 2:] == 0, np.nan, triples[:, :2])


def _size_of(image: dict[str, Any]) -> tuple[int, int] | None:
    if "width" in image and "height" in image:
        return int(image["width"]), int(image["height"])
    return None


def _coco_names(content: dict[str, Any], marks: dict[str, Mark], name: str) -> tuple[str, ...]:
    if not marks:
        raise DataError(f"{name}: no annotation has keypoints.")
    lists = [category.get("keypoints", []) for category in content.get("categories", [])]
    names = next((tuple(entries) for entries in lists if entries), ())
    count = len(names) or len(next(iter(marks.values())).pixels)
    for mark in marks.values():
        if len(mark.pixels) != count:
            raise DataError(f"{mark.place}: {len(mark.pixels)} keypoints, expected {count}.")
    return names or tuple(str(index) for index in range(count))
