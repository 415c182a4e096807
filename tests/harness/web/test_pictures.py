from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.errors import DataError
from harness.web.pictures import LONGEST, Picture, picture_of, picture_of_file


def decoded(picture: Picture) -> Image.Image:
    head, _, data = picture.uri.partition(",")
    assert head == "data:image/webp;base64"
    image = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (image.format, image.size) == ("WEBP", (picture.width, picture.height))
    return image.convert("RGB")


def test_drawings_keep_every_pixel(rng: np.random.Generator) -> None:
    colours = rng.integers(0, 256, (50, 3), dtype=np.uint8)
    pixels = colours[rng.integers(0, 50, (40, 60))]
    np.testing.assert_array_equal(decoded(picture_of(Image.fromarray(pixels), "")), pixels)


def test_photos_become_small_and_stay_alike(rng: np.random.Generator) -> None:
    rows, columns = np.mgrid[:256, :256]
    pixels = np.stack([rows, columns, (rows + columns) // 2], axis=-1).astype(np.uint8)
    pixels += rng.integers(0, 3, pixels.shape, dtype=np.uint8) * (pixels < 250)
    picture = picture_of(Image.fromarray(pixels), "a ramp")
    assert picture.alt == "a ramp"
    assert len(picture.uri) < pixels.size / 10
    assert np.abs(np.asarray(decoded(picture), int) - pixels).mean() < 4


def test_large_pictures_are_reduced() -> None:
    picture = picture_of(Image.new("L", (3 * LONGEST, 30)), "")
    assert (picture.width, picture.height) == (LONGEST, 10)


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "edits.png"
    path.write_text("<svg onload='alert(1)'>")
    with pytest.raises(DataError, match=r"edits\.png: not a readable picture"):
        picture_of_file(path, "")
