"""Decoding photos of any kind to 8-bit RGB, and saying which file is broken."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from harness.errors import DataError

#: What lies under transparent pixels.
PAPER = (255, 255, 255, 255)

#: What Pillow raises on bytes that are no image, or are cut off.
BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    Image.DecompressionBombError,
)


def decode_photo(data: bytes, name: str, *, upright: bool = True) -> Image.Image:
    """Bytes of an image file as an 8-bit RGB picture.

    Grey is repeated over the channels, CMYK and palettes are converted, transparent pixels are laid
    over white, 16-bit grey keeps its upper eight bits, and of an animation the first frame counts.

    Args:
        data: the file's bytes.
        name: the file, for messages.
        upright: turn the picture as its EXIF orientation asks; false keeps the stored pixels.

    Raises:
        DataError: the bytes are no image, or are cut off.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            turned = ImageOps.exif_transpose(image) if upright else image
            return _rgb(turned)
    except BROKEN as error:
        raise DataError(f"{name}: {_reason(data, error)}.") from None


def looks_like_page(data: bytes) -> bool:
    """True for the beginning of an HTML page, which is what a failed download leaves."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return head.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml"))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        pixels = np.asarray(image).astype(np.int64) >> 8
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, PAPER), clear)
    return image.convert("RGB")


def _reason(data: bytes, error: Exception) -> str:
    if not data:
        return "the file is empty"
    if looks_like_page(data):
        return "the file is an HTML page, which is what a failed download leaves; fetch it again"
    if isinstance(error, UnidentifiedImageError):
        return "the file is not an image"
    return f"the image is broken or cut off ({error})"
