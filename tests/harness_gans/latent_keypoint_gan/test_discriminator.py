"""The growing discriminator: size, fading in, spectral norm."""

import pytest
import torch
from torch.nn import functional as F

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.discriminator import (
    GrowingDiscriminator,
    SpectralNorm,
    build_discriminator,
)
from harness_gans.residual_discriminator import ResidualDiscriminator


def seeded():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    ("side", "expected"),
    [(64, 30_679_041), (128, 31_793_153), (256, 32_071_681), (512, 32_141_313)],
)
def test_parameters_are_as_many_as_in_the_papers_figure(side, expected):
    config = LatentKeypointGanConfig(
        stage_sides=(side,), stage_images=(64,), batch_sizes=(16,), adapting_images=0
    )
    with torch.device("meta"):
        network = GrowingDiscriminator(config)
    assert sum(p.numel() for p in network.parameters()) == expected


def test_one_logit_an_image_at_every_side(tiny):
    network = build_discriminator(tiny(), seeded())
    for side in (8, 16):
        assert network(torch.zeros(5, 3, side, side)).shape == (5,)
    assert network(torch.zeros(1, 3, 16, 16), 0.5).shape == (1,)


def test_maps_end_at_two_pixels_of_the_last_channels(tiny):
    network = build_discriminator(tiny(), seeded())
    seen = []
    network.output.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    for side in (8, 16):
        network(torch.zeros(3, 3, side, side))
    assert seen == [(3, 4 * 8)] * 2


def test_a_new_side_is_faded_in(tiny):
    network = build_discriminator(tiny(), seeded())
    images = torch.rand(2, 3, 16, 16, generator=seeded())
    old = F.leaky_relu(network.colours["8"](F.avg_pool2d(images, 2)), 0.2)
    new = network.pairs["16"](F.leaky_relu(network.colours["16"](images), 0.2))
    for fade in (0.0, 0.3, 1.0):
        maps = (1 - fade) * old + fade * new
        maps = network.pairs["4"](network.pairs["8"](maps))
        expected = network.output(maps.flatten(1)).squeeze(1)
        assert torch.allclose(network(images, fade), expected, atol=1e-5)


def test_a_fresh_side_changes_nothing_at_first(tiny):
    network = build_discriminator(tiny(), seeded())
    small = torch.rand(2, 3, 8, 8, generator=seeded())
    large = F.interpolate(small, scale_factor=2, mode="nearest")
    assert torch.allclose(network(large, 0.0), network(small), atol=1e-5)


def test_penalty_reaches_both_paths_of_an_adapting_period(tiny):
    network = build_discriminator(tiny(), seeded()).to(memory_format=torch.channels_last)
    images = torch.rand(2, 3, 16, 16, generator=seeded())
    images = images.contiguous(memory_format=torch.channels_last).requires_grad_()
    (slope,) = torch.autograd.grad(network(images, 0.5).sum(), images, create_graph=True)
    slope.square().sum().backward()
    for side in ("8", "16"):
        assert network.colours[side].weight.grad.abs().max() > 0


def test_batch_deviation_is_seen_by_the_last_pair(tiny):
    network = build_discriminator(tiny(batch_deviation=True), seeded())
    images = torch.rand(4, 3, 16, 16, generator=seeded())
    alike = images[:1].expand(4, -1, -1, -1)
    assert not torch.allclose(network(images)[:1], network(alike)[:1])


def test_residual_kind_is_made_of_the_same_channels(tiny):
    single = {"stage_sides": (16,), "stage_images": (8,), "batch_sizes": (4,)}
    config = tiny(discriminator="residual", **single)
    network = build_discriminator(config, seeded())
    assert isinstance(network, ResidualDiscriminator)
    assert [block.halving.weight.shape[0] for block in network.blocks] == [6, 6, 8]
    assert network.hidden.in_features == 4 * 8


def test_spectral_norm_makes_the_largest_singular_value_one():
    weight = torch.randn(6, 4, 3, 3, generator=seeded(), dtype=torch.float64)
    bound = SpectralNorm(weight, seeded()).double()
    for _ in range(300):
        got = bound(weight)
    largest = torch.linalg.svdvals(weight.flatten(1))[0]
    assert torch.allclose(got, weight / largest, rtol=1e-6)
    before = bound.left.clone()
    bound.eval()(weight)
    assert torch.equal(bound.left, before)


def test_spectral_norm_bounds_every_layer_and_is_trained_through(tiny):
    network = build_discriminator(tiny(spectral_norm=True), seeded())
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    assert all(type(m.parametrizations.weight[0]) is SpectralNorm for m in layers)
    images = torch.rand(4, 3, 16, 16, generator=seeded())
    for _ in range(30):
        network(images)
    used = [network.pairs["16"].halving, network.pairs["4"].convolution, network.output]
    norms = [torch.linalg.svdvals(layer.weight.flatten(1))[0].item() for layer in used]
    assert norms == pytest.approx([1.0] * 3, abs=0.1)
    network(images).sum().backward()
    assert network.output.parametrizations.weight.original.grad.isfinite().all()


def test_start_weights_depend_on_the_generator_alone(tiny):
    for changes in ({}, {"spectral_norm": True}):
        torch.rand(1)
        one, other = (build_discriminator(tiny(**changes), seeded()) for _ in range(2))
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name
