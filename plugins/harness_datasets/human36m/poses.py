"""Joints from Human3.6M's CDF files."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import AssetMissing, DataError
from harness_datasets.official import refuse_page

JOINTS = 32
#: The variable that holds the joints.
VARIABLE = "Pose"

#: What the reader raises on bytes that are no such file, or are cut off.
BROKEN = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    MemoryError,
    UnboundLocalError,
    struct.error,
    zlib.error,
)


def read_poses(path: Path) -> NDArray[np.float32]:
    """All poses of a clip, `float32 [F, 32, 2]`, (x, y) in pixels of the video's frame.

    The file holds `Pose` (1 x F x 64), x and y of the joints by turns.

    Raises:
        AssetMissing: cdflib is not installed.
        DataError: the file is a page, no CDF file, cut off, or the array is not as expected.
    """
    try:
        with path.open("rb") as file:
            refuse_page(file.read(512), str(path))
    except OSError as error:
        raise DataError(f"{path}: the file cannot be read: {error}.") from None
    cdflib = _cdflib()
    try:
        file = cdflib.CDF(path)
        names = [*file.cdf_info().zVariables, *file.cdf_info().rVariables]
        values = np.asarray(file.varget(VARIABLE)) if VARIABLE in names else None
    except BROKEN as error:
        raise DataError(f"{path}: not a whole CDF file: {error}.") from None
    if values is None:
        there = ", ".join(names) or "nothing"
        raise DataError(f"{path}: no array '{VARIABLE}' (1 x F x 64), there is {there}.")
    if values.dtype.kind not in "fiu" or values.ndim not in (2, 3) or values.shape[-1] != 64:
        got = " x ".join(map(str, values.shape))
        raise DataError(
            f"{path}: array '{VARIABLE}' is {values.dtype} {got}, expected 1 x F x 64 numbers."
        )
    return values.reshape(-1, JOINTS, 2).astype(np.float32)


def _cdflib() -> Any:
    try:
        import cdflib
    except ImportError:
        raise AssetMissing(
            "human36m needs cdflib to read the joints, which is not installed: "
            "pip install 'harness[human36m]'."
        ) from None
    return cdflib
