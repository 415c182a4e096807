"""The border of an image: the mask that leaves it out of a loss, and its pixels."""

import math

import pytest
import torch

from harness.vision.border import border_mask, border_values


def test_mask_at_128_pixels_has_ten_zeros_and_twenty_rising_values():
    middle = border_mask(128, 10 / 128, 20 / 128)[64]
    assert middle[:10].tolist() == [0.0] * 10
    assert middle[10] == pytest.approx(0.5 + 0.5 * math.tanh(-2.5), abs=1e-6)
    assert middle[10] == pytest.approx(0.0067, abs=5e-5)
    assert middle[29] == pytest.approx(0.9933, abs=5e-5)
    assert (middle[10:30].diff() > 0).all()
    assert middle[30:98].tolist() == [1.0] * 68
    assert torch.equal(middle, middle.flip(0))


def test_mask_is_the_product_of_its_profiles():
    mask = border_mask(128, 10 / 128, 20 / 128)
    assert mask.shape == (128, 128)
    assert mask[12, 15] == pytest.approx(float(mask[12, 64] * mask[64, 15]), abs=1e-7)
    assert torch.equal(mask, mask.T)


def test_mask_without_border_is_one_everywhere():
    assert torch.equal(border_mask(8, 0.0, 0.0), torch.ones(8, 8))


def test_outermost_pixels_are_each_taken_once():
    maps = torch.arange(12).reshape(1, 3, 4)
    assert sorted(border_values(maps)[0].tolist()) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    assert sorted(border_values(torch.arange(4).reshape(2, 2)).tolist()) == [0, 1, 2, 3]
