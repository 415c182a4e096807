"""The detector: networks, losses by hand, and how its maps are read."""

import math

import pytest
import torch

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.detector import (
    ResNetDetector,
    build_detector,
    confidence,
    detector_loss,
    draw_detector,
    heat,
    places,
)
from harness_gans.latent_keypoint_gan.spatial_embedding import keypoint_heatmaps


def seeded():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("depth", [18, 50])
def test_resnet_gives_a_map_a_keypoint_at_a_quarter_of_the_side(depth):
    with torch.device("meta"):
        network = build_detector(LatentKeypointGanConfig(detector_depth=depth), 10)
        assert network(torch.zeros(2, 3, 128, 128)).shape == (2, 10, 32, 32)
    layers = [m for m in network.head if isinstance(m, torch.nn.ConvTranspose2d)]
    assert [layer.in_channels for layer in layers] == [512 if depth == 18 else 2048, 256, 256]


def test_start_weights_depend_on_the_generator_alone():
    states = []
    for _ in range(2):
        network = ResNetDetector(3, 18)
        draw_detector(network, seeded())
        states.append(network.state_dict())
    for name, value in states[0].items():
        assert torch.equal(value, states[1][name]), name
    assert states[0]["head.0.weight"].std().item() == pytest.approx(0.001, rel=0.05)


def test_heatmap_loss_is_the_mean_squared_error_at_the_maps_own_side(tiny):
    config = tiny(detector_loss="heatmap", grid="centres", tau=0.5)
    points = torch.tensor([[[0.25, -0.25]]])
    wanted = keypoint_heatmaps(points, 4, 0.5, "centres")
    maps = wanted.clone()
    assert detector_loss(config, maps, points).item() == pytest.approx(0.0, abs=1e-12)
    maps[0, 0, 0, 0] += 0.8
    assert detector_loss(config, maps, points).item() == pytest.approx(0.64 / 16)


def test_cross_entropy_is_least_at_the_normalised_heatmap(tiny):
    config = tiny(detector_loss="cross_entropy", grid="centres", tau=0.3, detector_point_weight=2.0)
    points = torch.tensor([[[0.0, 0.0]]])
    shares = keypoint_heatmaps(points, 8, 0.3, "centres")
    shares = shares / shares.sum()
    entropy = -(shares * shares.log()).sum().item()
    assert detector_loss(config, shares.log(), points).item() == pytest.approx(entropy, rel=1e-4)
    # A flat map: log 64 nats, and its mean place is the centre, .5 away in x alone.
    aside = torch.tensor([[[0.5, 0.0]]])
    flat = torch.zeros(1, 1, 8, 8)
    expected = math.log(64) + 2.0 * 0.25
    assert detector_loss(config, flat, aside).item() == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("loss", ["heatmap", "cross_entropy"])
@pytest.mark.parametrize("grid", ["printed", "corners", "centres"])
def test_keypoints_are_read_where_the_heatmaps_put_them(tiny, grid, loss):
    points = torch.tensor([[[0.25, -0.5], [-0.3125, 0.1875]]])
    for read_out, tolerance in (("mean", 1e-3), ("peak", 1 / 16 + 1e-6)):
        config = tiny(grid=grid, tau=0.02, detector_loss=loss, read_out=read_out)
        maps = keypoint_heatmaps(points, 32, 0.02, grid)
        maps = maps.clamp_min(1e-30).log() if loss == "cross_entropy" else maps
        assert (places(config, maps) - points).abs().max().item() < tolerance


def test_peaks_are_pixels_and_means_lie_between_them(tiny):
    maps = torch.zeros(1, 1, 4, 4)
    maps[0, 0, 1, 2], maps[0, 0, 1, 3] = 0.6, 0.2
    config = tiny(grid="centres", read_out="peak")
    assert places(config, maps).tolist() == [[[0.25, -0.25]]]
    config = tiny(grid="centres", read_out="mean")
    expected = torch.tensor([[[(0.6 * 0.25 + 0.2 * 0.75) / 0.8, -0.25]]])
    assert torch.allclose(places(config, maps), expected, atol=1e-5)


def test_negative_heat_counts_nothing_and_an_empty_map_gives_the_centre(tiny):
    config = tiny(grid="centres")
    maps = torch.full((1, 2, 4, 4), -1.0)
    maps[0, 1, 0, 0] = 0.5
    assert heat(config, maps).sum(dim=(2, 3)).flatten().tolist() == pytest.approx([1.0, 1.0])
    found = places(config, maps)[0]
    assert found[0].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert found[1].tolist() == pytest.approx([-0.75, -0.75], abs=1e-5)


def test_confidence_is_one_for_what_the_loss_asks_for_and_small_for_a_flat_map(tiny):
    points = torch.tensor([[[1 / 32, 1 / 32]]])
    for loss in ("heatmap", "cross_entropy"):
        config = tiny(grid="centres", tau=0.02, detector_loss=loss)
        wanted = keypoint_heatmaps(points, 32, 0.02, "centres")
        maps = wanted if loss == "heatmap" else wanted.clamp_min(1e-30).log()
        assert confidence(config, maps).item() == pytest.approx(1.0, abs=0.01)
        assert confidence(config, torch.zeros(1, 1, 32, 32)).item() < 0.1
        assert confidence(config, 5 * maps).max() <= 1
