import numpy as np
import pytest
from PIL import Image
from trees import encoded

from harness.errors import DataError
from harness.vision.photo import decode_photo

GREY = np.array([[0, 100], [200, 255]], np.uint8)


def decoded(image: Image.Image, kind: str = "PNG", **options: object) -> np.ndarray:
    photo = decode_photo(encoded(image, kind, **options), "photo")
    assert photo.mode == "RGB"
    return np.asarray(photo)


def test_grey_is_repeated_over_the_channels() -> None:
    assert (decoded(Image.fromarray(GREY)) == GREY[..., None]).all()


def test_sixteen_bit_grey_keeps_its_upper_eight_bits() -> None:
    deep = GREY.astype(np.uint16) * 256 + 77
    assert (decoded(Image.fromarray(deep)) == GREY[..., None]).all()


def test_transparent_pixels_become_white() -> None:
    image = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
    image.putpixel((1, 0), (10, 20, 30, 0))
    assert decoded(image).tolist() == [[[10, 20, 30], [255, 255, 255]]]


def test_grey_with_transparency_is_laid_over_white() -> None:
    image = Image.new("LA", (1, 1), (0, 0))
    assert decoded(image).tolist() == [[[255, 255, 255]]]


def test_palette_with_a_transparent_colour_is_laid_over_white() -> None:
    image = Image.new("P", (2, 1))
    image.putpalette([1, 2, 3, 9, 8, 7])
    image.putpixel((1, 0), 1)
    assert decoded(image, transparency=b"\xff\x00").tolist() == [[[1, 2, 3], [255, 255, 255]]]


def test_cmyk_is_converted() -> None:
    pixels = decoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")
    assert (abs(pixels.astype(int) - (255, 0, 0)) < 10).all()


def test_photo_is_turned_as_its_camera_says() -> None:
    image = Image.new("RGB", (2, 1), "red")
    image.putpixel((1, 0), (0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to stand upright
    data = encoded(image, exif=exif)
    upright = np.asarray(decode_photo(data, "photo"))
    assert upright.tolist() == [[[255, 0, 0]], [[0, 0, 255]]]
    assert decode_photo(data, "photo", upright=False).size == (2, 1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_photo_that_is_cut_off_is_named(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    data = encoded(Image.fromarray(noise), kind)
    with pytest.raises(DataError, match=r"^a/b.jpg: the image is broken or cut off"):
        decode_photo(data[: len(data) // 2], "a/b.jpg")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello", "the file is not an image"),
        (b"\n<!DOCTYPE html><html>", "the file is an HTML page"),
        (b"<HTML>", "the file is an HTML page"),
    ],
    ids=["empty", "text", "doctype", "html"],
)
def test_what_is_no_image_is_called_by_its_name(data: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=f"x.png: {reason}"):
        decode_photo(data, "x.png")
