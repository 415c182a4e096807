"""The detector's maps, its layers, and the sizes it refuses."""

import pytest
import torch
from torch import nn

from harness.errors import ConfigError
from harness_autoencoders.thewlis.config import ThewlisConfig
from harness_autoencoders.thewlis.method import pair_losses
from harness_autoencoders.thewlis.networks import Detector, check_sizes, mean_points
from harness_autoencoders.thewlis.pairs import warped_pair


@pytest.fixture
def small(tiny):
    return lambda **changes: tiny(
        **{"halvings": 1, "context_blocks": 1, "margin_pixels": 2, **changes}
    )


def detector(config, parts=3, size=16):
    network = Detector(config, parts, size)
    network.draw_weights(torch.Generator().manual_seed(0))
    return network


def test_maps_are_probabilities_at_the_halved_size(small):
    maps = detector(small())(torch.rand(2, 3, 16, 16))
    assert maps.shape == (2, 3, 8, 8)
    assert torch.allclose(maps.sum(dim=(2, 3)), torch.ones(2, 3), atol=1e-5)
    assert (maps > 0).all()


def test_context_takes_sides_that_cannot_be_halved(small):
    network = detector(small(context_blocks=2), size=20)
    assert network(torch.rand(2, 3, 22, 14)).shape == (2, 3, 11, 7)


def test_mean_place_is_the_middle_of_two_equal_pixels():
    maps = torch.zeros(1, 1, 2, 4)
    maps[0, 0, 0, 1] = maps[0, 0, 1, 2] = 0.5
    assert mean_points(maps).tolist() == [[[0.5, 0.5]]]
    maps[0, 0, 1, 2], maps[0, 0, 0, 1] = 0.0, 1.0
    assert mean_points(maps).tolist() == [[[0.375, 0.25]]]


def test_gradients_reach_every_parameter(small):
    config = small()
    network = detector(config).double()
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(4, 3, 16, 16, generator=generator, dtype=torch.float64)
    pair = warped_pair(images, config, generator)
    losses = pair_losses(config, network(pair.views), pair)
    for loss in losses.values():
        network.zero_grad()
        loss.backward(retain_graph=True)
        dead = [
            name
            for name, p in network.named_parameters()
            # A bias of the last convolution moves all places of a softmax alike.
            if name != "head.bias" and not (p.grad.isfinite().all() and p.grad.abs().max() > 0)
        ]
        assert dead == []


def test_paper_network_has_the_papers_layers():
    network = Detector(ThewlisConfig(), 10, 100)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [20, 48, 64, 80, 256, 10]
    assert convolutions[0].kernel_size == (5, 5)
    assert convolutions[-1].kernel_size == (1, 1)
    assert isinstance(network.body[3], nn.MaxPool2d)
    assert sum(isinstance(m, nn.MaxPool2d) for m in network.modules()) == 1
    assert sum(isinstance(m, nn.BatchNorm2d) for m in network.modules()) == 5
    assert network(torch.rand(1, 3, 100, 100)).shape == (1, 10, 50, 50)


def test_building_a_detector_leaves_the_global_random_state(small):
    before = torch.get_rng_state()
    Detector(small(), 3, 16)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("changes", "parts", "size", "message"),
    [
        ({}, 3, 10, "image_size 10 is too small .* the smallest is 12"),
        ({"margin_pixels": 5}, 3, 16, "image_size 16 is too small .* the smallest is 18"),
        ({"context_blocks": 3}, 3, 30, "3 context_blocks .* the smallest is 36"),
        ({}, 3, 17, "image_size 17 and the 13 pixels .* multiples of 2"),
        ({"halvings": 2, "margin_pixels": 1}, 3, 20, "the 18 pixels .* multiples of 4"),
        ({}, 10, 16, "10 landmarks do not fit into 9 windows of 2 x 2"),
    ],
)
def test_sizes_that_do_not_fit_together_are_refused(small, changes, parts, size, message):
    with pytest.raises(ConfigError, match=message):
        Detector(small(**changes), parts, size)


def test_as_many_landmarks_as_windows_are_taken(small):
    check_sizes(small(), 9, 16)
    check_sizes(small(), 3, 12)
