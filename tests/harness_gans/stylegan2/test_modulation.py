"""Modulated convolutions against weights that are built image by image, in float64."""

import math

import pytest
import torch
from torch.nn import functional as F

from harness_gans.stylegan2.modulation import ColourLayer, StyledLayer, modulated_convolution
from harness_gans.stylegan2.resampling import doubling_convolution


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize(("kernel", "double"), [(3, False), (1, False), (3, True)])
def test_convolution_equals_each_images_own_weights(demodulate, kernel, double):
    maps, weight = random(4, 3, 5, 5), random(6, 3, kernel, kernel, seed=1)
    styles = random(4, 3, seed=2)
    expected = []
    for image, style in zip(maps, styles, strict=True):
        own = weight * style[None, :, None, None]
        if demodulate:
            own = own / (own.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).sqrt()
        one = image[None]
        drawn = (
            doubling_convolution(one, own) if double else F.conv2d(one, own, padding=kernel // 2)
        )
        expected.append(drawn)
    got = modulated_convolution(maps, weight, styles, demodulate=demodulate, double=double)
    assert torch.allclose(got, torch.cat(expected), atol=1e-10)


def test_style_three_four_by_hand():
    maps, weight = torch.ones(1, 2, 1, 1), torch.ones(1, 2, 1, 1)
    styles = torch.tensor([[3.0, 4.0]])
    assert modulated_convolution(maps, weight, styles).item() == pytest.approx(1.4)
    plain = modulated_convolution(maps, weight, styles, demodulate=False)
    assert plain.item() == pytest.approx(7.0)


def test_demodulation_keeps_unit_variance_whatever_the_style():
    maps, weight = random(2, 16, 32, 32), random(8, 16, 3, 3, seed=1)
    styles = torch.stack([random(16, seed=2), 100 * random(16, seed=3)])
    drawn = modulated_convolution(maps, weight, styles)[..., 1:-1, 1:-1]
    assert drawn.std(dim=(2, 3)).mean(dim=1).tolist() == pytest.approx([1.0, 1.0], abs=0.05)


def test_length_is_taken_in_float32_under_autocast():
    maps, weight = random(2, 4, 4, 4).float(), random(3, 4, 3, 3, seed=1).float()
    styles = 1e4 * random(2, 4, seed=2).float()
    exact = modulated_convolution(maps, weight, styles)
    with torch.autocast("cpu", torch.bfloat16):
        half = modulated_convolution(maps, weight, styles)
    assert half.dtype == torch.bfloat16
    assert (half.float() - exact).abs().max() < 0.05 * exact.abs().max()


def test_layer_adds_noise_as_loud_as_learned_then_bias_then_leaky_relu():
    layer = StyledLayer(2, 3, 4, noise=True, double=False).double()
    maps, w, noise = random(2, 2, 4, 4), random(2, 4, seed=1), random(2, 1, 4, 4, seed=2)
    with torch.no_grad():
        silent = layer(maps, w, noise)
        assert torch.equal(silent, layer(maps, w, None))
        layer.loudness.fill_(0.7)
        layer.bias.copy_(torch.tensor([0.1, -0.2, 0.3]))
        drawn = modulated_convolution(maps, layer.weight / math.sqrt(18), layer.style(w))
        drawn = drawn + 0.7 * noise + layer.bias[:, None, None]
        expected = torch.where(drawn > 0, drawn, 0.2 * drawn) * math.sqrt(2)
        assert torch.allclose(layer(maps, w, noise), expected, atol=1e-12)


def test_layer_without_noise_has_no_loudness():
    layer = StyledLayer(2, 3, 4, noise=False, double=True)
    assert layer.loudness is None
    assert layer(torch.ones(1, 2, 4, 4), torch.ones(1, 4), None).shape == (1, 3, 8, 8)


def test_colours_are_scaled_by_the_root_of_the_channels_and_not_demodulated():
    layer = ColourLayer(4, 2)
    with torch.no_grad():
        layer.weight.fill_(1.0)
        layer.style.weight.zero_()
        layer.bias.fill_(0.5)
        # Styles are 1, their bias at the start.
        colours = layer(torch.ones(1, 4, 1, 1), torch.ones(1, 2))
    assert colours.flatten().tolist() == pytest.approx([2.5, 2.5, 2.5])
