"""The hourglass against the printed lists, and against a plain loop over its layers."""

import math

import pytest
import torch
from torch import nn

from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.hourglass import Hourglass, convolution, draw_weights


def drawn(module, seed=0):
    draw_weights(module, torch.Generator().manual_seed(seed))
    return module


def widths(module):
    return [m.out_channels for m in module.modules() if isinstance(m, nn.Conv2d)]


def test_published_landmark_detector_has_25_convolutions():
    config = LmdisRepConfig()
    net = Hourglass(3, config.landmark_encoder, config.landmark_decoder, outputs=11, skip=3)
    assert widths(net.down) == [32, 32, 64, 64, 64, 64, 64, 64]
    assert widths(net.skips) == [32, 32, 32, 64, 64, 64, 64, 64, 64]
    assert widths(net.up) == [64, 64, 64, 64, 64, 32, 32]
    assert len(widths(net)) == 25


def test_published_feature_network_ends_with_activated_maps():
    config = LmdisRepConfig()
    net = Hourglass(3, config.feature_encoder, config.feature_decoder, skip=2)
    assert widths(net) == [32, 64, 128, 256, 512, 64, 64, 128, 128, 256, 256, 256, 128, 64, 64, 64]
    assert isinstance(net.last, nn.Identity)
    assert isinstance(net.up[-1][-1], nn.LeakyReLU)


def test_maps_are_halved_by_maxima_doubled_by_repetition_and_added_to_the_skips():
    """The layers in a plain order, with pooling and doubling written out."""
    net = drawn(Hourglass(2, ((4,), (6, 5), (7,)), ((5,), (4,), (3,)), outputs=2, skip=2)).eval()
    maps = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(1))

    def halved(values):
        n, c, h, w = values.shape
        return values.reshape(n, c, h // 2, 2, w // 2, 2).amax(dim=(3, 5))

    def doubled(values):
        return values.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    full = net.down[0](maps)
    half = net.down[1](halved(full))
    quarter = net.down[2](halved(half))
    back = net.up[1](doubled(net.up[0](quarter)) + net.skips[1](half))
    expected = net.last(net.up[2](doubled(back) + net.skips[0](full)))
    assert expected.shape == (2, 2, 8, 8)
    assert torch.allclose(net(maps), expected, atol=1e-6)


def test_last_convolution_has_a_norm_and_no_activation():
    net = Hourglass(3, ((4,),), ((4,),), outputs=5, skip=1)
    assert [type(layer) for layer in net.last] == [nn.Conv2d, nn.BatchNorm2d]
    assert net(torch.randn(4, 3, 6, 6)).min() < -0.5


def test_convolutions_have_biases_the_codes_norm_and_slope():
    layers = convolution(3, 4)
    assert layers[0].bias is not None
    assert (layers[0].kernel_size, layers[0].padding) == ((3, 3), (1, 1))
    assert layers[1].eps == 1e-3
    net = Hourglass(3, ((4,),), ((4,),), skip=1)
    assert net.down[0][-1].negative_slope == 0.2


def test_last_stage_may_have_no_convolution_of_its_own():
    net = Hourglass(3, ((4,), (6,)), ((4,), ()), outputs=7, skip=1)
    assert net(torch.zeros(1, 3, 4, 4)).shape == (1, 7, 4, 4)
    assert net.last[0].in_channels == 4


def test_start_weights_are_uniform_by_xavier_over_kernel_and_channels():
    layer = drawn(nn.Sequential(*convolution(40, 60)))[0]
    limit = math.sqrt(6 / (9 * 40 + 9 * 60))
    weight = layer.weight.detach()
    assert weight.abs().max() <= limit
    # A uniform distribution has a deviation of its limit over the root of 3.
    assert weight.std() == pytest.approx(limit / math.sqrt(3), rel=0.02)
    assert not layer.bias.any()


def test_same_generator_draws_the_same_weights():
    first, again, other = (
        drawn(nn.Sequential(*convolution(3, 4)), seed)[0].weight for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
