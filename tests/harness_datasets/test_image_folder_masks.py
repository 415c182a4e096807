import numpy as np
import pytest

from harness.vision.letterbox import Box
from harness_datasets.image_folder.masks import mask_name, resize_mask


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("b.jpg", "masks/b.png"),
        ("a/b.jpeg", "masks/a/b.png"),
        ("images/b.png", "masks/b.png"),
        ("images/a/b.png", "masks/a/b.png"),
    ],
)
def test_default_place_of_a_mask(photo: str, expected: str) -> None:
    assert mask_name("masks", photo) == expected


@pytest.mark.parametrize("box", [None, Box(12, 6), Box(6, 12)], ids=["squeeze", "wide", "tall"])
def test_pixel_takes_the_majority_of_its_labelled_area(box: Box | None) -> None:
    height, width = (12, 12) if box is None else (box.height, box.width)
    values = np.random.default_rng(3).choice(np.array([0, 128, 255], np.uint8), (height, width))
    padded = np.full((12, 12), 128, np.uint8)
    top, left = (12 - height) // 2, (12 - width) // 2
    padded[top : top + height, left : left + width] = values
    foreground, ignored = resize_mask(values, box, 4)
    for row in range(4):
        for column in range(4):
            block = padded[3 * row : 3 * row + 3, 3 * column : 3 * column + 3]
            labelled = (block != 128).sum()
            assert ignored[row, column] == (labelled < 4.5)
            wanted = labelled >= 4.5 and 2 * (block == 255).sum() > labelled
            assert foreground[row, column] == wanted


def test_enlarged_mask_stays_as_it_is() -> None:
    values = np.array([[255, 0], [128, 255]], np.uint8)
    foreground, ignored = resize_mask(values, None, 6)
    np.testing.assert_array_equal(foreground, np.kron(values == 255, np.ones((3, 3), bool)))
    np.testing.assert_array_equal(ignored, np.kron(values == 128, np.ones((3, 3), bool)))
