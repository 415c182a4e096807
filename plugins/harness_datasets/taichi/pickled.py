"""The joints of Taichi-HD, out of a pickle that may name no class but the few it is made of.

A pickle runs what it names. The official file is a pandas table and names pandas, NumPy and `slice`
classes; here NumPy's are what they are, pandas' are stand-ins that only keep what they are given,
and any other name is refused before anything of it is imported.
"""

from __future__ import annotations

import io
import pickle  # noqa: TID251 - read by `_Reader` alone, which admits no name that could do harm
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.official import read_bytes

#: Joints of every image.
JOINTS = 18

#: Both coordinates of a joint that was not found.
MISSING = -1

#: What a pickle that is cut off or made of other things raises.
BROKEN = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    struct.error,
)

COLUMNS = ("file_name", "value")


@dataclass(frozen=True)
class Joints:
    """A file's rows.

    Attributes:
        names: file names of the images.
        pixels: `float64 [N, 18, 2]`, (x, y) in whole pixels of 256 x 256, NaN where missing.
    """

    names: list[str]
    pixels: NDArray[np.float64]


def read_joints(path: Path) -> Joints:
    """The rows of `taichi_train_gt.pkl` or `taichi_test_gt.pkl`.

    Raises:
        DataError: the file is an HTML page, names a class that does not belong there, is cut off,
            or holds something else than names with 18 points each.
    """
    try:
        table = _Reader(io.BytesIO(read_bytes(path)), str(path)).load()
        columns = _columns(table)
        names, values = (list(columns[name]) for name in COLUMNS)
    except BROKEN as error:
        reason = f"{type(error).__name__}: {error}"
        raise DataError(
            f"{path}: not a whole pickle of a table with the columns {' and '.join(COLUMNS)} "
            f"({reason})."
        ) from None
    return Joints(_names(names, path), _pixels(values, path))


class _Kept:
    """Stands for a pandas object: it keeps what the pickle puts into it."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Frame(_Kept):
    """Stands for `DataFrame`."""


class _Blocks(_Kept):
    """Stands for `BlockManager`."""


class _Index(_Kept):
    """Stands for `Index`."""


class _RangeIndex(_Kept):
    """Stands for `RangeIndex`."""


def _new_index(kind: type[_Kept], data: dict[str, Any]) -> _Kept:
    made = kind()
    made.state = data
    return made


#: NumPy's own function that makes an empty array; its module has another name today.
_RECONSTRUCT = np.empty(0).__reduce__()[0]

#: All that a file may name.
ADMITTED: dict[tuple[str, str], Any] = {
    ("builtins", "slice"): slice,
    ("numpy", "dtype"): np.dtype,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("pandas.core.frame", "DataFrame"): _Frame,
    ("pandas.core.internals", "BlockManager"): _Blocks,
    ("pandas.core.indexes.base", "_new_Index"): _new_index,
    ("pandas.core.indexes.base", "Index"): _Index,
    ("pandas.core.indexes.range", "RangeIndex"): _RangeIndex,
}


class _Reader(pickle.Unpickler):
    """Reads a pickle that names nothing but `ADMITTED`."""

    def __init__(self, file: io.BytesIO, name: str) -> None:
        super().__init__(file)
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        """The stand-in of a class, or the class itself.

        Raises:
            DataError: the class does not belong into the file.
        """
        if (module, name) not in ADMITTED:
            raise DataError(
                f"{self._name}: the pickle names {module}.{name}, which a table of joints has no "
                "use for; it was not loaded. Get the file again from its home."
            )
        return ADMITTED[module, name]


def _columns(table: Any) -> dict[str, Any]:
    """The table's columns by name, from the blocks of columns of one type that pandas keeps."""
    if not isinstance(table, _Frame):
        raise TypeError(f"it holds a {type(table).__name__}")
    content = next(iter(table.state["_data"].state[3].values()))
    labels = list(content["axes"][0].state["data"])
    columns = {}
    for block in content["blocks"]:
        places = np.arange(len(labels))[block["mgr_locs"]]
        for place, values in zip(places, block["values"], strict=True):
            columns[labels[place]] = values
    return columns


def _names(names: list[Any], path: Path) -> list[str]:
    seen: set[str] = set()
    for row, name in enumerate(names):
        if not isinstance(name, str) or not name or "/" in name or "\\" in name:
            raise DataError(f"{path}: row {row}: {name!r} is no file name.")
        if name in seen:
            raise DataError(f"{path}: row {row}: '{name}' is there twice.")
        seen.add(name)
    return names


def _pixels(values: list[Any], path: Path) -> NDArray[np.float64]:
    pixels = np.empty((len(values), JOINTS, 2))
    for row, value in enumerate(values):
        points = np.asarray(value)
        if points.shape != (JOINTS, 2) or points.dtype.kind not in "iuf":
            got = " x ".join(map(str, points.shape)) or "one value"
            raise DataError(
                f"{path}: row {row}: {points.dtype} {got}, expected {JOINTS} x 2 numbers."
            )
        pixels[row] = points
    missing = (pixels == MISSING).all(axis=2)
    wrong = ~missing & ~(np.isfinite(pixels) & (pixels >= 0)).all(axis=2)
    if wrong.any():
        row, joint = np.argwhere(wrong)[0]
        raise DataError(
            f"{path}: row {row}, joint {joint}: {pixels[row, joint].tolist()} is neither a place "
            f"nor {MISSING}, {MISSING}."
        )
    pixels[missing] = np.nan
    return pixels
