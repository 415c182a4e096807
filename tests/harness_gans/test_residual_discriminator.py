"""The residual discriminator: size, output and its demand on the image size."""

import pytest
import torch

from harness.errors import ConfigError, ShapeError
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.residual_discriminator import (
    HalvingBlock,
    ResidualDiscriminator,
    with_deviation,
)


def discriminator(channels=(4, 6), image_size=16, **changes):
    values = {"depth": 2, "hidden": 8, "owner": "gan_seg", **changes}
    return ResidualDiscriminator(channels, image_size=image_size, **values)


def test_parameters_are_as_many_as_in_the_official_discriminator():
    config = GanSegConfig()
    with torch.device("meta"):
        network = discriminator(
            config.discriminator_channels,
            128,
            depth=config.discriminator_convolutions,
            hidden=config.discriminator_hidden,
        )
    assert sum(p.numel() for p in network.parameters()) == 23_726_721


@pytest.mark.parametrize("deviation", [False, True])
def test_one_logit_an_image_even_for_a_batch_of_one(deviation):
    network = discriminator(batch_deviation=deviation)
    assert network(torch.zeros(1, 3, 16, 16)).shape == (1,)
    assert network(torch.zeros(5, 3, 16, 16)).shape == (5,)


def test_side_that_cannot_be_halved_is_refused():
    with pytest.raises(ConfigError, match=r"gan_seg: .* 6 blocks that halve the side, which 96"):
        discriminator((8,) * 6, 96)


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


def test_deviation_is_the_mean_of_the_standard_deviations_over_the_batch():
    maps = torch.zeros(2, 2, 1, 2)
    maps[0, 0, 0, 0], maps[1, 0, 0, 0], maps[:, 1, 0, 1] = 1.0, 5.0, 7.0
    # One of four values differs between the images: by 2 from its mean, on both sides.
    more = with_deviation(maps)
    assert torch.equal(more[:, :2], maps)
    assert torch.allclose(more[:, 2], torch.full((2, 1, 2), 2.0 / 4), atol=1e-3)


def test_deviation_of_equal_images_is_zero_and_has_a_finite_slope():
    maps = torch.ones(3, 2, 2, 2, requires_grad=True)
    deviation = with_deviation(maps)[:, 2]
    assert deviation.abs().max() < 1e-3
    deviation.sum().backward()
    assert maps.grad.isfinite().all()


def test_deviation_tells_batches_of_equal_images_from_others():
    network = discriminator(batch_deviation=True)
    images = torch.rand(4, 3, 16, 16)
    assert not torch.allclose(network(images)[:1], network(images[:1].expand(4, -1, -1, -1))[:1])


def test_deviation_of_groups_is_that_of_their_images_alone():
    maps = torch.randn(6, 2, 3, 3)
    got = with_deviation(maps, 3)[:, 2, 0, 0]
    for first in (0, 1):
        own = with_deviation(maps[first::2])[:, 2, 0, 0]
        assert torch.allclose(got[first::2], own)
    assert not torch.allclose(got[0], got[1])


def test_group_of_values_zero_and_two_deviates_by_one():
    maps = torch.tensor([0.0, 2.0])[:, None, None, None].expand(2, 3, 4, 4)
    assert with_deviation(maps, 2)[:, 3].allclose(torch.ones(()))


def test_group_that_does_not_divide_the_batch_is_refused():
    with pytest.raises(ShapeError, match="maps has 6 images, expected a multiple of the group, 4"):
        with_deviation(torch.zeros(6, 1, 2, 2), 4)
