"""Shapes, types and ranges of the samples that a dataset gives."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

from harness.conformance.kit import fail
from harness.contract.arrays import Samples
from harness.contract.dataset import Dataset

#: Numbers of dimensions and kinds of every array of `Samples`, beside the images.
FORMS: dict[str, tuple[int, str]] = {
    "landmarks": (3, "float32"),
    "visible": (2, "bool"),
    "parts": (3, "uint8"),
    "foreground": (3, "bool"),
    "ignored": (3, "bool"),
    "attributes": (2, "float32"),
    "clips": (1, "int64"),
}


def check_arrays(split: str, samples: Samples, size: int) -> None:
    """Fail where images or labels have another shape or type than the contract says."""
    count = len(samples.ids)
    _array(split, "images", samples.images, "uint8", (count, 3, size, size))
    for name, (dimensions, kind) in FORMS.items():
        value = getattr(samples, name)
        if value is None:
            continue
        shape = tuple(np.shape(value))
        if len(shape) == 3 and name != "landmarks":
            shape = (count, size, size)
        if len(shape) != dimensions:
            fail(f"{split!r}: {name} is {list(shape)}.", f"Give {dimensions} dimensions.")
        _array(split, name, value, kind, (count, *shape[1:]))


def check_labels(split: str, samples: Samples, names: Dataset) -> None:
    """Fail where labels are out of their range, or do not belong together."""
    points, visible = samples.landmarks, samples.visible
    if points is not None:
        if points.shape[1:] != (len(names.landmark_names), 2):
            fail(
                f"{split!r}: landmarks are {list(points.shape)} and landmark_names has "
                f"{len(names.landmark_names)}.",
                "Name every landmark; the last dimension is (x, y).",
            )
        if visible is None or visible.shape != points.shape[:2]:
            fail(f"{split!r}: 'visible' does not go with the landmarks.", "Give bool [N, L].")
        if (np.isnan(points).any(axis=-1) & visible).any():
            fail(f"{split!r}: a landmark is NaN and visible.", "A missing landmark is not visible.")
        if np.isinf(points).any() or (np.abs(points[visible]) > 2).any():
            fail(
                f"{split!r}: landmarks reach {float(np.nanmax(np.abs(points))):.4g}.",
                "Give fractions of width and height, not pixels.",
            )
    if samples.parts is not None and samples.parts.max(initial=0) > len(names.part_names):
        fail(
            f"{split!r}: part labels reach {int(samples.parts.max())} and part_names has "
            f"{len(names.part_names)}.",
            "Name every part; 0 is the background.",
        )
    values = samples.attributes
    if values is not None:
        if values.shape[1] != len(names.attribute_names):
            fail(f"{split!r}: {values.shape[1]} attributes.", "Name each in attribute_names.")
        if not (np.isnan(values) | (values == 0) | (values == 1)).all():
            fail(f"{split!r}: attributes hold other numbers.", "Give 0, 1, or NaN for unknown.")
    captions = samples.captions
    if captions is not None and not (
        len(captions) == len(samples.ids) and all(isinstance(text, str) for text in captions)
    ):
        fail(f"{split!r}: captions are no texts, one an image.", "Give a list of texts.")


def different(first: Samples, second: Samples) -> str:
    """The name of the first field in which samples differ; empty where they are equal."""
    for one in fields(Samples):
        left, right = getattr(first, one.name), getattr(second, one.name)
        if (left is None) != (right is None):
            return one.name
        if isinstance(left, np.ndarray):
            if not np.array_equal(left, right, equal_nan=left.dtype.kind == "f"):
                return one.name
        elif left is not None and list(left) != list(right):
            return one.name
    return ""


def _array(split: str, name: str, value: Any, kind: str, shape: tuple[int, ...]) -> None:
    """Fail where a value is no array of this type and shape."""
    if not isinstance(value, np.ndarray):
        fail(f"{split!r}: {name} is {type(value).__name__}.", "Give a NumPy array.")
    if str(value.dtype) != kind or value.shape != shape:
        fail(
            f"{split!r}: {name} is {value.dtype} {list(value.shape)}.",
            f"Give {kind} {list(shape)}.",
        )
