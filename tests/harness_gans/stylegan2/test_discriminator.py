"""The residual discriminator."""

import pytest
import torch
from torch.nn import functional as F

from harness.errors import ShapeError
from harness_gans.residual_discriminator import with_deviation
from harness_gans.stylegan2.config import StyleGan2Config
from harness_gans.stylegan2.discriminator import Block, Discriminator, activated
from harness_gans.stylegan2.resampling import halved, halving_convolution


@pytest.mark.parametrize(("size", "expected"), [(1024, 29_012_513), (256, 28_864_129)])
def test_parameters_are_as_many_as_in_the_official_discriminator(size, expected):
    config = StyleGan2Config()
    with torch.device("meta"):
        network = Discriminator(config.discriminator_channels(size), config.deviation_group)
    assert sum(p.numel() for p in network.parameters()) == expected


def test_block_is_the_scaled_sum_of_both_paths():
    block = Block(2, 3).double()
    maps = torch.randn(1, 2, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        block.second.bias.copy_(torch.tensor([0.1, 0.2, -0.3]))
        inner = activated(block.first(maps))
        inner = halving_convolution(inner, block.second.weight / 18**0.5)
        inner = activated(inner + block.second.bias[:, None, None])
        skipped = F.conv2d(halved(maps), block.skip.weight / 2**0.5)
        assert torch.allclose(block(maps), (inner + skipped) / 2**0.5, atol=1e-12)


def test_one_logit_an_image_which_depends_on_its_group():
    network = Discriminator([6, 5, 4], 2)
    images = torch.randn(4, 3, 16, 16)
    logits = network(images)
    assert logits.shape == (4,)
    changed = images.clone()
    changed[0] += 1.0
    moved = (network(changed) - logits).abs()
    # Image 2 is in the group of image 0, images 1 and 3 are in the other one.
    assert moved[[0, 2]].min() > 1e-4
    assert moved[[1, 3]].max() < 1e-5


def test_batch_smaller_than_the_group_is_a_group_and_others_are_refused():
    network = Discriminator([6, 5, 4], 4)
    assert network(torch.zeros(3, 3, 16, 16)).shape == (3,)
    with pytest.raises(ShapeError, match="expected a multiple of the group, 4"):
        network(torch.zeros(6, 3, 16, 16))


def test_gradients_reach_every_weight_twice():
    """R1 differentiates the slope at real images again."""
    network = Discriminator([6, 5, 4], 2).to(memory_format=torch.channels_last)
    real = torch.rand(4, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    real.requires_grad_()
    logits = network(real)
    (slope,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
    (slope.square().sum() + logits.sum()).backward()
    for name, value in network.named_parameters():
        assert value.grad is not None, name
        assert value.grad.isfinite().all(), name
        assert value.grad.abs().max() > 0, name


def test_deviation_is_shown_to_the_last_convolution():
    network = Discriminator([6, 5], 2)
    seen = []
    network.convolution.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(torch.randn(4, 3, 8, 8))
    assert torch.allclose(seen[0], with_deviation(seen[0][:, :6], 2))
