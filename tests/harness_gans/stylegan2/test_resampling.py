"""The filter against scipy's up-sampling and filtering, one direction after the other."""

import numpy as np
import pytest
import torch
from scipy.signal import upfirdn
from torch.nn import functional as F

from harness_gans.stylegan2.resampling import (
    doubled,
    doubling_convolution,
    filtered,
    halved,
    halving_convolution,
)

TAPS = np.array([1.0, 3.0, 3.0, 1.0]) / 8


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_doubling_is_scipys_with_gain_two_along_each_side():
    maps = random(2, 3, 5, 6)
    whole = upfirdn(TAPS * 2, upfirdn(TAPS * 2, maps.numpy(), up=2, axis=2), up=2, axis=3)
    # scipy starts with the first tap on the first pixel, two zeros later than a map that begins
    # with two of them, and leaves out the zero after the last pixel, which adds none here.
    expected = torch.from_numpy(whole)[:, :, 1:11, 1:13]
    assert torch.allclose(doubled(maps), expected, atol=1e-12)


def test_halving_is_scipys():
    maps = random(2, 3, 8, 8)
    padded = F.pad(maps, (1, 1, 1, 1)).numpy()
    # The first whole window ends at sample 3 of the full convolution.
    full = upfirdn(TAPS, upfirdn(TAPS, padded, axis=2), axis=3)
    assert torch.allclose(halved(maps), torch.from_numpy(full[:, :, 3:10:2, 3:10:2]), atol=1e-12)


def test_a_constant_map_stays_constant_inside_and_a_gradient_stays_a_gradient():
    ramp = torch.arange(8.0).expand(1, 1, 8, 8)
    assert doubled(ramp)[0, 0, 4, 2:14] == pytest.approx(torch.arange(2, 14) / 2 - 0.25)
    assert halved(ramp)[0, 0, 1, 1:3].tolist() == [2.5, 4.5]


def test_doubling_then_halving_pair_is_adjoint_up_to_the_gain():
    """<doubled(x), y> = 4 <x, halved(y)>: both use one filter at the same place."""
    x, y = random(1, 1, 4, 4), random(1, 1, 8, 8, seed=1)
    assert (doubled(x) * y).sum().item() == pytest.approx(4 * (x * halved(y)).sum().item())


def test_doubling_convolution_spreads_convolves_and_filters():
    maps, weight = random(2, 3, 4, 4), random(5, 3, 3, 3, seed=1)
    spread = torch.zeros(2, 3, 7, 7, dtype=torch.float64)
    spread[..., ::2, ::2] = maps
    convolved = F.conv2d(F.pad(spread, (2, 2, 2, 2)), weight.flip(2, 3))
    expected = filtered(convolved, 1, 1, gain=4.0)
    got = doubling_convolution(maps, weight)
    assert got.shape == (2, 5, 8, 8)
    assert torch.allclose(got, expected, atol=1e-12)


def test_halving_convolution_filters_then_strides():
    maps, weight = random(2, 3, 8, 8), random(5, 3, 3, 3, seed=1)
    kernel = torch.from_numpy(np.outer(TAPS, TAPS)).expand(3, 1, 4, 4)
    smooth = F.conv2d(F.pad(maps, (2, 2, 2, 2)), kernel, groups=3)
    got = halving_convolution(maps, weight)
    assert got.shape == (2, 5, 4, 4)
    assert torch.allclose(got, F.conv2d(smooth, weight)[..., ::2, ::2], atol=1e-12)


def test_filter_can_be_differentiated_twice():
    maps = random(1, 1, 3, 3).requires_grad_()
    assert torch.autograd.gradgradcheck(doubled, maps)
    assert torch.autograd.gradcheck(lambda m: filtered(m, 2, 2, stride=2), maps)
