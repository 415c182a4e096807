"""Reading MATLAB's files, and saying which array is not as it should be."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.official import read_bytes, refuse_page

#: How files of MATLAB 7.3 begin, which are HDF5.
HDF5 = b"MATLAB 7.3"

#: What the reader raises on bytes that are no such file, or are cut off.
BROKEN = (ValueError, TypeError, OSError, EOFError, KeyError, IndexError, struct.error, zlib.error)


def load_mat(path: Path, *, only: Sequence[str] | None = None) -> dict[str, Any]:
    """The variables of a file, structures as dictionaries; see `parse_mat`."""
    return parse_mat(read_bytes(path), str(path), only=only)


def parse_mat(data: bytes, name: str, *, only: Sequence[str] | None = None) -> dict[str, Any]:
    """The variables of a MATLAB file of version 4 to 7, structures as dictionaries.

    Args:
        data: the file's bytes.
        name: the file, for messages.
        only: variables to read; the others are passed over. `None` reads all.

    Raises:
        DataError: it is an HTML page, of version 7.3, no MATLAB file, or cut off.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    refuse_page(data, name)
    if data.startswith(HDF5):
        raise DataError(f"{name}: saved by MATLAB 7.3 (HDF5); save it again with the flag -v7.")
    try:
        found: dict[str, Any] = loadmat(io.BytesIO(data), simplify_cells=True, variable_names=only)
    except (*BROKEN, MatReadError, NotImplementedError) as error:
        raise DataError(f"{name}: not a whole MATLAB file: {error}.") from None
    return found


def numbers(
    arrays: Mapping[str, Any], name: str, shape: tuple[int | None, ...], path: Path
) -> NDArray[np.float64]:
    """A variable as finite numbers of this shape.

    Args:
        arrays: the file's variables.
        name: the variable.
        shape: expected sizes, `None` where any size will do.
        path: the file, for messages.

    Raises:
        DataError: there is no such variable, or it has another type, shape, or a value that is
            not finite.
    """
    wanted = " x ".join("N" if size is None else str(size) for size in shape)
    if name not in arrays:
        have = ", ".join(key for key in arrays if not key.startswith("__")) or "nothing"
        raise DataError(f"{path}: no array '{name}' ({wanted}), there is {have}.")
    value = np.asarray(arrays[name])
    if value.ndim == len(shape) - 1 and shape[0] is None:
        value = value[None]  # the reader drops dimensions of one row
    fits = value.ndim == len(shape) and all(
        size is None or size == got for size, got in zip(shape, value.shape, strict=True)
    )
    if value.dtype.kind not in "fiu" or not fits:
        got = " x ".join(map(str, value.shape)) or "a single value"
        raise DataError(
            f"{path}: array '{name}' is {value.dtype} {got}, expected {wanted} numbers."
        )
    values = value.astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.argmax(~np.isfinite(values).reshape(len(values), -1).all(axis=1)))
        raise DataError(f"{path}: array '{name}', row {row}: a value is not finite.")
    return values
