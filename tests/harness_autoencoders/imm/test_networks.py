"""The layers against the printed lists, and the bottleneck against hand-made numbers."""

import math

import pytest
import torch
from torch import nn

from harness.errors import ConfigError
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.networks import ImmNetworks, Renderer, Trunk, blocks_of, context

#: A map of four places along an axis, from -1 to 1.
AXIS = (-1.0, -1 / 3, 1 / 3, 1.0)


class Given(nn.Module):
    """Stands for a network that gives always the same."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def forward(self, images):
        return self.values


def count(module):
    return sum(p.numel() for p in module.parameters())


def networks_of(config, parts=3, size=None, seed=0):
    networks = ImmNetworks(config, parts, size or 2 * config.map_size)
    networks.draw_weights(torch.Generator().manual_seed(seed))
    return networks


@pytest.mark.parametrize(
    ("parts", "channels", "expected"),
    [
        (10, 9, 4_138_067),
        (10, 3, 4_136_333),
        (30, 9, 4_189_287),
        (30, 3, 4_187_553),
        (50, 9, 4_240_507),
        (50, 3, 4_238_773),
    ],
)
def test_parameters_are_those_of_the_published_layers(parts, channels, expected):
    with torch.device("meta"):
        assert count(ImmNetworks(ImmConfig(output_channels=channels), parts, 128)) == expected


def test_parameters_are_split_as_in_the_published_layers():
    with torch.device("meta"):
        networks = ImmNetworks(ImmConfig(output_channels=9), 10, 128)
    trunks = (networks.appearance, networks.pose.trunk)
    assert [count(trunk) for trunk in trunks] == [1_178_016, 1_178_016]
    assert count(networks.pose.head) == 2_570
    assert count(networks.renderer) == 1_779_465
    running = [b for name, b in networks.named_buffers() if "running" in name]
    assert sum(b.numel() for b in running) == 5_696


@pytest.mark.parametrize("size", [32, 64, 128])
def test_trunk_ends_at_the_map_size_and_doubles_its_channels_with_every_halving(size):
    config = ImmConfig()
    blocks = blocks_of(config, 10, size)
    with torch.device("meta"):
        maps = Trunk(config, blocks)(torch.empty(1, 3, size, size))
    assert maps.shape == (1, 2 * size, 16, 16)


def test_renderer_halves_its_channels_down_to_the_floor():
    with torch.device("meta"):
        renderer = Renderer(ImmConfig(), 10, 4)
        wide = Renderer(ImmConfig(filters=8), 10, 4)
    widths = [layer.out_channels for layer in renderer if isinstance(layer, nn.Conv2d)]
    assert widths == [256, 256, 128, 128, 64, 64, 32, 3]
    narrow = [layer.out_channels for layer in wide if isinstance(layer, nn.Conv2d)]
    assert narrow == [64, 64, 32, 32, 16, 16, 8, 3]
    assert renderer[0].in_channels == 256 + 10


def test_last_layer_has_neither_norm_nor_activation():
    renderer = Renderer(ImmConfig(), 10, 4)
    assert isinstance(renderer[-1], nn.Conv2d)
    assert isinstance(renderer[-2], nn.ReLU)


@pytest.mark.parametrize("upsampling", ["bilinear", "nearest"])
@pytest.mark.parametrize("context", [0, 2])
def test_every_kind_draws_images_of_the_right_size(tiny, upsampling, context):
    networks = networks_of(tiny(upsampling=upsampling, context_blocks=context))
    images = torch.rand(2, 3, 16, 16) * 255
    points = networks.keypoints(images)
    assert points.shape == (2, 3, 2)
    assert networks.draw(points, images).shape == (2, 3, 16, 16)


def test_context_adds_what_wider_maps_say(tiny):
    wider = context(tiny(context_blocks=2), 4)
    maps = torch.randn(2, 4, 8, 8)
    for parameter in wider.parameters():
        nn.init.zeros_(parameter)
    assert torch.equal(wider(maps), maps)
    assert [block[0].out_channels for block in wider.down] == [8, 16]


@pytest.mark.parametrize(("marginals", "rise"), [("sum", 4.0), ("mean", 1.0)])
def test_keypoints_are_mean_places_under_the_softmax_of_the_marginals(tiny, marginals, rise):
    networks = networks_of(tiny(marginals=marginals), parts=2)
    scores = torch.zeros(1, 2, 4, 4)
    scores[0, 0, :, 3] = 1.0  # a column: its marginal is 4 by the sum and 1 by the mean
    scores[0, 1, 1, :] = 1.0  # a row
    networks.pose = Given(scores)
    points = networks.keypoints(torch.zeros(1, 3, 16, 16))
    weights = [math.exp(rise) if i == 3 else 1.0 for i in range(4)]
    column = sum(w * a for w, a in zip(weights, AXIS, strict=True)) / sum(weights)
    weights = [math.exp(rise) if i == 1 else 1.0 for i in range(4)]
    row = sum(w * a for w, a in zip(weights, AXIS, strict=True)) / sum(weights)
    expected = torch.tensor([[[column, 0.0], [0.0, row]]])
    assert torch.allclose(points, expected, atol=1e-6)


def test_flat_scores_put_keypoints_at_the_centre(tiny):
    networks = networks_of(tiny())
    networks.pose = Given(torch.full((2, 3, 8, 8), 0.7))
    assert networks.keypoints(torch.zeros(2, 3, 16, 16)).abs().max() < 1e-6


def redrawn_maps(config, points, parts):
    """What the renderer sees behind the look."""
    networks = networks_of(config, parts=parts)
    seen = []
    networks.renderer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    images = torch.rand(len(points), 3, 2 * config.map_size, 2 * config.map_size) * 255
    with torch.no_grad():
        networks.draw(points, images)
        look = networks.appearance(images)
    assert torch.allclose(seen[0][:, :-parts], look, atol=1e-5)
    return seen[0][:, -parts:].detach()


@pytest.mark.parametrize(("halved", "neighbour"), [(True, 0.41111), (False, 0.16901)])
def test_keypoint_on_a_place_has_height_one_and_its_neighbours_the_papers_value(halved, neighbour):
    """The spacing of 16 places is 2 / 15: exp(-(2/15)^2 / 0.02) and its square."""
    config = ImmConfig(filters=4, halved_exponent=halved)
    points = torch.tensor([[[-1.0 + 2 * 5 / 15, -1.0 + 2 * 9 / 15]]])
    maps = redrawn_maps(config, points, 1)[0, 0]
    assert maps[9, 5] == pytest.approx(1.0, abs=1e-5)
    for row, column in ((9, 4), (9, 6), (8, 5), (10, 5)):
        assert maps[row, column] == pytest.approx(neighbour, abs=1e-4)


@pytest.mark.parametrize("halved", [True, False])
def test_redrawn_maps_agree_with_a_naive_loop(tiny, halved):
    config = tiny(halved_exponent=halved, sigma=0.3)
    points = torch.rand(2, 3, 2, generator=torch.Generator().manual_seed(1)) * 2.4 - 1.2
    maps = redrawn_maps(config, points, 3)
    for image in range(2):
        for part in range(3):
            x, y = points[image, part].tolist()
            for row in range(8):
                for column in range(8):
                    across, down = -1 + 2 * column / 7 - x, -1 + 2 * row / 7 - y
                    exponent = (across**2 + down**2) / 0.09 / (2 if halved else 1)
                    assert maps[image, part, row, column] == pytest.approx(
                        math.exp(-exponent), abs=1e-5
                    )


def test_output_is_scaled_about_its_offset(tiny):
    networks = networks_of(tiny(output_scale=10.0, output_offset=100.0))
    nn.init.zeros_(networks.renderer[-1].weight)
    nn.init.constant_(networks.renderer[-1].bias, 0.5)
    drawn = networks.draw(torch.zeros(1, 3, 2), torch.zeros(1, 3, 16, 16))
    assert torch.allclose(drawn, torch.full((1, 3, 16, 16), 105.0))


def test_gradients_reach_every_parameter_but_biases_that_cancel(tiny):
    """A norm takes away the bias in front of it, a softmax that of all its scores."""
    networks = networks_of(tiny(context_blocks=1)).double()
    generator = torch.Generator().manual_seed(2)
    target, source = (
        torch.rand(4, 3, 16, 16, generator=generator).double() * 255 for _ in range(2)
    )
    drawn = networks.draw(networks.keypoints(target), source)
    (drawn - target).square().mean().backward()
    modules = dict(networks.named_modules())
    useless = {"pose.head.bias"}
    for name, module in modules.items():
        parent, _, place = name.rpartition(".")
        if isinstance(module, nn.Conv2d) and place.isdigit():
            following = modules.get(f"{parent}.{int(place) + 1}")
            if isinstance(following, nn.BatchNorm2d):
                useless.add(f"{name}.bias")
    without = {name for name, value in networks.named_parameters() if value.grad.abs().max() < 1e-9}
    assert without == useless


def test_only_three_of_nine_output_channels_have_a_gradient(tiny):
    networks = networks_of(tiny(output_channels=9))
    drawn = networks.draw(torch.zeros(2, 3, 2), torch.rand(2, 3, 16, 16) * 255)
    drawn.square().mean().backward()
    gradient = networks.renderer[-1].weight.grad
    assert gradient[:3].abs().sum() > 0
    assert torch.equal(gradient[3:], torch.zeros_like(gradient[3:]))


@pytest.mark.parametrize("kind", ["normal", "truncated"])
def test_start_weights_have_deviation_one_hundredth(kind):
    networks = networks_of(ImmConfig(initial_weights=kind), parts=10, size=32)
    weights = torch.cat([p.detach().flatten() for p in networks.parameters() if p.dim() == 4])
    # A normal cut at two deviations has 0.8796 of its deviation.
    expected = 0.01 * (1.0 if kind == "normal" else 0.8796)
    assert weights.std() == pytest.approx(expected, rel=0.01)
    assert (weights.abs().max() <= 0.02) == (kind == "truncated")
    convolutions = [m for m in networks.modules() if isinstance(m, nn.Conv2d)]
    assert all(not m.bias.any() for m in convolutions)


def test_kaiming_weights_keep_the_variance_through_a_relu(tiny):
    networks = networks_of(tiny(filters=32))
    weight = networks.renderer[0].weight.detach()
    assert weight.std() == pytest.approx(math.sqrt(2 / weight[0].numel()), rel=0.02)


@pytest.mark.parametrize("kind", ["normal", "truncated", "kaiming"])
def test_keypoints_start_near_the_centre(tiny, kind):
    networks = networks_of(tiny(initial_weights=kind))
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 255
    with torch.no_grad():
        assert networks.keypoints(images).abs().max() < 0.1


def test_same_generator_draws_the_same_weights_and_leaves_the_global_state(tiny):
    before = torch.random.get_rng_state()
    first, again, other = (networks_of(tiny(), seed=seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["pose.head.weight"], other["pose.head.weight"])


@pytest.mark.parametrize(
    ("changes", "parts", "size", "message"),
    [
        ({}, 3, 80, "imm: image_size 80 is not map_size 16 times 2, 4, 8"),
        ({}, 3, 16, "the smallest image is 32 pixels wide"),
        ({"map_size": 6, "context_blocks": 2}, 3, 24, "map_size 6 cannot be halved 2 times"),
        ({"map_size": 4}, 17, 16, "17 keypoints do not fit on a map of 4 x 4 places"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, parts, size, message):
    with pytest.raises(ConfigError, match=message):
        ImmNetworks(ImmConfig(**changes), parts, size)


def test_as_many_keypoints_as_places_are_allowed():
    assert ImmNetworks(ImmConfig(map_size=4, filters=2), 16, 16).pose.head.out_channels == 16
