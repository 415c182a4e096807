"""The growing critic."""

import pytest
import torch
from torch.nn import functional as F

from harness.errors import ShapeError
from harness_gans.progressive_gan.config import ProgressiveGanConfig
from harness_gans.progressive_gan.critic import Critic
from harness_gans.residual_discriminator import with_deviation


@pytest.fixture
def critic():
    network = Critic([6, 5, 4], 2).double()
    for name, value in network.named_parameters():
        if name.endswith("bias"):
            value.data += 0.1
    return network


def images(side, count=4):
    source = torch.Generator().manual_seed(2)
    return torch.randn(count, 3, side, side, generator=source, dtype=torch.float64)


@pytest.mark.parametrize(("side", "expected"), [(1024, 23_087_249), (64, 22_498_049)])
def test_parameters_are_as_many_as_in_the_official_critic(side, expected):
    config = ProgressiveGanConfig()
    with torch.device("meta"):
        network = Critic(config.channels(side), config.deviation_group)
    assert sum(p.numel() for p in network.parameters()) == expected


@pytest.mark.parametrize("side", [4, 8, 16])
def test_every_side_gets_one_value_an_image(critic, side):
    assert critic(images(side)).shape == (4,)


def leaky(values):
    return torch.where(values > 0, values, 0.2 * values)


def layered(layer, maps):
    weight = layer.weight * (2 / layer.weight[0].numel()) ** 0.5
    return leaky(F.conv2d(maps, weight, layer.bias, padding=weight.shape[-1] // 2))


@pytest.mark.parametrize("fade", [0.0, 0.25, 1.0])
def test_critic_is_the_paper_layer_by_layer(critic, fade):
    seen = images(8)
    maps = layered(critic.colours[1], seen)
    for layer in critic.blocks[0].convolutions:
        maps = layered(layer, maps)
    maps = F.avg_pool2d(maps, 2)
    coarse = layered(critic.colours[0], F.avg_pool2d(seen, 2))
    maps = layered(critic.last, with_deviation((1 - fade) * coarse + fade * maps, 2))
    flat = maps.flatten(1)
    hidden = leaky(flat @ critic.hidden.weight.T * (2 / 96) ** 0.5 + critic.hidden.bias)
    expected = hidden @ critic.output.weight.T / 6**0.5 + critic.output.bias
    assert torch.allclose(critic(seen, fade), expected[:, 0], atol=1e-10)


def test_value_depends_on_the_group_of_an_image_alone(critic):
    before, changed = critic(images(8)), images(8)
    changed[0] += 1.0
    moved = (critic(changed) - before).abs()
    assert moved[[0, 2]].min() > 1e-4
    assert moved[[1, 3]].max() < 1e-12
    with pytest.raises(ShapeError, match="expected a multiple of the group, 2"):
        critic(images(8, count=5))


def test_slope_can_be_differentiated_again():
    network = Critic([6, 5, 4], 2).to(memory_format=torch.channels_last)
    seen = images(16).float().contiguous(memory_format=torch.channels_last).requires_grad_()
    (slope,) = torch.autograd.grad(network(seen, 0.5).sum(), seen, create_graph=True)
    (slope.square().sum() + network(seen, 0.5).sum()).backward()
    unused = {name for name, value in network.named_parameters() if value.grad is None}
    assert unused == {"colours.0.weight", "colours.0.bias"}
    assert all(p.grad.isfinite().all() for p in network.parameters() if p.grad is not None)
