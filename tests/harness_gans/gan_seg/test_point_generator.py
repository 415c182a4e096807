"""Level 1 against hand-computed values."""

import math

import pytest
import torch

from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.point_generator import Parts, PointGenerator
from harness_gans.gan_seg.weights import draw_weights

#: One part of four points: centre (1, 2), offsets (+-3, 0) and (0, +-1).
SQUARE = torch.tensor([[[[4.0, 2.0], [-2.0, 2.0], [1.0, 3.0], [1.0, 1.0]]]], dtype=torch.float64)
NOTHING = torch.zeros(1, 1, 2, dtype=torch.float64)
ALONG = torch.tensor([1.0, 4.0], dtype=torch.float64)


def parts(**changes: object) -> Parts:
    return Parts(SQUARE, NOTHING, **changes)  # type: ignore[arg-type]


def test_centre_is_the_mean_of_the_points():
    assert parts().centres.tolist() == [[[1.0, 2.0]]]


def test_scale_of_equation_1_has_only_the_sum_under_the_root():
    sigma = math.sqrt(9 + 9 + 1 + 1) / 3
    assert parts().variances.item() == pytest.approx(sigma**2)


def test_gaussian_map_of_equation_4():
    heatmap = parts().heatmaps(ALONG, ALONG - 2)
    expected = [[math.exp(-(9 * dx + (y - 2) ** 2) / (20 / 9)) for dx in (0, 1)] for y in (-1, 2)]
    assert torch.allclose(heatmap[0, 0], torch.tensor(expected, dtype=torch.float64))


def test_cone_has_the_mean_absolute_deviation_as_its_radius():
    assert parts(heatmap="cone").deviations.item() == pytest.approx((3 + 3 + 1 + 1) / 8)
    heatmap = parts(heatmap="cone").heatmaps(torch.tensor([1.25]), torch.tensor([2.0]))
    assert heatmap.item() == pytest.approx(0.75, abs=1e-5)


def test_variance_option_is_the_unbiased_variance_of_the_distances():
    assert parts(heatmap="variance").variances.item() == pytest.approx(4 / 3)


def test_fixed_scale_replaces_the_points_own():
    heatmap = parts(fixed_scale=0.5).heatmaps(ALONG[:1] + 1, ALONG[:1] + 1)
    assert heatmap.item() == pytest.approx(math.exp(-1 / 0.5))


def test_moving_points_moves_centres_and_keeps_scales():
    moved = parts().moved(torch.tensor([0.5, -1.0]))
    assert moved.centres.tolist() == [[[1.5, 1.0]]]
    assert moved.variances.item() == pytest.approx(parts().variances.item())


def test_embeddings_are_shared_looks_times_constants(tiny):
    generator = PointGenerator(tiny(), 3)
    draw_weights(generator, torch.Generator().manual_seed(0))
    noise = torch.randn(2, 6)
    drawn = generator(noise, noise)
    looks = generator.appearance(noise)
    for part in range(3):
        assert torch.allclose(drawn.embeddings[:, part], looks * generator.constants[part])


def test_places_do_not_depend_on_the_appearance_noise_nor_looks_on_the_places(tiny):
    generator = PointGenerator(tiny(), 3)
    draw_weights(generator, torch.Generator().manual_seed(0))
    a, b = torch.randn(1, 6), torch.randn(1, 6)
    assert torch.equal(generator(a, a).points, generator(a, b).points)
    assert torch.equal(generator(a, a).embeddings, generator(b, a).embeddings)


def test_points_start_around_the_centre_as_the_code_has_them():
    generator = PointGenerator(GanSegConfig(), 8)
    draw_weights(generator, torch.Generator().manual_seed(0))
    noise = torch.randn(500, 256, generator=torch.Generator().manual_seed(1))
    points = generator(noise, noise).points
    assert points.shape == (500, 8, 4, 2)
    assert points.std().item() == pytest.approx(0.069, rel=0.1)


def test_layout_starts_every_part_at_a_place_of_its_own(tiny):
    config = tiny(layout_spread=0.5, point_divisor=12)
    generator = PointGenerator(config, 40)
    draw_weights(generator, torch.Generator().manual_seed(0))
    silent = torch.zeros(1, 6)
    points = generator(silent, silent).points
    assert torch.equal(points, points[:, :, :1].expand_as(points))
    assert torch.atanh(points[0, :, 0]).std().item() == pytest.approx(0.5, rel=0.2)
