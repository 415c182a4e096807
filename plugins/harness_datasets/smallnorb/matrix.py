"""The binary matrices of NORB: a little-endian header and the numbers, plain or gzipped."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.official import refuse_page

#: Element types by the first number of a file.
TYPES: dict[int, np.dtype[Any]] = {
    0x1E3D4C55: np.dtype("u1"),
    0x1E3D4C54: np.dtype("<i4"),
    0x1E3D4C51: np.dtype("<f4"),
}

#: Sizes that a header has at least, whatever the number of dimensions.
LEAST_SIZES = 3
#: More dimensions than this are no NORB file.
MOST_DIMENSIONS = 8

#: What reading a gzipped file raises when it is broken.
BROKEN = (OSError, EOFError, zlib.error)


@dataclass(frozen=True)
class Header:
    """What a file's header says.

    Attributes:
        dtype: type of the numbers.
        shape: sizes.
        start: bytes of the header.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int


def read_header(path: Path) -> Header:
    """The header of a matrix.

    Raises:
        DataError: the file is an HTML page, begins with another number, or is cut off.
    """
    least = 4 * (2 + MOST_DIMENSIONS)
    try:
        with _opened(path) as file:
            head = file.read(max(least, 512))
    except BROKEN as error:
        raise _broken(path, error) from None
    refuse_page(head, str(path))
    if len(head) < 4 * (2 + LEAST_SIZES):
        raise DataError(f"{path}: {len(head)} bytes, cut off in the header.")
    magic, dimensions = struct.unpack("<II", head[:8])
    if magic not in TYPES:
        known = ", ".join(f"0x{number:08X}" for number in TYPES)
        raise DataError(
            f"{path}: begins with the magic number 0x{magic:08X}, expected one of {known} "
            "(little-endian)."
        )
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise DataError(f"{path}: the header states {dimensions} dimensions.")
    count = max(LEAST_SIZES, dimensions)
    sizes = struct.unpack(f"<{count}I", head[8 : 8 + 4 * count])
    return Header(TYPES[magic], tuple(sizes[:dimensions]), 8 + 4 * count)


def read_matrix(path: Path, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
    """A matrix, or some of its rows; a plain file is mapped, a gzipped one read row by row.

    Args:
        path: the file.
        rows: which entries of the first dimension, increasing; `None` for all.

    Raises:
        DataError: the header is wrong, or the file is cut off or too long.
    """
    header = read_header(path)
    if _gzipped(path):
        return _streamed(path, header, rows)
    expected = header.start + math.prod(header.shape) * header.dtype.itemsize
    size = path.stat().st_size
    if size != expected:
        raise DataError(
            f"{path}: {_sizes(header)} numbers need {expected:,} bytes, the file has {size:,}; get "
            "it again."
        )
    array = np.memmap(path, header.dtype, "r", header.start, header.shape)
    return np.array(array if rows is None else array[rows])


def _streamed(path: Path, header: Header, rows: NDArray[np.int64] | None) -> NDArray[Any]:
    chosen = np.arange(header.shape[0]) if rows is None else rows
    found = np.empty((len(chosen), *header.shape[1:]), header.dtype)
    places = {int(row): place for place, row in enumerate(chosen)}
    length = math.prod(header.shape[1:]) * header.dtype.itemsize
    try:
        with _opened(path) as file:
            file.read(header.start)
            for row in range(header.shape[0]):
                data = file.read(length)
                if len(data) < length:
                    raise EOFError(f"row {row} of {header.shape[0]:,} is not whole")
                if row in places:
                    one = np.frombuffer(data, header.dtype)
                    found[places[row]] = one.reshape(header.shape[1:])
            if file.read(1):
                raise EOFError(f"there is more than {_sizes(header)} numbers")
    except BROKEN as error:
        raise _broken(path, error) from None
    return found


def _sizes(header: Header) -> str:
    return " x ".join(map(str, header.shape))


def _gzipped(path: Path) -> bool:
    return path.suffix == ".gz"


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path) if _gzipped(path) else path.open("rb")  # type: ignore[return-value]


def _broken(path: Path, error: Exception) -> DataError:
    with path.open("rb") as file:
        refuse_page(file.read(512), str(path))
    return DataError(f"{path}: broken or cut off ({error}); get it again.")
