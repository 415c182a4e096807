"""Landmarks, descriptors and drawing against hand-made maps."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.networks import ChannelMaps, Landmarks, LmdisNetworks

#: The released layers at 80 pixels.
CODE = {"skip_convolutions": (3, 2, 2), "scores": "hourglass"}
LEVELS = ((64,), (128,), (256,), (512,), (512,))
#: The released layers at 128 pixels.
HUMAN = {
    "padded_size": 192,
    "stem_channels": 32,
    "landmark_encoder": LEVELS,
    "landmark_decoder": ((512,), (256,), (128,), (64,), (32,)),
    "feature_encoder": LEVELS,
    "feature_decoder": ((512,), (256,), (128,), (64,), (32,)),
    "image_encoder": LEVELS,
    "image_decoder": ((512,), (256,), (128,), (64,), ()),
    "skip_convolutions": (2, 2, 2),
    "scores": "separate",
    "spread_channels": 64,
}


class Given(nn.Module):
    """Stands for a network that gives always the same."""

    def __init__(self, values):
        super().__init__()
        self.values = values

    def forward(self, images):
        return self.values


def count(module):
    return sum(p.numel() for p in module.parameters())


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("settings", "parts", "size", "parameters", "total"),
    [
        (CODE, 10, 80, (680_769, 4_745_280, 14_367_561, 5_640, 5_696), 19_804_946),
        (CODE, 20, 80, (683_679, 4_745_280, 14_396_361, 10_760, 10_816), 19_846_896),
        (CODE, 30, 80, (686_589, 4_745_280, 14_425_161, 15_880, 15_936), 19_888_846),
        (HUMAN, 16, 128, (14_133_555, 14_132_960, 14_680_488, 4_360, 8_768), 42_960_131),
    ],
)
def test_parameters_are_those_of_the_published_layers(settings, parts, size, parameters, total):
    with torch.device("meta"):
        networks = LmdisNetworks(LmdisRepConfig(**settings), parts, size)
    modules = (networks.detector, networks.features, networks.image, networks.into, networks.out)
    assert tuple(count(module) for module in modules) == parameters
    assert count(networks) == total


@pytest.mark.parametrize(
    ("scores", "kernels", "channels"),
    [("hourglass", [3, 3], [8, 4]), ("further", [3, 1], [4, 4]), ("separate", [3, 1], [8, 4])],
)
def test_scores_come_from_the_hourglass_or_a_convolution_behind_it(
    networks, scores, kernels, channels
):
    made = networks(scores=scores)
    last = [m for m in made.detector.modules() if isinstance(m, nn.Conv2d)][-2:]
    assert [layer.kernel_size[0] for layer in last] == kernels
    assert [layer.out_channels for layer in last] == channels
    assert isinstance(list(made.detector.modules())[-1], nn.BatchNorm2d)


def test_score_scale_is_the_start_of_the_last_norm(networks):
    last = list(networks(score_scale=3.0).detector.modules())[-1]
    assert torch.equal(last.weight, torch.full((4,), 3.0))


def test_colour_scale_is_the_start_of_the_last_norm_of_the_decoder(networks):
    for stem in (0, 4):
        made = networks(colour_scale=2.5, stem_channels=stem)
        norms = [m for m in made.image.modules() if isinstance(m, nn.BatchNorm2d)]
        assert torch.equal(norms[-1].weight, torch.full((3,), 2.5))
        assert torch.equal(norms[-2].weight, torch.ones_like(norms[-2].weight))


# Frames.


def test_edges_are_repeated(networks, batch):
    padded = networks(padding="edge").padded(batch)
    assert padded.shape == (8, 3, 24, 24)
    assert torch.equal(padded[..., 4:20, 4:20], batch)
    assert torch.equal(padded[..., 0, 4:20], batch[..., 0, :])
    assert torch.equal(padded[..., 4:20, 23], batch[..., 15])
    assert torch.equal(padded[..., 0, 0], batch[..., 0, 0])


def test_mean_of_the_edges_counts_corners_twice():
    config = LmdisRepConfig(
        padded_size=8,
        padding="mean_edge",
        landmark_encoder=((2,),),
        landmark_decoder=((2,),),
        feature_encoder=((2,),),
        feature_decoder=((2,),),
        image_encoder=((2,),),
        image_decoder=((2,),),
    )
    image = torch.zeros(1, 3, 4, 4)
    image[:, 0, 0, 0] = 0.8  # a corner: in the upper row and in the left column
    image[:, 1, 0, 1] = 0.8  # in the upper row alone
    image[:, 2, 1, 1] = 0.8  # inside
    padded = LmdisNetworks(config, 2, 4).padded(image)
    assert torch.equal(padded[..., 2:6, 2:6], image)
    border = torch.tensor([2 * 0.8 / 16, 0.8 / 16, 0.0])
    for row, column in ((0, 0), (7, 3), (2, 1), (5, 6)):
        assert torch.allclose(padded[0, :, row, column], border, atol=1e-6)


def test_places_of_the_padded_image_become_places_of_the_image():
    with torch.device("meta"):
        networks = LmdisNetworks(LmdisRepConfig(**CODE), 3, 80)
    assert networks.share == pytest.approx(80 / 96)
    points = torch.tensor([[[0.5, 0.6], [0.0, 1.0]]])
    expected = torch.tensor([[[0.5, 0.62], [-0.1, 1.1]]])
    assert torch.allclose(networks.to_image(points), expected, atol=1e-6)


def test_pixel_keeps_its_place_through_the_border(networks):
    made = networks()
    image = torch.zeros(1, 3, 16, 16)
    image[:, :, 3, 11] = 1.0
    row, column = divmod(int(made.padded(image)[0, 0].argmax()), 24)
    there = torch.tensor([[[(column + 0.5) / 24, (row + 0.5) / 24]]])
    expected = torch.tensor([[[11.5 / 16, 3.5 / 16]]])
    assert torch.allclose(made.to_image(there), expected, atol=1e-6)


# Landmarks.


def found_in(networks, scores):
    networks.detector = Given(scores)
    return networks.landmarks(torch.zeros(len(scores), 3, 24, 24))


def test_softmax_is_taken_over_channels_with_the_background_last(networks):
    scores = torch.randn(2, 4, 24, 24, generator=generator())
    maps = found_in(networks(), scores).maps
    assert torch.allclose(maps.sum(dim=1), torch.ones(2, 24, 24), atol=1e-6)
    expected = scores[1, 2, 5, 7].exp() / scores[1, :, 5, 7].exp().sum()
    assert maps[1, 2, 5, 7].item() == pytest.approx(expected.item(), rel=1e-5)


def test_mean_and_variance_of_two_equal_pixels_by_hand(networks):
    """Columns 4 and 8 of row 6 of 24: the mean is column 6, the variance 2 columns squared."""
    scores = torch.zeros(1, 2, 24, 24)
    scores[0, 0] = -60.0
    scores[0, 0, 6, 4] = scores[0, 0, 6, 8] = 60.0
    found = found_in(networks(parts=1), scores)
    expected = torch.tensor([[[6.5 / 24, 6.5 / 24]]])
    assert torch.allclose(found.points, expected, atol=1e-5)
    assert found.variances[0, 0, 0].item() == pytest.approx((2 / 24) ** 2, rel=1e-3)
    assert found.variances[0, 0, 1].item() < 1e-6


def test_means_and_variances_agree_with_a_naive_sum(networks):
    scores = torch.randn(2, 4, 24, 24, generator=generator()) * 3
    found = found_in(networks(), scores)
    axis = [(i + 0.5) / 24 for i in range(24)]
    weights = found.maps[1, 2].double()
    total = float(weights.sum()) + 1e-6
    x = sum(float(weights[:, i].sum()) * axis[i] for i in range(24)) / total
    y = sum(float(weights[i].sum()) * axis[i] for i in range(24)) / total
    across = sum(float(weights[:, i].sum()) * (axis[i] - x) ** 2 for i in range(24)) / total
    assert found.points[1, 2].tolist() == pytest.approx([x, y], rel=1e-5)
    assert found.variances[1, 2, 0].item() == pytest.approx(across, rel=1e-3)


def test_flat_scores_put_landmarks_at_the_centre(networks):
    found = found_in(networks(), torch.zeros(1, 4, 24, 24))
    assert torch.allclose(found.points, torch.full((1, 3, 2), 0.5), atol=1e-5)
    # The variance of a uniform distribution of 24 places.
    expected = (1 - 1 / 24**2) / 12
    assert found.variances.flatten().tolist() == pytest.approx([expected] * 6, rel=1e-3)


def test_landmark_that_is_nowhere_has_finite_values_and_gradients(networks):
    scores = torch.zeros(1, 4, 24, 24)
    scores[:, 0] = -200.0
    scores.requires_grad_(True)
    found = found_in(networks(), scores)
    (found.points.sum() + found.variances.sqrt().sum()).backward()
    assert found.points.isfinite().all()
    assert scores.grad.isfinite().all()


# Descriptors.


@pytest.mark.parametrize("pooling", ["map", "gaussian"])
def test_descriptors_under_single_pixels_are_the_features_there(networks, pooling):
    made = networks(pooling=pooling)
    features = torch.randn(2, 8, 24, 24, generator=generator())
    made.features = Given(features)
    made.into.bias.data.normal_(generator=generator(1))
    places = [(3, 4), (10, 20), (15, 7), (0, 0)]  # rows and columns; the last is the background's
    maps = torch.zeros(2, 4, 24, 24)
    for channel, (row, column) in enumerate(places):
        maps[:, channel, row, column] = 1.0
    points = torch.tensor([[(c + 0.5) / 24, (r + 0.5) / 24] for r, c in places[:3]]).expand(2, 3, 2)
    found = Landmarks(maps, points, torch.full((2, 3, 2), 1e-8))
    got = made.descriptors(torch.zeros(2, 3, 24, 24), found)
    assert got.shape == (2, 4, 4)
    for channel, (row, column) in enumerate(places):
        own = features[:, :, row, column] @ made.into.weight[channel] + made.into.bias
        assert torch.allclose(got[:, channel], own, atol=1e-4)


def test_gaussian_pools_around_the_landmark_and_the_map_where_it_is(networks):
    """A map at two far pixels: its Gaussian lies between them."""
    features = torch.zeros(1, 8, 24, 24)
    features[:, :, :, 10:14] = 1.0
    maps = torch.zeros(1, 2, 24, 24)
    maps[0, 0, 12, 0] = maps[0, 0, 12, 23] = 1.0
    maps[0, 1] = 1.0
    middle = Landmarks(maps, torch.tensor([[[0.5, 0.5]]]), torch.full((1, 1, 2), 1e-3))
    pooled = {}
    for pooling in ("map", "gaussian"):
        made = networks(parts=1, pooling=pooling)
        made.features = Given(features)
        nn.init.ones_(made.into.weight)
        pooled[pooling] = made.descriptors(torch.zeros(1, 3, 24, 24), middle)[0, :, 0].tolist()
    assert pooled["map"] == pytest.approx([0.0, 8 * 4 / 24], abs=1e-4)
    assert pooled["gaussian"][0] > 8 * 0.9
    assert pooled["gaussian"][1] == pytest.approx(8 * 4 / 24, abs=1e-4)


def test_every_channel_has_its_own_matrix_and_all_share_one_bias():
    maps = ChannelMaps(3, 4, 2)
    nn.init.normal_(maps.weight, generator=generator())
    nn.init.normal_(maps.bias, generator=generator(1))
    assert count(maps) == 3 * 4 * 2 + 2
    values = torch.randn(5, 3, 4, generator=generator(2))
    got = maps(values)
    for channel in range(3):
        expected = F.linear(values[:, channel], maps.weight[channel].T, maps.bias)
        assert torch.allclose(got[:, channel], expected, atol=1e-6)


def test_matrices_start_uniform_by_xavier_whatever_the_number_of_landmarks():
    for parts in (3, 30):
        with torch.device("cpu"):
            networks = LmdisNetworks(LmdisRepConfig(**CODE), parts, 80)
        networks.draw_weights(generator())
        limit = math.sqrt(6 / (64 + 8))
        for maps in (networks.into, networks.out):
            assert 0.95 * limit < maps.weight.abs().max() <= limit
            assert not maps.bias.any()


# Drawing.


@pytest.mark.parametrize(
    ("density", "expected"),
    [
        ("paper", [10.186, 5.093, 2.546, 1.273, 0.637]),
        ("code", [0.102, 0.0255, 0.0064, 0.0016, 0.0004]),
    ],
)
def test_peaks_of_redrawn_landmarks_over_the_background(density, expected):
    with torch.device("meta"):
        networks = LmdisNetworks(LmdisRepConfig(**CODE, redrawn_density=density), 1, 80)
    # The centre of a pixel, so that the map reaches its peak.
    points = torch.tensor([[[40.5 / 80, 20.5 / 80]]])
    for width, ratio in zip(networks.config.redrawn_widths, expected, strict=True):
        maps = networks.redrawn(points, width)
        assert maps.shape == (1, 2, 80, 80)
        got = (maps[0, 0, 20, 40] / maps[0, 1, 20, 40]).item()
        assert got == pytest.approx(ratio, rel=1e-2, abs=3e-5)


@pytest.mark.parametrize("density", ["paper", "code"])
def test_redrawn_maps_agree_with_a_naive_loop(networks, density):
    made = networks(redrawn_density=density)
    points = torch.rand(1, 3, 2, generator=generator()) * 1.4 - 0.2
    maps = made.redrawn(points, 0.2)
    peak = 1 / (2 * math.pi * 0.04)
    if density == "code":
        peak = 1 / ((2 * math.pi * 0.04**2 + 1e-6) * 256)
    for row in range(16):
        for column in range(16):
            v, u = (row + 0.5) / 16, (column + 0.5) / 16
            scores = [
                peak * math.exp(-((u - x) ** 2 + (v - y) ** 2) / 0.08)
                for x, y in points[0].tolist()
            ]
            total = sum(scores) + 1.0
            expected = [score / total for score in (*scores, 1.0)]
            assert maps[0, :, row, column].tolist() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("active", [True, False])
def test_decoder_sees_first_all_maps_and_then_the_features_spread_under_them(networks, active):
    made = networks(descriptor_activation=active)
    seen = []
    made.image.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    points = torch.rand(2, 3, 2, generator=generator())
    descriptors = torch.randn(2, 4, 4, generator=generator(1))
    drawn = made.draw(points, descriptors)
    assert drawn.shape == (2, 3, 16, 16)
    assert 0 < drawn.min() < drawn.max() < 1
    maps = [made.redrawn(points, width) for width in (0.1, 0.2)]
    features = made.out(descriptors)
    if active:
        features = torch.where(features > 0, features, 0.2 * features)
    spread = [sum(m[:, k, None] * features[:, k, :, None, None] for k in range(4)) for m in maps]
    assert torch.allclose(seen[0], torch.cat((*maps, *spread), dim=1), atol=1e-5)


def test_landmarks_beyond_the_image_can_be_drawn(networks):
    drawn = networks().draw(torch.full((1, 3, 2), 1.3), torch.zeros(1, 4, 4))
    assert drawn.isfinite().all()


def test_stem_halves_the_side_of_maps_and_the_decoder_doubles_it_again(networks):
    made = networks(stem_channels=6)
    images = torch.rand(2, 3, 16, 16, generator=generator())
    found = made.landmarks(made.padded(images))
    assert found.maps.shape == (2, 4, 12, 12)
    assert made.redrawn(found.points, 0.1).shape == (2, 4, 8, 8)
    drawn = made.draw(found.points, made.descriptors(made.padded(images), found))
    assert drawn.shape == (2, 3, 16, 16)


# Sizes.


@pytest.mark.parametrize(
    ("changes", "parts", "size", "message"),
    [
        ({}, 3, 100, "padded_size 96 is smaller than the image, 100; set it to about 120"),
        ({"padded_size": 92}, 3, 80, "padded_size 92 cannot be halved 3 times .*landmark_encoder"),
        ({}, 3, 72, "image_size 72 cannot be halved 4 times .*image_encoder.* is 32"),
        ({"padded_size": 95}, 3, 80, "an odd border of 15 pixels; set padded_size to 96"),
        ({"padded_size": 48, "stem_channels": 4}, 3, 32, "image_size 32 cannot be halved 5 times"),
        ({}, 3000, 80, "3000 keypoints do not fit on a map of 96 x 96 pixels"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(changes, parts, size, message):
    with torch.device("meta"), pytest.raises(ConfigError, match=f"lmdis_rep: .*{message}"):
        LmdisNetworks(LmdisRepConfig(**changes), parts, size)


def test_same_generator_draws_the_same_weights_and_leaves_the_global_state(tiny):
    before = torch.random.get_rng_state()
    states = []
    for seed in (1, 1, 2):
        networks = LmdisNetworks(tiny(), 3, 16)
        networks.draw_weights(generator(seed))
        states.append(networks.state_dict())
    assert torch.equal(torch.random.get_rng_state(), before)
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(states[0]["into.weight"], states[2]["into.weight"])
