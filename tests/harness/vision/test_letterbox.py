import numpy as np
import pytest
from PIL import Image
from trees import dotted_photo

from harness.errors import ShapeError
from harness.vision.letterbox import Box, letterbox

SHAPES = pytest.mark.parametrize(
    "size", [(200, 100), (100, 200), (101, 60), (60, 101), (64, 64)], ids=str
)


def brightest_place(pixels: np.ndarray) -> np.ndarray:
    """Centre of mass of the white disc, in fractions."""
    weight = np.maximum(pixels[..., 0].astype(float) - 100, 0)
    side = np.arange(len(weight)) + 0.5
    x, y = weight.sum(0) @ side, weight.sum(1) @ side
    return np.array([x, y]) / weight.sum() / len(weight)


@SHAPES
def test_landmark_of_a_drawn_dot_lands_on_the_dot(size: tuple[int, int]) -> None:
    point = np.array([0.7 * size[0], 0.3 * size[1]])
    pixels, box = letterbox(dotted_photo(size, [point]), 64)
    # A tenth of a pixel: the disc's edge is drawn on the photo's pixels, then quantised.
    np.testing.assert_allclose(brightest_place(pixels), box.to_square(point / size), atol=0.1 / 64)


@SHAPES
def test_points_come_back_from_the_square(size: tuple[int, int]) -> None:
    points = np.random.default_rng(0).uniform(-0.1, 1.1, (50, 3, 2))
    box = Box(*size)
    np.testing.assert_allclose(box.to_photo(box.to_square(points)), points, atol=1e-9)
    inside = points.astype(np.float32)
    there = box.to_square(inside).astype(np.float32)
    np.testing.assert_allclose(box.to_photo(there), inside, atol=1e-4)


def test_corners_of_a_landscape_photo_have_the_places_worked_out_by_hand() -> None:
    box = Box(width=200, height=100)
    assert box.to_square(np.array([[0, 0], [1, 1]])).tolist() == [[0, 0.25], [1, 0.75]]


def test_corners_of_a_portrait_photo_have_the_places_worked_out_by_hand() -> None:
    box = Box(width=100, height=400)
    assert box.to_square(np.array([[0, 0], [1, 1]])).tolist() == [[0.375, 0], [0.625, 1]]


def test_missing_points_stay_missing() -> None:
    box = Box(width=20, height=10)
    assert np.isnan(box.to_square(np.array([[np.nan, np.nan]]))).all()


def test_shape_is_kept() -> None:
    photo = Image.new("RGB", (300, 150))
    photo.paste("white", (100, 25, 200, 125))
    pixels, _ = letterbox(photo, 60)
    white = pixels[..., 0] > 127
    assert (white.any(0).sum(), white.any(1).sum()) == (20, 20)


def test_padding_repeats_the_edge() -> None:
    photo = Image.new("RGB", (64, 32), (10, 200, 30))
    photo.paste((90, 0, 0), (0, 0, 64, 1))
    pixels, box = letterbox(photo, 64)
    assert pixels.shape == (64, 64, 3)
    assert pixels.dtype == np.uint8
    assert (pixels[:16] == (90, 0, 0)).all()
    assert (pixels[48:] == (10, 200, 30)).all()
    np.testing.assert_array_equal(pixels[box.top : box.top + 32], np.asarray(photo))


@SHAPES
def test_padding_is_what_lies_outside_the_photo(size: tuple[int, int]) -> None:
    padding = Box(*size).padding(16)
    for row in range(16):
        for column in range(16):
            x, y = Box(*size).to_photo(np.array([(column + 0.5) / 16, (row + 0.5) / 16]))
            assert padding[row, column] == (not (0 <= x <= 1 and 0 <= y <= 1))


def test_square_photo_of_the_right_size_is_left_alone() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    pixels, box = letterbox(Image.fromarray(noise), 32)
    np.testing.assert_array_equal(pixels, noise)
    assert not box.padding(32).any()


@SHAPES
def test_mask_of_the_photo_takes_the_nearest_value(size: tuple[int, int]) -> None:
    labels = np.random.default_rng(0).integers(0, 9, (2, 16, 16), np.uint8)
    box = Box(*size)
    photo = box.mask_to_photo(labels)
    assert photo.shape == (2, size[1], size[0])
    for row in range(0, size[1], 7):
        for column in range(0, size[0], 7):
            centre = np.array([(column + 0.5) / size[0], (row + 0.5) / size[1]])
            x, y = np.floor(box.to_square(centre) * 16).astype(int)
            assert (photo[:, row, column] == labels[:, y, x]).all()


def test_mask_that_is_not_square_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\[3, 4\], expected \[\.\.\., S, S\]"):
        Box(10, 10).mask_to_photo(np.zeros((3, 4)))
