"""Mapping, synthesis and truncation."""

import pytest
import torch
from torch.nn import functional as F

from harness_gans.stylegan2.config import StyleGan2Config
from harness_gans.stylegan2.generator import Generator, Mapping
from harness_gans.stylegan2.weights import draw_weights


def count(network):
    return sum(p.numel() for p in network.parameters())


def latents(number, size=6, seed=3):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(number, size, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(
    ("size", "changes", "expected"),
    [
        (1024, {}, 30_370_060),
        (256, {}, 30_034_338),
        (64, {"channel_base": 16384}, 23_819_544),
    ],
)
def test_parameters_are_as_many_as_in_the_official_generator(size, changes, expected):
    with torch.device("meta"):
        assert count(Generator(StyleGan2Config(**changes), size)) == expected


def test_layers_take_the_latents_of_the_official_generator():
    with torch.device("meta"):
        synthesis = Generator(StyleGan2Config(), 1024).synthesis
    assert synthesis.inputs == 18
    assert synthesis.sides == [4] + [
        side for side in (8, 16, 32, 64, 128, 256, 512, 1024) * 1 for _ in range(2)
    ]
    assert StyleGan2Config().channels(1024) == [512, 512, 512, 512, 512, 256, 128, 64, 32]


def test_mapping_does_not_see_the_length_of_z():
    mapping = Mapping(6, 7, 3).double()
    z = latents(4)
    assert torch.allclose(mapping(z), mapping(5.0 * z), atol=1e-6)


def test_mapping_by_hand():
    mapping = Mapping(2, 1, 1).double()
    with torch.no_grad():
        mapping.layers[0].weight.copy_(torch.tensor([[100.0, -200.0]]))
        mapping.layers[0].bias.fill_(50.0)
    # z = (3, 4) becomes (0.848528, 1.131371); (0.848528 - 2.262742) / root 2 + 0.5 = -0.5
    got = mapping(torch.tensor([[3.0, 4.0]], dtype=torch.float64))
    assert got.item() == pytest.approx(-0.5 * 0.2 * 2**0.5, abs=1e-6)


def test_synthesis_is_the_sum_of_doubled_colours(tiny, drawn_generator):
    """Layer by layer, at 8 pixels, with the inputs that the published table names."""
    network = drawn_generator(tiny(), 8).synthesis
    w = latents(2, 4 * 7).view(2, 4, 7)
    noise = network.own_noise()
    maps = network.start.expand(2, -1, -1, -1)
    maps = network.layers[0](maps, w[:, 0], noise[0])
    small = network.colours[0](maps, w[:, 1])
    maps = network.layers[1](maps, w[:, 1], noise[1])
    maps = network.layers[2](maps, w[:, 2], noise[2])
    large = network.colours[1](maps, w[:, 3])
    padded = F.pad(small, (1, 1, 1, 1))
    # The filter between pixels is linear interpolation with zeros around.
    rows = torch.stack(
        [
            0.25 * padded[:, :, :-2] + 0.75 * padded[:, :, 1:-1],
            0.75 * padded[:, :, 1:-1] + 0.25 * padded[:, :, 2:],
        ],
        dim=3,
    ).flatten(2, 3)
    both = torch.stack(
        [
            0.25 * rows[..., :-2] + 0.75 * rows[..., 1:-1],
            0.75 * rows[..., 1:-1] + 0.25 * rows[..., 2:],
        ],
        dim=4,
    ).flatten(3, 4)
    assert torch.allclose(network(w), both + large, atol=1e-10)


def test_one_w_for_all_layers_is_the_same_w_for_each(tiny, drawn_generator):
    network = drawn_generator(tiny())
    w = network.mapping(latents(3))
    assert network.synthesis.inputs == 6
    each = w[:, None].repeat(1, 6, 1)
    assert torch.allclose(network.synthesis(w), network.synthesis(each), atol=1e-12)
    each[:, 4] += 1.0
    assert not torch.allclose(network.synthesis(w), network.synthesis(each))


def test_images_are_the_same_again_and_in_any_batch(tiny, drawn_generator):
    network = drawn_generator(tiny())
    images = network(latents(3))
    assert images.shape == (3, 3, 16, 16)
    assert torch.equal(images, network(latents(3)))
    assert torch.allclose(images[1:2], network(latents(3)[1:2]), atol=1e-12)


def test_noise_changes_images_only_where_there_is_noise(tiny, drawn_generator):
    network = drawn_generator(tiny())
    noise = network.synthesis.drawn_noise(2, torch.Generator().manual_seed(5))
    assert [tuple(each.shape[1:]) for each in noise] == [(1, s, s) for s in (4, 8, 8, 16, 16)]
    doubles = [each.double() for each in noise]
    assert not torch.allclose(network(latents(2)), network(latents(2), noise=doubles))
    silent = drawn_generator(tiny(noise=False))
    assert silent.synthesis.drawn_noise(2, torch.Generator()) == []
    assert not any("loudness" in name or "noise" in name for name in silent.state_dict())
    assert torch.equal(silent(latents(2)), silent(latents(2), noise=doubles))


def test_truncation_by_hand(tiny, drawn_generator):
    network = drawn_generator(tiny(style_size=2))
    network.mean.copy_(torch.tensor([1.0, 1.0]))
    w = torch.tensor([[3.0, -1.0]], dtype=torch.float64)
    assert network.truncated(w, 0.8)[0].tolist() == pytest.approx([2.6, -0.6])
    assert torch.equal(network.truncated(w, 1.0), w)
    assert network.truncated(w, 0.0)[0].tolist() == [1.0, 1.0]
    some = network.truncated(w, 0.0, layers=2)
    assert some[0].tolist() == [[1.0, 1.0]] * 2 + [[3.0, -1.0]] * 4
    assert torch.equal(network.truncated(some, 0.5, layers=6)[:, :2], some[:, :2])


def test_truncated_images_come_from_truncated_latents(tiny, drawn_generator):
    network = drawn_generator(tiny())
    pulled = network.mean + 0.7 * (network.mapping(latents(2)) - network.mean)
    assert torch.allclose(network(latents(2), 0.7), network.synthesis(pulled), atol=1e-12)


def test_mean_follows_slowly_and_starts_at_the_measured_one(tiny):
    network = Generator(tiny(), 16)
    draw_weights(network, torch.Generator().manual_seed(1))
    with torch.no_grad():
        w = network.mapping(torch.randn(20_000, 6, generator=torch.Generator().manual_seed(9)))
    assert torch.allclose(network.mean, w.mean(dim=0), atol=0.03)
    before = network.mean.clone()
    network.follow(before + torch.full((4, 7), 2.0))
    assert torch.allclose(network.mean, before + 0.01, atol=1e-6)


def test_gradients_reach_every_weight_and_the_latents(tiny, drawn_generator):
    network = drawn_generator(tiny())
    z = latents(3).requires_grad_()
    network(z, 0.9).square().sum().backward()
    assert z.grad.abs().min() > 0
    for name, value in network.named_parameters():
        assert value.grad is not None, name
        assert value.grad.abs().max() > 0, name


def test_drawn_weights_depend_on_their_source_alone(tiny):
    def drawn(seed):
        network = Generator(tiny(), 16)
        draw_weights(network, torch.Generator().manual_seed(seed))
        return network.state_dict()

    torch.rand(3)
    first, again, other = drawn(1), drawn(1), drawn(2)
    for name, value in first.items():
        assert torch.equal(value, again[name]), name
    assert not torch.equal(first["synthesis.noise_4"], other["synthesis.noise_4"])
