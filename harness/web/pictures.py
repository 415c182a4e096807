"""Pictures inside a page: small, and only what is really a picture."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from harness.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Longest side in pixels of a picture in a page.
LONGEST = 1600
#: Quality of pictures whose pixels may change a little, in [0, 100].
QUALITY = 85
#: How hard the encoder tries, from 0 to 6: more takes several times as long for a few per cent.
EFFORT = 2
#: A picture of at most so many colours is a drawing.
FEW = 4096


@dataclass(frozen=True)
class Picture:
    """A picture in a page.

    Attributes:
        uri: its bytes as a data URI.
        width: in pixels.
        height: in pixels.
        alt: what it shows, in words.
    """

    uri: str
    width: int
    height: int
    alt: str


def picture_of(image: Image.Image, alt: str, *, longest: int = LONGEST) -> Picture:
    """A picture as WebP: exact where it has few colours, as drawings do, else slightly changed.

    Args:
        image: the picture.
        alt: what it shows.
        longest: a picture with a longer side is reduced to it.
    """
    shown = image.convert("RGB")
    if max(shown.size) > longest:
        scale = longest / max(shown.size)
        size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    drawn = shown.getcolors(FEW) is not None
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", lossless=drawn, quality=QUALITY, method=EFFORT)
    data = buffer.getvalue()
    uri = f"data:image/webp;base64,{base64.b64encode(data).decode()}"
    return Picture(uri=uri, width=shown.width, height=shown.height, alt=alt)


def picture_of_pixels(pixels: NDArray[np.uint8], alt: str) -> Picture:
    """Pixels `uint8 [H, W, 3]` as a picture."""
    return picture_of(Image.fromarray(pixels), alt)


def picture_of_file(path: Path, alt: str, *, longest: int = LONGEST) -> Picture:
    """A picture file, decoded and encoded again.

    Raises:
        DataError: it is no picture.
    """
    try:
        with Image.open(path) as image:
            return picture_of(image, alt, longest=longest)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError) as error:
        raise DataError(f"{path}: not a readable picture: {error}.") from None
