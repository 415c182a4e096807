"""Predictions made outside: an npz file to arrays in the order and form that metrics read.

Arrays by role `regress` and `test`: `<role>_ids`, `<role>_keypoints` or `<role>_landmarks`,
`<role>_parts` or `<role>_foreground`, `<role>_descriptors`; the file `predictions.npz` of a run has
the same form.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.contract.arrays import Predicted, Samples
from harness.errors import DataError, ShapeError

Arrays = Mapping[str, NDArray[Any]]

#: Fractions beyond these are taken for pixels or another mistake of units.
_LOWEST, _HIGHEST = -1.0, 2.0


#: What NumPy and zipfile raise on bytes that are no npz of plain arrays: cut off, damaged,
#: packed in another way, with a password, or with a header that states more than memory holds.
UNREADABLE = (
    EOFError,
    MemoryError,
    OverflowError,
    RuntimeError,
    SyntaxError,
    TokenError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """All arrays of an npz file.

    Raises:
        DataError: the file is missing, is no npz, or holds Python objects.
    """
    try:
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise DataError(f"{path}: a single array; save named arrays with numpy.savez.")
            with file:
                arrays = {name: file[name] for name in file.files}
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}.") from None
    except UNREADABLE:
        # NumPy's own message would advise to unpickle the file.
        raise DataError(f"{path}: not a readable npz file of plain arrays.") from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):  # NumPy gives other members as bytes
            raise DataError(f"{path}: {name} is no array; save named arrays with numpy.savez.")
    return arrays


def predicted(arrays: Arrays, role: str, truth: Samples, *, parts: int, file: str) -> Predicted:
    """The predictions of one role in the order of the truth.

    Args:
        arrays: of the file.
        role: `regress` or `test`.
        truth: the suite's samples of the role.
        parts: K, the most keypoints or parts that are allowed.
        file: name for messages.

    Raises:
        DataError: ids are missing, unknown or repeated, or values are no fractions.
        ShapeError: an array has the wrong form.
    """
    size = int(truth.images.shape[-1])
    order = aligned(_ids(arrays, f"{role}_ids", file), list(truth.ids), f"{file}: {role}_ids")

    def points(name: str) -> NDArray[np.float32] | None:
        array = arrays.get(f"{role}_{name}")
        if array is None:
            return None
        where = f"{file}: {role}_{name}"
        check_points(array, len(order), where)
        check_fractions(array, where)
        return array[order].astype(np.float32)

    keypoints = points("keypoints")
    if keypoints is not None and keypoints.shape[1] > parts:
        raise ShapeError(
            f"{file}: {role}_keypoints has {keypoints.shape[1]} keypoints an image, but the suite "
            f"asks for at most {parts}."
        )
    return Predicted(
        ids=list(truth.ids),
        keypoints=keypoints,
        part_labels=_labels(arrays, role, order, size=size, parts=parts, file=file),
        landmarks=points("landmarks"),
        descriptors=_descriptors(arrays, role, order, file=file),
    )


def aligned(ours: Sequence[str], theirs: Sequence[str], where: str) -> list[int]:
    """Positions in `ours` of every name of `theirs`.

    Raises:
        DataError: a name is repeated, unknown or missing.
    """
    places = {name: index for index, name in enumerate(ours)}
    if len(places) < len(ours):
        twice = next(name for index, name in enumerate(ours) if places[name] != index)
        raise DataError(f"{where}: {twice!r} stands there twice; predict every image once.")
    unknown = [name for name in ours if name not in set(theirs)] if places else []
    missing = [name for name in theirs if name not in places]
    if unknown:
        raise DataError(
            f"{where}: {len(unknown)} of {len(ours)} are no images of this split, for example "
            f"{unknown[0]!r}; its names look like {theirs[0]!r}."
        )
    if missing:
        raise DataError(
            f"{where}: {len(missing)} of the split's {len(theirs)} images are missing, for "
            f"example {missing[0]!r}; give NaN where nothing was found."
        )
    return [places[name] for name in theirs]


def check_points(array: NDArray[Any], count: int | None, where: str) -> None:
    """Refuse anything but numbers `[N, K, 2]`.

    Raises:
        ShapeError: another form or type.
        DataError: a value is infinite.
    """
    if array.ndim != 3 or array.shape[2] != 2 or not array.shape[1]:
        raise ShapeError(f"{where} has shape {list(array.shape)}, expected [N, K, 2].")
    if count is not None and len(array) != count:
        raise ShapeError(f"{where} has {len(array)} images, but there are {count} ids.")
    if array.dtype.kind not in "fiu":
        raise ShapeError(f"{where} has type {array.dtype}, expected numbers.")
    if np.isinf(array).any():
        raise DataError(f"{where} holds infinite values; write NaN where a point is missing.")


def check_fractions(array: NDArray[Any], where: str) -> None:
    """Refuse coordinates that cannot be fractions of the image.

    Raises:
        DataError: a value lies far outside of [0, 1].
    """
    known = array[np.isfinite(array)]
    if known.size and (known.min() < _LOWEST or known.max() > _HIGHEST):
        raise DataError(
            f"{where} goes from {known.min():g} to {known.max():g}; expected (x, y) as fractions "
            "of width and height, from 0 at the left and top edge to 1."
        )


def ids_of(arrays: Arrays, name: str) -> list[str] | None:
    """Image names as text, or `None` when the file has none."""
    array = arrays.get(name)
    if array is None:
        return None
    as_bytes = array.dtype.kind == "S"
    values = np.char.decode(array, "utf-8", "replace") if as_bytes else array
    return [str(value) for value in values.ravel()]


def _ids(arrays: Arrays, name: str, file: str) -> list[str]:
    found = ids_of(arrays, name)
    if found is None:
        held = ", ".join(sorted(arrays)) or "none"
        raise DataError(f"{file}: the array {name!r} is missing; it holds {held}.")
    return found


def _descriptors(
    arrays: Arrays, role: str, order: Sequence[int], *, file: str
) -> NDArray[np.float32] | None:
    array = arrays.get(f"{role}_descriptors")
    if array is None:
        return None
    where = f"{file}: {role}_descriptors"
    if array.ndim != 2 or len(array) != len(order) or array.dtype.kind not in "fiu":
        raise ShapeError(
            f"{where} has shape {list(array.shape)} and type {array.dtype}, expected numbers "
            f"[N, D] with N = {len(order)}."
        )
    with np.errstate(over="ignore"):
        values = array[list(order)].astype(np.float32)
    if not np.isfinite(values).all():
        raise DataError(f"{where} holds NaN, infinite values, or some beyond float32.")
    return values


def _labels(
    arrays: Arrays, role: str, order: Sequence[int], *, size: int, parts: int, file: str
) -> NDArray[np.uint8] | None:
    """Part labels; a foreground mask alone counts as one part."""
    labels = _masks(arrays, f"{role}_parts", len(order), size=size, file=file)
    foreground = _masks(arrays, f"{role}_foreground", len(order), size=size, file=file)
    if labels is not None:
        lowest, highest = int(labels.min()), int(labels.max())
        if highest > parts or lowest < 0:
            raise DataError(
                f"{file}: {role}_parts goes from {lowest} to {highest}; expected labels "
                f"0 (background) to {parts}."
            )
    if foreground is not None:
        if labels is not None and ((labels > 0) != (foreground > 0)).any():
            raise DataError(f"{file}: {role}_foreground and {role}_parts contradict each other.")
        labels = labels if labels is not None else foreground > 0
    return None if labels is None else labels[list(order)].astype(np.uint8)


def _masks(arrays: Arrays, name: str, count: int, *, size: int, file: str) -> NDArray[Any] | None:
    array = arrays.get(name)
    if array is None:
        return None
    if array.shape != (count, size, size):
        raise ShapeError(
            f"{file}: {name} has shape {list(array.shape)}, expected {[count, size, size]}: one "
            "label a pixel at the suite's image size."
        )
    if array.dtype.kind not in "biu":
        raise ShapeError(f"{file}: {name} has type {array.dtype}, expected whole numbers or bool.")
    return array
