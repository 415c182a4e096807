"""Pixels as PNG and back."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def encoded(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    """`uint8 [3, H, W]`."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture).transpose(2, 0, 1)
