"""PASCAL 3D+ annotations of cars: which objects are profile views, and their six landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.matlab import parse_mat

#: Landmarks of one side of a car, the two wheels first; each has the side's name in it.
ANCHORS = (
    "{}_front_wheel",
    "{}_back_wheel",
    "upper_{}_windshield",
    "upper_{}_rearwindow",
    "{}_front_light",
    "{}_back_trunk",
)

#: Status of an anchor that is seen; the others are hidden, cut off or unknown.
VISIBLE = 1

#: Azimuths of the two profile views, in degrees.
PROFILES = (90.0, 270.0)


@dataclass(frozen=True)
class Profile:
    """A car seen from the side.

    Attributes:
        photo: the photo's file name.
        points: `float64 [6, 2]`, (x, y) in continuous pixels, the first pixel's centre at 0.5.
        area: of the annotated box, in square pixels.
    """

    photo: str
    points: NDArray[np.float64]
    area: float

    @property
    def faces_left(self) -> bool:
        """Whether the front wheel is left of the back wheel in the photo."""
        return bool(self.points[0, 0] < self.points[1, 0])


def profile_of(data: bytes, name: str, tolerance: float) -> Profile | None:
    """The largest profile view of a car in an annotation file, `None` without one.

    An object counts when it is a car, its azimuth is within the tolerance of 90 or 270 degrees (the
    coarse one where no fine one was made), and all six landmarks of one side are visible. MATLAB
    counts pixels from 1: half a pixel is subtracted.

    Args:
        data: the bytes of the `.mat` file.
        name: the file, for messages.
        tolerance: in degrees.

    Raises:
        DataError: the file is broken or has no record with objects.
    """
    record = parse_mat(data, name).get("record")
    if not isinstance(record, Mapping) or not {"filename", "objects"} <= record.keys():
        raise DataError(f"{name}: no structure 'record' with the fields filename and objects.")
    found = []
    for item in _objects(record["objects"], name):
        points = _points(item)
        if points is not None and _is_profile(item, tolerance):
            found.append(Profile(str(record["filename"]), points, _area(item, name)))
    return max(found, key=lambda profile: profile.area, default=None)


def _objects(objects: object, name: str) -> list[Mapping[str, Any]]:
    items = [objects] if isinstance(objects, Mapping) else list(np.atleast_1d(np.asarray(objects)))
    if not all(isinstance(item, Mapping) for item in items):
        raise DataError(f"{name}: record.objects holds no structures.")
    return [item for item in items if item.get("class") == "car"]


def _is_profile(item: Mapping[str, Any], tolerance: float) -> bool:
    view = item.get("viewpoint")
    if not isinstance(view, Mapping):
        return False
    # Distance 0 marks an object whose pose was not fitted: only the coarse angle means something.
    fine = _number(view.get("azimuth")) if _number(view.get("distance")) else None
    azimuth = _number(view.get("azimuth_coarse")) if fine is None else fine
    if azimuth is None:
        return False
    apart = min(abs((azimuth - centre + 180) % 360 - 180) for centre in PROFILES)
    return apart <= tolerance


def _points(item: Mapping[str, Any]) -> NDArray[np.float64] | None:
    anchors = item.get("anchors")
    if not isinstance(anchors, Mapping):
        return None
    for side in ("left", "right"):
        locations = [_location(anchors.get(name.format(side))) for name in ANCHORS]
        if all(location is not None for location in locations):
            return np.array(locations, np.float64) - 0.5
    return None


def _location(anchor: object) -> NDArray[np.float64] | None:
    if not isinstance(anchor, Mapping) or _number(anchor.get("status")) != VISIBLE:
        return None
    location = np.asarray(anchor.get("location"))
    usable = location.shape == (2,) and location.dtype.kind in "fiu" and np.isfinite(location).all()
    return location.astype(np.float64) if usable else None


def _area(item: Mapping[str, Any], name: str) -> float:
    box = np.asarray(item.get("bbox"))
    if box.shape != (4,) or box.dtype.kind not in "fiu":
        raise DataError(f"{name}: bbox of a car is not four numbers (left, top, right, bottom).")
    left, top, right, bottom = box.astype(np.float64)
    return float((right - left) * (bottom - top))


def _number(value: object) -> float | None:
    """A single number, `None` for an empty field."""
    array = np.asarray(value)
    return float(array) if array.shape == () and array.dtype.kind in "fiu" else None
