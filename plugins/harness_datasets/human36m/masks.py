"""Masks of people from Human3.6M's background subtraction."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import AssetMissing, DataError
from harness_datasets.matlab import HDF5, load_mat
from harness_datasets.official import refuse_page

#: The variable that holds the masks where a file has several.
VARIABLE = "Masks"

#: What the reader raises on bytes that are no such file, or are cut off.
BROKEN = (OSError, RuntimeError, ValueError, KeyError, TypeError)


def read_mask(path: Path, frame: int) -> NDArray[np.bool_]:
    """The person in one frame, `bool [H, W]`.

    The file holds one mask a frame, in a cell array or as pages of an H x W x F array, in the
    variable `Masks` or in its only one; MATLAB 7.3's files are read frame by frame, older ones as
    a whole.

    Args:
        path: the file.
        frame: number of the frame from 1.

    Raises:
        AssetMissing: h5py is not installed.
        DataError: the file is a page, no MATLAB file, cut off, or has no mask of the frame.
    """
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read: {error}.") from None
    refuse_page(head, str(path))
    mask = _paged(path, frame) if head.startswith(HDF5) else _whole(path, frame)
    if mask.ndim != 2 or mask.dtype.kind not in "buif":
        got = " x ".join(map(str, mask.shape))
        raise DataError(f"{path}: the mask of frame {frame} is {mask.dtype} {got}, expected H x W.")
    return np.asarray(mask != 0)


def _paged(path: Path, frame: int) -> NDArray[Any]:
    """A mask out of an HDF5 file, which holds MATLAB's arrays with their dimensions reversed."""
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            stack = file[_variable([name for name in file if not name.startswith("#")], path)]
            if stack.dtype == h5py.ref_dtype:
                cells = stack[()].ravel()
                _check_frame(frame, len(cells), path)
                return np.asarray(file[cells[frame - 1]]).T
            _check_frame(frame, stack.shape[0] if stack.ndim == 3 else 1, path)
            return np.asarray(stack[frame - 1] if stack.ndim == 3 else stack).T
    except BROKEN as error:
        raise DataError(f"{path}: not a whole MATLAB file: {error}.") from None


def _whole(path: Path, frame: int) -> NDArray[Any]:
    arrays = _loaded(path, path.stat().st_mtime_ns)
    stack = arrays[_variable([name for name in arrays if not name.startswith("__")], path)]
    if isinstance(stack, list) or (isinstance(stack, np.ndarray) and stack.dtype == object):
        _check_frame(frame, len(stack), path)
        return np.asarray(stack[frame - 1])
    stack = np.asarray(stack)
    _check_frame(frame, stack.shape[2] if stack.ndim == 3 else 1, path)
    return stack[..., frame - 1] if stack.ndim == 3 else stack


@lru_cache(maxsize=2)
def _loaded(path: Path, modified: int) -> dict[str, Any]:
    """A whole file, kept while its frames are read one after the other."""
    return load_mat(path)


def _variable(names: list[str], path: Path) -> str:
    if VARIABLE in names:
        return VARIABLE
    if len(names) == 1:
        return names[0]
    there = ", ".join(names) or "nothing"
    raise DataError(f"{path}: no array '{VARIABLE}' with one mask a frame, there is {there}.")


def _check_frame(frame: int, count: int, path: Path) -> None:
    if frame > count:
        raise DataError(f"{path}: no mask of frame {frame}, there are {count:,}.")


def _h5py() -> Any:
    try:
        import h5py
    except ImportError:
        raise AssetMissing(
            "human36m needs h5py to read the masks, which is not installed: "
            "pip install 'harness[human36m]'; or set the option background to 'kept'."
        ) from None
    return h5py
