"""Heatmaps against hand-computed values and gradient checks."""

import math

import torch

from harness.vision.heatmaps import cone_heatmaps, gaussian_heatmaps, squared_distances


def doubles(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_gaussian_is_one_at_its_point_and_has_no_factor_two():
    heatmap = gaussian_heatmaps(
        doubles(0.5, -1.0).reshape(1, 1, 2),
        doubles(0.25).reshape(1, 1),
        doubles(0.5, 1.0),
        doubles(-1.0, 0.0),
    )
    expected = [[1.0, math.exp(-1)], [math.exp(-4), math.exp(-5)]]
    assert torch.allclose(heatmap[0, 0], torch.tensor(expected, dtype=torch.float64), rtol=1e-9)


def test_cone_falls_linearly_and_ends_at_its_radius():
    heatmap = cone_heatmaps(
        doubles(0.0, 0.0).reshape(1, 1, 2),
        doubles(10.0).reshape(1, 1),
        doubles(0.0, 3.0, 30.0),
        doubles(4.0),
    )
    assert torch.allclose(heatmap[0, 0, 0], doubles(0.6, 0.5, 0.0), rtol=1e-6)


def test_rows_are_y_and_columns_are_x():
    squares = squared_distances(
        doubles(1.0, 2.0).reshape(1, 1, 2), doubles(0.0, 1.0, 2.0), doubles(2.0, 5.0)
    )
    assert squares[0, 0].tolist() == [[1.0, 0.0, 1.0], [10.0, 9.0, 10.0]]


def test_gradients_are_right_and_finite_even_on_the_point_itself():
    points = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    scales = (torch.rand(2, 3, dtype=torch.float64) + 0.5).requires_grad_()
    along = doubles(-0.4, 0.3, 1.1)
    for heatmaps in (gaussian_heatmaps, cone_heatmaps):
        assert torch.autograd.gradcheck(
            lambda p, s, f=heatmaps: f(p, s, along, along), (points, scales)
        )
        at_a_pixel = doubles(0.3, 0.3).reshape(1, 1, 2).requires_grad_()
        heatmaps(at_a_pixel, doubles(0.2).reshape(1, 1), along, along).sum().backward()
        assert at_a_pixel.grad.isfinite().all()


def test_coinciding_points_give_an_empty_map_instead_of_nan():
    nothing = torch.zeros(1, 1)
    points, along = torch.zeros(1, 1, 2), torch.tensor([0.5])
    assert gaussian_heatmaps(points, nothing, along, along).item() == 0.0
    assert cone_heatmaps(points, nothing, along, along).item() == 0.0
