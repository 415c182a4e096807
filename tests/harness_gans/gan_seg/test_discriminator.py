"""The discriminator: size, output and its demand on the image size."""

import pytest
import torch

from harness.errors import ConfigError
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.discriminator import Discriminator, HalvingBlock


def test_parameters_are_as_many_as_in_the_official_discriminator():
    with torch.device("meta"):
        discriminator = Discriminator(GanSegConfig(), 128)
    assert sum(p.numel() for p in discriminator.parameters()) == 23_726_721


def test_one_logit_an_image_even_for_a_batch_of_one(tiny):
    discriminator = Discriminator(tiny(), 16)
    assert discriminator(torch.zeros(1, 3, 16, 16)).shape == (1,)
    assert discriminator(torch.zeros(5, 3, 16, 16)).shape == (5,)


def test_side_that_cannot_be_halved_is_refused():
    with pytest.raises(ConfigError, match="6 blocks that halve the side, which 96 pixels"):
        Discriminator(GanSegConfig(), 96)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_block_is_the_scaled_sum_of_both_paths(depth):
    block = HalvingBlock(2, 3, depth)
    maps = torch.randn(1, 2, 6, 6)
    inner = maps
    for convolution in block.convolutions:
        inner = torch.nn.functional.leaky_relu(convolution(inner), 0.2)
    assert len(block.convolutions) == depth - 1
    expected = (block.halving(inner) + block.skip(maps)[..., ::2, ::2]) / 2**0.5
    assert torch.allclose(block(maps), expected, atol=1e-6)


def test_penalty_of_the_official_size_can_be_differentiated_again():
    block = HalvingBlock(3, 64, 1).to(memory_format=torch.channels_last)
    real = torch.rand(4, 3, 128, 128).contiguous(memory_format=torch.channels_last)
    real.requires_grad_()
    (slope,) = torch.autograd.grad(block(real).square().sum(), real, create_graph=True)
    slope.square().sum().backward()
    assert block.skip.weight.grad.isfinite().all()
