"""The idx format: a big-endian header and bytes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness_datasets.official import read_bytes, refuse_page

#: First two bytes 0, then the type (8: unsigned bytes) and the number of dimensions.
IMAGES = 0x00000803
LABELS = 0x00000801

GZIP = b"\x1f\x8b"


def read_idx(path: Path, magic: int) -> NDArray[np.uint8]:
    """The array of an idx file of unsigned bytes, plain or gzipped.

    Args:
        path: the file.
        magic: the expected first number, `IMAGES` or `LABELS`.

    Raises:
        DataError: the file is an HTML page, begins with another number, is cut off or too long, or
            its compression is broken.
    """
    data = _unpacked(read_bytes(path), path)
    dimensions = magic & 0xFF
    head = 4 * (1 + dimensions)
    if len(data) < head:
        raise DataError(f"{path}: {len(data)} bytes, cut off in the header of {head} bytes.")
    got, *shape = struct.unpack(f">{1 + dimensions}I", data[:head])
    if got != magic:
        raise DataError(
            f"{path}: begins with the magic number 0x{got:08X}, expected 0x{magic:08X} (idx, "
            f"unsigned bytes, {dimensions} dimensions, big-endian)."
        )
    expected = head + math.prod(shape)
    if len(data) != expected:
        sizes = " x ".join(map(str, shape))
        raise DataError(
            f"{path}: the header states {sizes} bytes, so {expected:,} in all, but the file has "
            f"{len(data):,}; get it again."
        )
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


def _unpacked(data: bytes, path: Path) -> bytes:
    if not data.startswith(GZIP):
        return data
    try:
        plain = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: the gzip file is broken or cut off ({error}).") from None
    refuse_page(plain, str(path))
    return plain
