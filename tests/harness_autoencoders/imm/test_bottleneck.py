"""The fully connected bottleneck of the ablation: 2 K numbers in place of K heatmaps."""

import numpy as np
import pytest
import torch
from drawn_discs import discs, draw_discs
from memory_run import MemoryRun
from torch import nn

from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.method import Imm
from harness_autoencoders.imm.networks import ImmNetworks


@pytest.fixture
def networks(tiny):
    made = ImmNetworks(tiny(bottleneck="vector"), 3, 16)
    made.draw_weights(torch.Generator().manual_seed(0))
    return made


@pytest.mark.parametrize(("parts", "numbers"), [(5, 10), (10, 20), (30, 60)])
def test_layers_have_the_sizes_of_the_ablation(parts, numbers):
    """d numbers from 16 x 16 x 256 values, and K maps of 16 x 16 from d numbers."""
    with torch.device("meta"):
        made = ImmNetworks(ImmConfig(bottleneck="vector"), parts, 128)
        plain = ImmNetworks(ImmConfig(), parts, 128)

    def count(module):
        return sum(p.numel() for p in module.parameters())

    assert count(made.pose.head) == 65_536 * numbers + numbers
    assert count(made.spread) == numbers * 256 * parts + 256 * parts
    rest = count(made) - count(made.pose.head) - count(made.spread)
    assert rest == count(plain) - count(plain.pose.head)
    assert not hasattr(plain, "spread")


def test_points_are_the_numbers_two_by_two_without_activation(networks):
    nn.init.zeros_(networks.pose.head.weight)
    with torch.no_grad():
        networks.pose.head.bias.copy_(torch.tensor([0.5, -3.0, 0.0, 1.0, 2.0, 4.0]))
    points = networks.keypoints(torch.rand(2, 3, 16, 16) * 255)
    expected = torch.tensor([[0.5, -3.0], [0.0, 1.0], [2.0, 4.0]])
    assert torch.equal(points, expected.expand(2, 3, 2))


def test_regressing_from_points_about_the_centre_is_regressing_from_the_numbers(tiny):
    """Fractions minus a half are the numbers times one factor."""
    method = Imm(tiny(bottleneck="vector"), 3, 16)
    method.networks.draw_weights(torch.Generator().manual_seed(0))
    images = torch.from_numpy(draw_discs(4, 16, 9)[0])
    with torch.no_grad():
        numbers = method.networks.eval().keypoints(images.float())
    points = method.detect(images).points
    # Eight places: their outermost centres are 7 / 8 of the image apart.
    assert torch.allclose(points - 0.5, numbers * 7 / 16, atol=1e-6)
    assert numbers.abs().max() > 0


def test_renderer_sees_a_linear_map_of_the_numbers_beside_the_look(networks):
    seen = []
    networks.renderer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    points = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        networks.draw(points, torch.rand(2, 3, 16, 16) * 255)
        weight, bias = networks.spread.weight, networks.spread.bias
        expected = (points.reshape(2, 6) @ weight.T + bias).reshape(2, 3, 8, 8)
    assert torch.allclose(seen[0][:, -3:], expected, atol=1e-6)


def test_gradients_reach_both_layers(networks):
    generator = torch.Generator().manual_seed(2)
    target, source = (torch.rand(4, 3, 16, 16, generator=generator) * 255 for _ in range(2))
    drawn = networks.draw(networks.keypoints(target), source)
    (drawn - target).square().mean().backward()
    for layer in (networks.pose.head, networks.spread):
        assert layer.weight.grad.abs().sum(dim=1).min() > 0
    assert networks.pose.trunk[0].weight.grad.abs().sum() > 0


def test_the_method_learns_to_draw_through_the_vector(tiny):
    run = MemoryRun()
    method = Imm(tiny(bottleneck="vector", steps=60), 4, 16)
    method.fit(discs(64), run)
    losses = [float(scalars["loss"]) for scalars in run.curves]
    assert np.mean(losses[-20:]) < 0.9 * np.mean(losses[:10])
    photos = torch.from_numpy(draw_discs(4, 16, 9)[0])
    points = method.detect(photos).points
    assert points.isfinite().all()
    assert torch.equal(method.reconstruct(photos, points), method.reconstruct(photos))
    fresh = Imm(tiny(bottleneck="vector"), 4, 16)
    fresh.load_state_dict(method.state_dict())
    assert torch.equal(fresh.detect(photos).points, points)
