"""Coordinate conventions and their conversions."""

import pytest
import torch

from harness.vision.coordinates import (
    fractions_to_signed,
    pixel_centres,
    signed_pixels,
    signed_to_fractions,
)


def test_pixel_centres_take_type_and_device_of_a_tensor():
    assert pixel_centres(2, like=torch.zeros(1, dtype=torch.float64)).tolist() == [0.25, 0.75]
    assert pixel_centres(2, like=torch.zeros(1, dtype=torch.float64)).dtype == torch.float64


@pytest.mark.parametrize(
    ("grid", "margin", "first", "spacing"),
    [
        ("corners", 0, -1.0, 2 / 31),
        ("corners", 10, -1.64516, 2 / 31),
        ("centres", 0, -1 + 1 / 32, 2 / 32),
        ("centres", 2, -1 - 3 / 32, 2 / 32),
    ],
)
def test_signed_pixels_start_and_step_as_the_convention_says(grid, margin, first, spacing):
    pixels = signed_pixels(32, margin=margin, grid=grid)
    assert len(pixels) == 32 + 2 * margin
    assert pixels[0].item() == pytest.approx(first, abs=1e-5)
    assert torch.allclose(pixels.diff(), torch.full((31 + 2 * margin,), spacing), atol=1e-6)
    assert torch.allclose(pixels, -pixels.flip(0), atol=1e-6)


@pytest.mark.parametrize("grid", ["corners", "centres"])
def test_signed_pixels_become_pixel_centres_and_back(grid):
    signed = signed_pixels(7, grid=grid)
    fractions = signed_to_fractions(signed, 7, grid=grid)
    assert torch.allclose(fractions, pixel_centres(7), atol=1e-6)
    assert torch.allclose(fractions_to_signed(fractions, 7, grid=grid), signed, atol=1e-6)
