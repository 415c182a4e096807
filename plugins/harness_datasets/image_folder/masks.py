"""Foreground masks: finding a photo's mask, checking it, and bringing it to the square."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.errors import DataError
from harness.vision.letterbox import Box
from harness.vision.photo import decode_photo

FOREGROUND, BACKGROUND, IGNORED = 255, 0, 128


def mask_name(folder: str, photo: str) -> str:
    """Where a photo's mask lies: `masks/a/b.png` for `a/b.jpg` and for `images/a/b.jpg`."""
    path = PurePosixPath(photo).with_suffix(".png")
    inner = path.relative_to("images") if path.parts[0] == "images" else path
    return (PurePosixPath(folder) / inner).as_posix()


def decode_mask(data: bytes, name: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A mask `uint8 [height, width]` with the values 0, 128 and 255.

    Args:
        data: the PNG's bytes.
        name: the file, for messages.
        size: (width, height) of its photo.

    Raises:
        DataError: the mask has another size than its photo, or other values.
    """
    image = decode_photo(data, name).convert("L")
    if image.size != size:
        raise DataError(
            f"{name}: the mask has {image.size[0]} x {image.size[1]} px, its photo "
            f"{size[0]} x {size[1]} px."
        )
    values = np.array(image)
    strange = np.setdiff1d(values, (FOREGROUND, BACKGROUND, IGNORED))
    if len(strange):
        raise DataError(
            f"{name}: the mask has the value {strange[0]}, expected 255 (foreground), 0 "
            "(background) and 128 (left out)."
        )
    return values


def resize_mask(
    values: NDArray[np.uint8], box: Box | None, size: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """A mask in the square: foreground and ignored, both `bool [size, size]`.

    A pixel of the square is ignored where less than half of its area is labelled, else foreground
    where more than half of its labelled area is. The padding of a letterbox is not labelled.

    Args:
        values: 0, 128 and 255, `uint8 [height, width]`.
        box: geometry of the letterbox; `None` squeezes.
        size: side of the square in pixels.
    """
    if box is not None:
        values = box.pad(values, mode="constant", constant_values=IGNORED)
    labelled = _share(values != IGNORED, size)
    foreground = _share(values == FOREGROUND, size)
    ignored = labelled < 0.5
    return (2 * foreground > labelled) & ~ignored, ignored


def _share(chosen: NDArray[np.bool_], size: int) -> NDArray[np.float32]:
    image = Image.fromarray(chosen.astype(np.float32))
    return np.asarray(image.resize((size, size), Image.Resampling.BOX))
