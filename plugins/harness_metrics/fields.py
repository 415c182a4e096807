"""Checked access to what a metric reads: one clear sentence for every array that does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import Predicted, Samples
from harness.errors import DataError, ShapeError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Landmarks:
    """True landmarks of one split.

    Attributes:
        points: `float64 [N, L, 2]`, (x, y) fractions, NaN where missing.
        visible: `bool [N, L]`, false where a landmark is missing or not to be counted.
    """

    points: Floats
    visible: Bools


def check_ids(predicted: Predicted, truth: Samples, role: str) -> None:
    """Predictions and truth must name the same images in the same order.

    Raises:
        DataError: they do not, with the first difference.
    """
    if len(predicted.ids) != len(truth.ids):
        raise DataError(
            f"Role '{role}' has predictions of {len(predicted.ids)} images, but the truth of "
            f"{len(truth.ids)}; predict every image of the split once."
        )
    for place, (ours, theirs) in enumerate(zip(predicted.ids, truth.ids, strict=True)):
        if ours != theirs:
            raise DataError(
                f"Role '{role}': prediction {place} is of image '{ours}', but the truth there is "
                f"of '{theirs}'; bring both into one order."
            )


def landmarks_of(truth: Samples, role: str) -> Landmarks:
    """True landmarks in float64; NaN coordinates are never visible.

    Raises:
        DataError: the split has no landmarks.
        ShapeError: landmarks are not `[N, L, 2]`, or visibility is not `[N, L]`.
    """
    if truth.landmarks is None:
        raise DataError(f"The split of role '{role}' has no landmarks, which this metric needs.")
    points = _points(truth.landmarks, len(truth), f"true landmarks of role '{role}'", "L")
    visible = np.asarray(np.isfinite(points).all(axis=2))
    if truth.visible is not None:
        declared = np.asarray(truth.visible, dtype=bool)
        if declared.shape != visible.shape:
            raise ShapeError(
                f"visible of role '{role}' has shape {list(declared.shape)}, "
                f"expected [N, L] = {list(visible.shape)}."
            )
        visible &= declared
    return Landmarks(points=points, visible=visible)


def keypoints_of(predicted: Predicted, role: str) -> Floats:
    """Predicted keypoints `float64 [N, K, 2]`; a point with a non-finite coordinate is all NaN.

    Raises:
        DataError: there are none.
        ShapeError: they are not `[N, K, 2]`.
    """
    if predicted.keypoints is None:
        raise DataError(f"The predictions of role '{role}' hold no keypoints.")
    count = len(predicted.ids)
    return nan_points(_points(predicted.keypoints, count, f"keypoints of role '{role}'", "K"))


def located_landmarks(predicted: Predicted, truth: Landmarks) -> Floats | None:
    """Landmarks that a method names itself, `float64 [N, L, 2]`, missing ones NaN in both.

    Returns:
        The landmarks, or `None` from methods that name none.

    Raises:
        ShapeError: they have another shape than the true ones.
    """
    if predicted.landmarks is None:
        return None
    points = np.asarray(predicted.landmarks, dtype=np.float64)
    if points.shape != truth.points.shape:
        raise ShapeError(
            f"Predicted landmarks have shape {list(points.shape)}, the true ones "
            f"{list(truth.points.shape)}."
        )
    return nan_points(points)


def nan_points(points: Floats) -> Floats:
    """Points `[N, K, 2]` in which every point with a non-finite coordinate is NaN in both."""
    return np.where(np.isfinite(points).all(axis=2, keepdims=True), points, np.nan)


def predicted_parts(predicted: Predicted, role: str) -> NDArray[np.integer]:
    """Predicted part labels `[N, H, W]`, 0 = background.

    Raises:
        DataError: there are none.
        ShapeError: they are no integers of shape `[N, H, W]`.
    """
    if predicted.part_labels is None:
        raise DataError(f"The predictions of role '{role}' hold no part labels.")
    return _labels(predicted.part_labels, len(predicted.ids), f"part_labels of role '{role}'")


def true_parts(truth: Samples, like: NDArray[np.integer], role: str) -> NDArray[np.integer]:
    """True part labels `[N, H, W]` of the same shape as the predicted ones `like`.

    Raises:
        DataError: the split has none.
        ShapeError: the shape differs or the labels are no integers.
    """
    if truth.parts is None:
        raise DataError(f"The split of role '{role}' has no part labels, which this metric needs.")
    parts = _labels(truth.parts, len(truth), f"true parts of role '{role}'")
    _same_shape(parts.shape, like.shape, f"true parts of role '{role}'")
    return parts


def true_foreground(truth: Samples, like: NDArray[np.integer], role: str) -> Bools:
    """True foreground `bool [N, H, W]` of the same shape as the predicted labels `like`.

    Raises:
        DataError: the split has none, or the mask is not binary.
        ShapeError: the shape differs.
    """
    if truth.foreground is None:
        raise DataError(f"The split of role '{role}' has no foreground, which this metric needs.")
    _same_shape(truth.foreground.shape, like.shape, f"foreground of role '{role}'")
    if truth.foreground.dtype != np.bool_:
        raise DataError(
            f"foreground of role '{role}' has type {truth.foreground.dtype}, expected bool: "
            "threshold the mask in the dataset."
        )
    return truth.foreground


def counted_pixels(truth: Samples, like: NDArray[np.integer], role: str) -> Bools | None:
    """Pixels that count, `bool [N, H, W]`; `None` when the truth ignores none.

    Raises:
        ShapeError: `ignored` has another shape than the predicted labels `like`.
    """
    if truth.ignored is None:
        return None
    _same_shape(truth.ignored.shape, like.shape, f"ignored of role '{role}'")
    return ~np.asarray(truth.ignored, dtype=bool)


def mean_over_images(values: Floats) -> float:
    """Mean of per-image values without those left out (NaN); NaN when none remains."""
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def nonzero(counts: Mapping[str, int]) -> dict[str, int]:
    """Only the reasons that occurred, as plain integers for the record."""
    return {reason: int(count) for reason, count in counts.items() if count}


def _points(array: NDArray[np.floating], count: int, name: str, symbol: str) -> Floats:
    if array.ndim != 3 or array.shape[0] != count or array.shape[2] != 2 or not array.shape[1]:
        raise ShapeError(
            f"{name} have shape {list(array.shape)}, expected [N, {symbol}, 2] with N = {count}."
        )
    return np.asarray(array, dtype=np.float64)


def _labels(array: NDArray[np.integer], count: int, name: str) -> NDArray[np.integer]:
    if array.ndim != 3 or array.shape[0] != count:
        raise ShapeError(
            f"{name} have shape {list(array.shape)}, expected [N, H, W] with N = {count}."
        )
    if not np.issubdtype(array.dtype, np.integer):
        raise ShapeError(f"{name} have type {array.dtype}, expected uint8 labels, 0 = background.")
    return array


def _same_shape(got: tuple[int, ...], expected: tuple[int, ...], name: str) -> None:
    if got != expected:
        raise ShapeError(
            f"{name} have shape {list(got)}, but the predicted part labels {list(expected)}; "
            "both belong to the suite's image size."
        )
