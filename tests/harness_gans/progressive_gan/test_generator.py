"""The growing generator."""

import pytest
import torch
from torch.nn import functional as F

from harness_gans.equalised import normalised
from harness_gans.progressive_gan.config import ProgressiveGanConfig
from harness_gans.progressive_gan.generator import Generator, Start, activated
from harness_gans.progressive_gan.weights import draw_weights


def latents(count=3, size=5):
    source = torch.Generator().manual_seed(3)
    return torch.randn(count, size, generator=source, dtype=torch.float64)


@pytest.mark.parametrize(
    ("side", "changes", "expected"),
    [
        (1024, {}, 23_079_115),
        (64, {}, 22_490_383),
        (64, {"channel_base": 2048, "channel_most": 128, "noise_size": 128}, 1_140_079),
    ],
)
def test_parameters_are_as_many_as_in_the_official_generator(side, changes, expected):
    config = ProgressiveGanConfig(**changes)
    with torch.device("meta"):
        network = Generator(config.noise_size, config.channels(side))
    assert sum(p.numel() for p in network.parameters()) == expected


def test_channels_are_those_of_the_paper():
    channels = ProgressiveGanConfig().channels(1024)
    assert channels == [512, 512, 512, 512, 256, 128, 64, 32, 16]


def test_start_by_hand():
    start = Start(2, 1).double()
    with torch.no_grad():
        start.weight.zero_()
        start.weight[0, :, 1, 2] = torch.tensor([3.0, -1.0])
        start.bias.fill_(0.5)
        maps = start(torch.tensor([[1.0, 2.0]], dtype=torch.float64))
    # root 2 / (4 root 2) * (3 - 2) + 0.5
    assert maps[0, 0, 1, 2].item() == pytest.approx(0.75)
    assert maps[0, 0, 0, 0].item() == 0.5


def test_largest_side_is_the_paper_layer_by_layer(generator):
    maps = activated(generator.start(normalised(latents())))
    maps = activated(generator.first(maps))
    for block in generator.blocks:
        maps = maps.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        for layer in block.convolutions:
            weight = layer.weight * (2 / layer.weight[0].numel()) ** 0.5
            maps = F.conv2d(maps, weight, layer.bias, padding=1)
            maps = torch.where(maps > 0, maps, 0.2 * maps)
            maps = maps / (maps.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()
    colours = generator.colours[-1]
    weight = colours.weight / colours.weight.shape[1] ** 0.5
    expected = F.conv2d(maps, weight, colours.bias)
    assert torch.allclose(generator(latents()), expected, atol=1e-10)


@pytest.mark.parametrize("side", [4, 8, 16])
def test_every_side_can_be_drawn(generator, side):
    assert generator(latents(), side).shape == (3, 3, side, side)


@pytest.mark.parametrize("fade", [0.0, 0.25])
def test_new_side_is_faded_in_over_the_doubled_one_before(generator, fade):
    small, large = generator(latents(), 8), generator(latents(), 16)
    twice = small.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    expected = (1 - fade) * twice + fade * large
    assert torch.allclose(generator(latents(), 16, fade), expected, atol=1e-12)


def test_length_of_z_makes_no_difference(generator):
    assert torch.allclose(generator(latents()), generator(9.0 * latents()), atol=1e-6)
    assert not torch.allclose(generator(latents()), generator(-latents()), atol=1e-2)


def test_maps_have_unit_mean_square_in_every_pixel():
    maps = activated(torch.randn(2, 6, 3, 3, dtype=torch.float64))
    ones = torch.ones(2, 3, 3, dtype=torch.float64)
    assert torch.allclose(maps.square().mean(dim=1), ones, atol=1e-6)


def test_gradients_reach_the_layers_of_the_present_side_alone(generator):
    z = latents().requires_grad_()
    generator(z, 8, 0.5).square().sum().backward()
    assert z.grad.abs().min() > 0
    touched = {name for name, value in generator.named_parameters() if value.grad is not None}
    every = {name for name, _ in generator.named_parameters()}
    assert every - touched == {name for name in every if name.startswith(("blocks.1", "colours.2"))}
    assert all(p.grad.abs().max() > 0 for p in generator.parameters() if p.grad is not None)


def test_drawn_weights_depend_on_their_source_alone(tiny):
    states = []
    for seed in (1, 1, 2):
        network = Generator(5, tiny().channels(16))
        draw_weights(network, torch.Generator().manual_seed(seed))
        states.append(network.state_dict())
    first, again, other = states
    assert all(torch.equal(value, again[name]) for name, value in first.items())
    assert not torch.equal(first["start.weight"], other["start.weight"])
