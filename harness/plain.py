"""One metric on predictions and truth from two files, without a suite: for comparing numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from harness.contract.arrays import Evaluation, Predicted, Samples
from harness.contract.specs import MetricSpec
from harness.errors import ConfigError, DataError, ShapeError
from harness.predictions import aligned, check_fractions, check_points, ids_of, read_arrays
from harness.record import Score
from harness.registry import Registry
from harness.scoring import score_evaluation
from harness.suite import MetricUse

Arrays = Mapping[str, NDArray[Any]]
Units = Literal["fractions", "pixels"]

#: The unit of values that do not change when all coordinates are scaled.
SCALE_FREE = "% of inter-ocular distance"

#: The setting, or array of the truth file, that gives width and height in pixels.
IMAGE_SIZE = "image_size"
#: Labels of parts and masks are bytes.
_HIGHEST_LABEL = 255


@dataclass(frozen=True)
class Frame:
    """How coordinates of a file become fractions.

    Pixels are divided by the longer side, so that lengths keep their proportions, and moved so
    that the origin of the regressor, image centre or top-left corner, is where it is in fractions.

    Attributes:
        scale: what coordinates are divided by.
        shift: (x, y), added afterwards.
        side: longer side in pixels; 0 where it is unknown.
        drop: a convention that the file's units cannot tell, left out of `also`.
    """

    scale: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    side: int = 0
    drop: str = ""

    def apply(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Coordinates `[N, K, 2]` as fractions."""
        moved: NDArray[np.float64] = np.asarray(points, np.float64) / self.scale + self.shift
        return moved


def score_files(
    metric: str,
    predictions: Path,
    truth: Path,
    known: Registry,
    *,
    settings: Mapping[str, Any],
    units: Units = "fractions",
    missing: float | None = None,
) -> Score:
    """Score predictions against a truth file.

    Args:
        metric: name of the metric.
        predictions: npz with `test_keypoints` and `regress_keypoints`, or `test_landmarks`;
            `test_parts` or `test_foreground`.
        truth: npz with `test_landmarks`, `regress_landmarks`; `test_parts`, `test_foreground`,
            `test_ignored`; `<role>_visible`; `image_size` in pixels, one number or width, height.
        known: the installed plugins.
        settings: parameters of the metric, and `image_size`.
        units: of all coordinates of both files.
        missing: value that marks a missing coordinate of the truth, besides NaN.

    Raises:
        UserError: files, settings and units do not fit together.
    """
    entry = known.metrics.get(metric)
    ours, theirs = read_arrays(predictions), read_arrays(truth)
    params = {key: value for key, value in settings.items() if key != IMAGE_SIZE}
    size = _image_size(settings.get(IMAGE_SIZE, theirs.get(IMAGE_SIZE)))
    frame = make_frame(units, size, params, entry.spec)
    how = _Reading(frame, missing, (predictions.name, truth.name))
    evaluation = _evaluation(ours, theirs, how)
    if units == "pixels" and not frame.side and _has_gaps(evaluation.test, evaluation.regress):
        raise DataError(
            f"{predictions.name} has missing keypoints (NaN), which count as the image centre: "
            "name the image size with --set image_size=N."
        )
    scores = score_evaluation([MetricUse(name=metric, params=params)], evaluation, known).scores
    also = {name: value for name, value in scores[0].also.items() if name != frame.drop}
    return scores[0].model_copy(update={"also": also})


def make_frame(
    units: Units, size: tuple[int, int] | None, params: Mapping[str, Any], spec: MetricSpec
) -> Frame:
    """How the coordinates of both files become fractions.

    Raises:
        ConfigError: the image size is needed and not known.
    """
    if units == "fractions":
        return Frame(side=max(size) if size else 0)
    corner = params.get("origin") == "corner"
    if size is None:
        scaled = spec.unit != SCALE_FREE
        if scaled or not (corner or params.get("bias") is True):
            hint = "" if scaled else " Only --set origin=corner and --set bias=true do without."
            raise ConfigError(
                f"{spec.name} in pixels needs the image size: --set image_size=N (or [W,H]), or an "
                f"array 'image_size' in the truth file.{hint}"
            )
        return Frame(drop="origin=centre")
    width, height = size
    side = max(width, height)
    if width == height or corner:
        drop = "" if width == height else "origin=centre"
        return Frame(scale=side, side=side, drop=drop)
    shift = (0.5 - width / side / 2, 0.5 - height / side / 2)
    return Frame(scale=side, shift=shift, side=side, drop="origin=corner")


def _image_size(value: Any) -> tuple[int, int] | None:
    """Width and height in pixels from a setting or an array."""
    if value is None:
        return None
    numbers = np.asarray(value).ravel()
    if numbers.dtype.kind not in "iuf" or len(numbers) not in (1, 2) or (numbers < 1).any():
        raise ConfigError(f"image_size={value}: expected a side in pixels, or [width, height].")
    return int(numbers[0]), int(numbers[-1])


@dataclass(frozen=True)
class _Reading:
    """How two files are read: their frame, the mark of missing coordinates, their names."""

    frame: Frame
    missing: float | None
    files: tuple[str, str]

    def points(self, arrays: Arrays, name: str, where: str) -> NDArray[np.float32] | None:
        """Points of a file as fractions; `None` where it has none."""
        if name not in arrays:
            return None
        check_points(arrays[name], None, where)
        values = np.asarray(arrays[name], dtype=np.float64)
        if self.missing is not None and where.startswith(f"{self.files[1]}:"):
            values = np.where(values == self.missing, np.nan, values)
        if self.frame.scale == 1.0 and not self.frame.drop:
            check_fractions(values, where)
        return self.frame.apply(values).astype(np.float32)


def _evaluation(ours: Arrays, theirs: Arrays, how: _Reading) -> Evaluation:
    test, test_truth = _role(ours, theirs, "test", how)
    if not any(name.startswith("regress_") for name in theirs):
        return Evaluation(test=test, test_truth=test_truth)
    regress, regress_truth = _role(ours, theirs, "regress", how)
    return Evaluation(
        test=test, test_truth=test_truth, regress=regress, regress_truth=regress_truth
    )


def _role(ours: Arrays, theirs: Arrays, role: str, how: _Reading) -> tuple[Predicted, Samples]:
    """Predictions and truth of one role, in the order of the truth."""
    mine, real = _of_role(ours, role), _of_role(theirs, role)
    count = _count(real, f"{how.files[1]}: role {role!r}")
    predicted_count = _count(mine, f"{how.files[0]}: role {role!r}")
    order = _order(ours, theirs, role, how.files, count=predicted_count)
    if len(order) != count:
        raise ShapeError(
            f"Role {role!r}: {how.files[0]} has {len(order)} images, {how.files[1]} has {count}."
        )
    names = ids_of(theirs, f"{role}_ids") or [str(index) for index in range(count)]

    def points(name: str) -> NDArray[np.float32] | None:
        found = how.points(mine, name, f"{how.files[0]}: {role}_{name}")
        return None if found is None else found[order]

    kind = "parts" if "parts" in mine else "foreground"
    labels = _labels(mine, kind, f"{how.files[0]}: {role}_{kind}")
    prediction = Predicted(
        ids=names,
        keypoints=points("keypoints"),
        landmarks=points("landmarks"),
        part_labels=None if labels is None else labels[order],
    )
    landmarks = how.points(real, "landmarks", f"{how.files[1]}: {role}_landmarks")
    masks = {
        name: found
        for name in ("parts", "foreground", "ignored")
        if (found := _labels(real, name, f"{how.files[1]}: {role}_{name}")) is not None
    }
    where = f"{how.files[1]}: {role}_visible"
    visible = _visible(real.get("visible"), landmarks, where)
    return prediction, _truth(masks, names, landmarks, visible, how.frame)


def _of_role(arrays: Arrays, role: str) -> dict[str, NDArray[Any]]:
    """The arrays of one role, without the role in their names."""
    start = f"{role}_"
    return {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}


def _labels(arrays: Arrays, name: str, where: str) -> NDArray[np.uint8] | None:
    """Masks or labels `[N, H, W]`; `None` where there are none.

    Raises:
        ShapeError: another form or type.
        DataError: a value is no label.
    """
    array = arrays.get(name)
    if array is None:
        return None
    if array.ndim != 3 or array.dtype.kind not in "biu":
        raise ShapeError(
            f"{where} has shape {list(array.shape)} and type {array.dtype}, expected whole numbers "
            "or bool [N, H, W]."
        )
    if array.size and (int(array.min()) < 0 or int(array.max()) > _HIGHEST_LABEL):
        raise DataError(
            f"{where} goes from {array.min()} to {array.max()}; expected 0 to {_HIGHEST_LABEL}."
        )
    return array.astype(np.uint8)


def _visible(
    array: NDArray[Any] | None, landmarks: NDArray[np.float32] | None, where: str
) -> NDArray[np.bool_] | None:
    """Which landmarks are known, `[N, L]`; `None` without landmarks.

    Raises:
        ShapeError: the array is of another form or type.
    """
    if landmarks is None:
        return None
    known = np.asarray(np.isfinite(landmarks).all(axis=2))
    if array is None:
        return known
    if array.shape != known.shape or array.dtype.kind not in "biuf":
        raise ShapeError(
            f"{where} has shape {list(array.shape)} and type {array.dtype}, expected bool "
            f"{list(known.shape)}."
        )
    both: NDArray[np.bool_] = known & array.astype(bool)
    return both


def _truth(
    masks: Arrays,
    names: list[str],
    landmarks: NDArray[np.float32] | None,
    visible: NDArray[np.bool_] | None,
    frame: Frame,
) -> Samples:
    """The truth of one role; its images are not at hand and stand there without memory."""
    side = next((masks[n].shape[-1] for n in ("parts", "foreground") if n in masks), frame.side)

    def mask(name: str) -> NDArray[np.bool_] | None:
        return masks[name].astype(bool) if name in masks else None

    return Samples(
        ids=names,
        images=np.broadcast_to(np.uint8(0), (len(names), 3, side, side)),
        landmarks=landmarks,
        visible=visible,
        parts=masks.get("parts"),
        foreground=mask("foreground"),
        ignored=mask("ignored"),
    )


def _order(
    ours: Arrays, theirs: Arrays, role: str, files: tuple[str, str], *, count: int
) -> list[int]:
    """Positions of the predictions in the order of the truth; as they stand without names."""
    mine, real = ids_of(ours, f"{role}_ids"), ids_of(theirs, f"{role}_ids")
    if mine is None or real is None:
        return list(range(count))
    return aligned(mine, real, f"{files[0]}: {role}_ids")


def _count(arrays: Arrays, where: str) -> int:
    if not arrays:
        raise DataError(f"{where} has no array; names begin with 'regress_' and 'test_'.")
    single = [name for name, array in arrays.items() if not array.ndim]
    if single:
        raise ShapeError(f"{where}: {single[0]} is a single value, expected one an image.")
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
        raise ShapeError(f"{where}: arrays differ in their number of images: {listed}.")
    return next(iter(counts.values()))


def _has_gaps(*roles: Predicted | None) -> bool:
    arrays = [role.keypoints for role in roles if role is not None]
    arrays += [role.landmarks for role in roles if role is not None]
    return any(array is not None and bool(np.isnan(array).any()) for array in arrays)
