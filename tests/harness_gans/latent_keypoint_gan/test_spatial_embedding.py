"""Heatmaps by hand, and the factorised style map against the explicit one."""

import math

import pytest
import torch

from harness_gans.latent_keypoint_gan.keypoint_generator import Latents
from harness_gans.latent_keypoint_gan.spatial_embedding import (
    StyleMap,
    foreground,
    fractions_to_points,
    keypoint_heatmaps,
    pixel_coordinates,
    points_to_fractions,
)

GRIDS = ("printed", "corners", "centres")
WIDE = torch.zeros(0, dtype=torch.float64)


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ("printed", [-0.5, 0.0, 0.5, 1.0]),
        ("corners", [-1.0, -1 / 3, 1 / 3, 1.0]),
        ("centres", [-0.75, -0.25, 0.25, 0.75]),
    ],
)
def test_coordinates_of_four_pixels(grid, expected):
    assert pixel_coordinates(4, grid, like=WIDE).tolist() == pytest.approx(expected)


@pytest.mark.parametrize("grid", GRIDS)
def test_pixels_are_their_fractions_in_every_convention(grid):
    for side in (4, 32):
        along = pixel_coordinates(side, grid, like=WIDE)
        fractions = points_to_fractions(along, side, grid)
        assert torch.allclose(fractions, (torch.arange(side, dtype=torch.float64) + 0.5) / side)
        assert torch.allclose(fractions_to_points(fractions, side, grid), along)


def test_heatmaps_of_equation_2_by_hand():
    # Columns at -.75, -.25, .25, .75; the keypoint lies on the third, in the second row.
    points = torch.tensor([[[0.25, -0.25]]], dtype=torch.float64)
    heatmap = keypoint_heatmaps(points, 4, 0.5, "centres")[0, 0]
    assert heatmap[1, 2].item() == 1.0
    assert heatmap[1, 3].item() == pytest.approx(math.exp(-(0.5**2) / 0.5))
    assert heatmap[3, 0].item() == pytest.approx(math.exp(-(1.0**2 + 1.0**2) / 0.5))
    assert heatmap[0, 2].item() == pytest.approx(math.exp(-(0.5**2) / 0.5))


def test_heatmaps_have_the_same_width_at_every_side():
    points = torch.zeros(1, 1, 2, dtype=torch.float64)
    small, large = (keypoint_heatmaps(points, side, 0.04, "corners") for side in (5, 9))
    assert torch.allclose(small[0, 0], large[0, 0, ::2, ::2])


def test_background_is_one_minus_the_largest_heatmap_not_their_sum():
    heatmaps = torch.tensor([[[[0.7, 0.0]], [[0.6, 0.25]]]])
    assert torch.allclose(1.0 - foreground(heatmaps), torch.tensor([[[[0.3, 0.75]]]]))


def test_gradient_of_the_background_reaches_the_nearest_keypoint_alone():
    points = torch.tensor([[[-0.75, 0.0], [0.5, 0.0]]], dtype=torch.float64, requires_grad=True)
    foreground(keypoint_heatmaps(points, 4, 0.1, "centres"))[..., 3].sum().backward()
    assert points.grad[0, 0].tolist() == [0.0, 0.0]
    assert points.grad[0, 1, 0].abs() > 0.1


def latents_and_layer(keypoints, partners, background, outputs=7, size=5, poses=3):
    source = torch.Generator().manual_seed(0)

    def random(*shape):
        values = torch.randn(*shape, generator=source, dtype=torch.float64)
        return values.requires_grad_()

    layer = torch.nn.Conv2d((keypoints + background) * size, outputs, 3, padding=1).double()
    points = random(poses, keypoints, 2)
    # One keypoint in a corner, so that zero padding matters.
    points.data[0, 0] = torch.tensor([-1.0, 1.0])
    behind = random(poses + partners, size) if background else random(poses, 0)
    return Latents(points, random(poses, keypoints, size), behind), layer


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize(("keypoints", "partners"), [(1, 0), (4, 0), (4, 2), (4, 3)])
def test_factorised_convolution_is_that_of_the_explicit_map(
    naive, keypoints, partners, background, memory
):
    partners = partners if background else 0
    latents, layer = latents_and_layer(keypoints, partners, background)
    layer = layer.to(memory_format=memory)
    given = [latents.points, latents.appearance, latents.background, *layer.parameters()]
    heatmaps = keypoint_heatmaps(latents.points, 6, 0.2, "centres")
    got = StyleMap(latents, heatmaps).convolved(layer)
    rows = [0, 1, 2, *range(partners)]
    every = Latents(latents.points[rows], latents.appearance[rows], latents.background)
    expected = layer(naive.explicit_style_map(every, heatmaps[rows]))
    assert expected.shape == got.shape == (3 + partners, 7, 6, 6)
    assert (got - expected).abs().max() < 1e-10
    weights = torch.linspace(-1, 1, got.numel(), dtype=torch.float64).view(got.shape)
    results = [
        torch.autograd.grad((output * weights).sum(), given, allow_unused=True, retain_graph=True)
        for output in (got, expected)
    ]
    for name, fast, slow in zip("pabwc", *results, strict=True):
        if slow is None or not slow.numel():
            assert fast is None or not fast.numel() or not fast.any(), name
        else:
            assert slow.abs().max() > 1e-3
            assert (fast - slow).abs().max() < 1e-10, name


def test_zero_padding_of_the_explicit_map_is_kept():
    latents, layer = latents_and_layer(2, 0, True)
    inner = keypoint_heatmaps(latents.points, 6, 0.2, "centres")
    without = StyleMap(latents, inner).convolved(layer)
    # If the map went on beyond the border, the outermost pixels alone would change.
    wide = keypoint_heatmaps(latents.points * 6 / 8, 8, 0.2 * (6 / 8) ** 2, "centres")
    assert torch.allclose(wide[..., 1:-1, 1:-1], inner, atol=1e-9)
    beyond = StyleMap(latents, wide).convolved(layer)[..., 1:-1, 1:-1]
    assert torch.allclose(beyond[..., 1:-1, 1:-1], without[..., 1:-1, 1:-1], atol=1e-9)
    assert (beyond - without).abs().max() > 1e-2


def test_no_map_of_all_channels_is_built():
    latents, layer = latents_and_layer(8, 2, True, size=40)
    with torch.profiler.profile(record_shapes=True) as profile:
        StyleMap(latents, keypoint_heatmaps(latents.points, 16, 0.2, "centres")).convolved(layer)
    shapes = [shape for event in profile.events() for shape in event.input_shapes]
    pixels = 16 * 16
    assert any(shape and math.prod(shape) >= 3 * pixels for shape in shapes)
    assert all(math.prod(shape) < 3 * pixels * 9 * 40 for shape in shapes if shape)
