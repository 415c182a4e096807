"""Warps of images and what they do to points."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.interpolate import RBFInterpolator
from torch import Generator, Tensor

from harness.errors import ShapeError
from harness.vision.coordinates import pixel_centres
from harness.vision.warps import (
    Warp,
    WarpRanges,
    affine_warp,
    control_grid,
    radial,
    random_similarities,
    random_warps,
    similarity,
    spline_warp,
    squares,
)

#: Four corners of a square of side 2.
CORNERS = torch.tensor([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
IDENTITY = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def signed_map(warp: Warp, points: Tensor) -> Tensor:
    """g in signed coordinates."""
    return 2.0 * warp.map((points + 1.0) / 2.0) - 1.0


def moderate(count: int = 3, seed: int = 0) -> Warp:
    return random_warps(count, WarpRanges(), seeded(seed))


def blobs(points: Tensor, size: int, deviation_pixels: float) -> Tensor:
    """One Gaussian blob an image, `[N, 1, size, size]`, at points `[N, 2]`."""
    places = pixel_centres(size, like=points)
    deviation = deviation_pixels / size
    across, down = (
        torch.exp(-((places - points[:, axis, None]) ** 2) / (2 * deviation**2)) for axis in (0, 1)
    )
    return down[:, None, :, None] * across[:, None, None, :]


def centres_of_mass(images: Tensor) -> Tensor:
    """Of `[N, 1, S, S]`, as `[N, 2]` fractions."""
    places = pixel_centres(images.shape[-1], like=images)
    shares = images[:, 0] / images.sum((1, 2, 3))[:, None, None]
    return torch.stack((shares.sum(1) @ places, shares.sum(2) @ places), dim=-1)


# The spline ---------------------------------------------------------------------------------------


def test_the_spline_is_that_of_scipy() -> None:
    generator = seeded()
    centres = 2.0 * torch.rand(9, 2, generator=generator, dtype=torch.float64) - 1.0
    targets = centres + 0.1 * torch.randn(2, 9, 2, generator=generator, dtype=torch.float64)
    points = 3.0 * torch.rand(50, 2, generator=generator, dtype=torch.float64) - 1.5
    got = signed_map(spline_warp(centres, targets), points)
    for number in range(2):
        known = RBFInterpolator(
            centres.numpy(), targets[number].numpy(), kernel="thin_plate_spline", degree=1
        )
        expected = torch.from_numpy(known(points.numpy()))
        torch.testing.assert_close(got[number], expected, rtol=0, atol=1e-10)


def test_the_saddle_over_a_square_has_a_closed_form() -> None:
    # Symmetry leaves no affine part, and the weight is shift / (phi(8) - 2 phi(4)) at each corner.
    shift, sign = 0.3, torch.tensor([1.0, -1.0, -1.0, 1.0])
    targets = CORNERS + torch.stack((shift * sign, torch.zeros(4)), dim=-1)
    warp = spline_warp(CORNERS, targets[None])
    weight = shift / (4.0 * math.log(2.0))
    torch.testing.assert_close(warp.weights[0, :, 0], weight * sign)
    torch.testing.assert_close(warp.weights[0, :, 1], torch.zeros(4), atol=1e-7, rtol=0)
    torch.testing.assert_close(warp.affine, IDENTITY, atol=1e-6, rtol=0)
    # At (1, 0): two corners at distance 1, where phi is 0, two at 5 squared, of opposite signs.
    at = signed_map(warp, torch.tensor([[1.0, 0.0], [0.5, 0.5]]))[0]
    torch.testing.assert_close(at[0], torch.tensor([1.0, 0.0]), atol=1e-6, rtol=0)
    phi = [0.5 * r * math.log(r) for r in (4.5, 2.5, 2.5, 0.5)]
    expected = 0.5 + weight * (phi[0] - phi[1] - phi[2] + phi[3])
    torch.testing.assert_close(at[1], torch.tensor([expected, 0.5]), atol=1e-6, rtol=0)


def test_three_control_points_give_their_affine_map() -> None:
    centres = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    targets = torch.tensor([[[0.1, 0.2], [1.3, 0.2], [0.1, 0.7]]])
    warp = spline_warp(centres, targets)
    expected = torch.tensor([[[1.2, 0.0, 0.1], [0.0, 0.5, 0.2]]])
    torch.testing.assert_close(warp.affine, expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(warp.weights, torch.zeros(1, 3, 2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("own", [False, True], ids=["shared centres", "centres of their own"])
def test_control_points_reach_their_targets(own: bool) -> None:
    grid = control_grid(5)
    centres = grid + 0.1 * torch.randn(3, 25, 2, generator=seeded()) if own else grid
    targets = centres + 0.1 * torch.randn(3, 25, 2, generator=seeded(1))
    got = signed_map(spline_warp(centres, targets), centres)
    # The weights are rounded to float32.
    torch.testing.assert_close(got, targets, atol=1e-5, rtol=0)


def test_images_with_centres_of_their_own_are_warped_as_if_alone() -> None:
    centres = control_grid(3) + 0.1 * torch.randn(2, 9, 2, generator=seeded())
    targets = centres + 0.1 * torch.randn(2, 9, 2, generator=seeded(1))
    both = spline_warp(centres, targets)
    points = torch.rand(2, 7, 2, generator=seeded(2))
    for number in range(2):
        alone = spline_warp(centres[number], targets[number : number + 1])
        expected = alone.map(points[number : number + 1])[0]
        torch.testing.assert_close(both.map(points)[number], expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize("own", [False, True], ids=["shared centres", "centres of their own"])
def test_coinciding_control_points_share_the_mean_of_their_targets(own: bool) -> None:
    centres = torch.cat((control_grid(3), control_grid(3)[:1]))
    targets = centres + torch.zeros(1, 10, 2)
    targets[0, 0] += torch.tensor([0.2, 0.0])
    targets[0, 9] += torch.tensor([0.0, 0.1])
    got = signed_map(spline_warp(centres[None] if own else centres, targets), centres)
    expected = targets.clone()
    expected[0, [0, 9]] = centres[0] + torch.tensor([0.1, 0.05])
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_control_points_all_at_one_place_leave_the_image_nearly_alone() -> None:
    centres = torch.full((1, 6, 2), 0.3)
    targets = centres + torch.tensor([0.02, -0.01])
    warp = spline_warp(centres, targets)
    torch.testing.assert_close(signed_map(warp, centres), targets, atol=1e-5, rtol=0)
    places = control_grid(4)
    assert (signed_map(warp, places) - places).abs().max() < 0.03


def test_control_points_on_a_line_leave_places_across_it_alone() -> None:
    centres = torch.stack((torch.linspace(-1, 1, 5), torch.zeros(5)), dim=-1)
    warp = spline_warp(centres, (centres * 1.1)[None])
    got = signed_map(warp, torch.tensor([[0.5, 0.8], [0.0, -0.6]]))
    expected = torch.tensor([[[0.55, 0.8], [0.0, -0.6]]])
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_the_affine_map_comes_first() -> None:
    first = similarity(torch.tensor([0.3]), torch.tensor([1.2]), torch.tensor([[0.1, -0.2]]))
    centres = control_grid(3)
    targets = centres + 0.1 * torch.randn(1, 9, 2, generator=seeded())
    points = torch.rand(1, 8, 2, generator=seeded(1))
    moved = affine_warp(first).map(points)
    expected = spline_warp(centres, targets).map(moved)
    got = spline_warp(centres, targets, first=first).map(points)
    torch.testing.assert_close(got, expected, atol=1e-6, rtol=0)


def test_radial_and_squares_by_hand() -> None:
    points, centres = torch.tensor([[3.0, 4.0]]), torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 3.0]])
    squared = squares(points, centres)
    assert squared.tolist() == [[25.0, 0.0, 1.0]]
    assert radial(squared).tolist() == [[pytest.approx(12.5 * math.log(25.0)), 0.0, 0.0]]


# Points -------------------------------------------------------------------------------------------


def test_one_list_of_points_serves_all_images() -> None:
    warp, points = moderate(), torch.rand(4, 2, generator=seeded())
    torch.testing.assert_close(warp.map(points), warp.map(points.expand(3, 4, 2)))


@pytest.mark.parametrize("own", [False, True], ids=["shared centres", "centres of their own"])
def test_the_slope_is_that_of_autograd(own: bool) -> None:
    warp = moderate(2).to(torch.float64)
    if own:
        centres = warp.centres + 0.05 * torch.randn(
            2, 25, 2, generator=seeded(), dtype=warp.centres.dtype
        )
        targets = centres + 0.1 * torch.randn(2, 25, 2, generator=seeded(1), dtype=centres.dtype)
        warp = spline_warp(centres, targets, first=warp.first)
    points = 2.0 * torch.rand(2, 5, 2, generator=seeded(2), dtype=torch.float64) - 1.0
    whole = torch.autograd.functional.jacobian(warp._map, points)
    expected = torch.stack([torch.stack([whole[n, p, :, n, p] for p in range(5)]) for n in (0, 1)])
    torch.testing.assert_close(warp._slope(points), expected, atol=1e-12, rtol=0)


def test_gradients_flow_through_the_map_also_at_a_control_point() -> None:
    centres = control_grid(3).double()
    targets = centres + 0.1 * torch.randn(1, 9, 2, generator=seeded(), dtype=torch.float64)
    warp = spline_warp(centres, targets)
    points = (torch.cat((centres[4:5], torch.tensor([[0.1, 0.7]])))[None] + 1.0) / 2.0
    # The second derivative is infinite at a control point, so differences are coarse there.
    assert torch.autograd.gradcheck(warp.map, points.requires_grad_(), eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_inverse_is_exact(dtype: torch.dtype) -> None:
    warp = moderate(8).to(dtype)
    points = torch.rand(8, 20, 2, generator=seeded(1), dtype=dtype)
    found = warp.inverse(points)
    assert found.dtype == torch.float64
    error = warp.to(torch.float64).map(found) - points.double()
    assert error.abs().max() < 1e-6
    # In float32 the map itself rounds at 1e-7 of the edge.
    torch.testing.assert_close(warp.map(found.to(dtype)), points, atol=1e-6, rtol=0)


def test_the_inverse_without_a_spline_is_the_inverse_matrix() -> None:
    warp = affine_warp(torch.tensor([[[0.0, -2.0, 0.4], [2.0, 0.0, 0.0]]]))
    # Signed: (0.4 - 2 y, 2 x) = (0, 1) at x = 0.5, y = 0.2.
    found = warp.inverse(torch.tensor([[[0.5, 1.0]]]))
    torch.testing.assert_close(found, torch.tensor([[[0.75, 0.6]]], dtype=torch.float64))


def test_where_a_warp_folds_a_place_is_found_exactly_or_not_at_all() -> None:
    torn = random_warps(20, WarpRanges(displacement=0.3), seeded(3))
    points = torch.rand(20, 30, 2, generator=seeded(4))
    found = torn.inverse(points)
    lost = found.isnan().any(-1)
    assert 0 < int(lost.sum()) < lost.numel()
    assert torch.equal(found.isnan().all(-1), lost)
    error = (torn.to(torch.float64).map(found) - points).abs()[~lost]
    assert error.max() < 1e-6


def test_a_warp_onto_a_line_has_no_inverse() -> None:
    flat = affine_warp(torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]))
    assert flat.inverse(torch.tensor([[[0.3, 0.7]]])).isnan().all()


def test_points_of_another_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"points have shape \[4, 3\], expected \[N, P, 2\]\."):
        moderate().map(torch.zeros(4, 3))


# Images -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", ["centres", "corners"])
@pytest.mark.parametrize("kind", ["affine", "spline"])
def test_no_change_gives_the_image_back(grid: str, kind: str) -> None:
    images = torch.rand(2, 3, 24, 32, generator=seeded())
    still = IDENTITY.expand(2, 2, 3)
    centres = control_grid(4)
    warp = (
        affine_warp(still) if kind == "affine" else spline_warp(centres, centres.expand(2, 16, 2))
    )
    # Places in pixels are rounded in float32: at most 1e-5 of a pixel for 32 pixels.
    torch.testing.assert_close(warp.warp(images, grid=grid), images, atol=2e-5, rtol=0)


@pytest.mark.parametrize(("grid", "edge"), [("centres", 40), ("corners", 39)])
def test_content_and_points_move_the_same_way(grid: str, edge: int) -> None:
    images = torch.rand(1, 3, 40, 40, generator=seeded())
    # What is seen at u lies 5 pixels further left, so that the content moves to the right.
    right = affine_warp(torch.tensor([[[1.0, 0.0, -5 * 2 / edge], [0.0, 1.0, 0.0]]]))
    warped = right.warp(images, grid=grid)
    torch.testing.assert_close(warped[..., 5:], images[..., :-5], atol=1e-4, rtol=0)
    moved = right.inverse(torch.tensor([[[0.5, 0.5]]]))
    torch.testing.assert_close(moved, torch.tensor([[[0.5 + 5 / edge, 0.5]]], dtype=torch.float64))


def test_what_lies_outside_repeats_the_border_or_is_zero() -> None:
    images = torch.arange(1.0, 5.0).expand(1, 1, 4, 4)
    # One whole pixel to the right.
    warp = affine_warp(torch.tensor([[[1.0, 0.0, -0.5], [0.0, 1.0, 0.0]]]))
    row = warp.warp(images)[0, 0, 2]
    torch.testing.assert_close(row, torch.tensor([1.0, 1.0, 2.0, 3.0]))
    row = warp.warp(images, padding="zeros")[0, 0, 2]
    torch.testing.assert_close(row, torch.tensor([0.0, 1.0, 2.0, 3.0]))


@pytest.mark.parametrize(("grid", "edge", "first"), [("centres", 4, 1.0), ("corners", 3, 2.0)])
def test_what_lies_outside_may_be_mirrored(grid: str, edge: int, first: float) -> None:
    images = torch.arange(1.0, 5.0).expand(1, 1, 4, 4)
    # One whole pixel to the right; the mirror stands at the border, or on the first pixel.
    warp = affine_warp(torch.tensor([[[1.0, 0.0, -2 / edge], [0.0, 1.0, 0.0]]]))
    row = warp.warp(images, padding="reflection", grid=grid)[0, 0, 2]
    torch.testing.assert_close(row, torch.tensor([first, 1.0, 2.0, 3.0]))


def test_a_rotation_turns_from_x_towards_y() -> None:
    quarter = similarity(torch.tensor([math.pi / 2]), torch.ones(1), torch.zeros(1, 2))
    images = torch.rand(1, 2, 6, 6, generator=seeded())
    # The output at (1, 0) shows the input at (0, 1): what was below is now at the right.
    expected = torch.rot90(images, 1, (2, 3))
    torch.testing.assert_close(affine_warp(quarter).warp(images), expected, atol=1e-5, rtol=0)
    got = signed_map(affine_warp(quarter), torch.tensor([[1.0, 0.0]]))
    torch.testing.assert_close(got, torch.tensor([[[0.0, 1.0]]]), atol=1e-6, rtol=0)


def test_a_blob_is_found_where_the_inverse_says() -> None:
    """Truth of pairs, by another route: draw, warp the picture, and look where the blob went.

    A warp that bends by b per edge moves the mass of a blob of deviation s by up to 1.5 b s^2
    beyond its centre's place. b is below 10 here and s is 1.25 of 512 pixels, which gives less than
    9e-5 of the edge; a narrower blob would suffer from the sampling.
    """
    size, count = 512, 4
    warp = moderate(count, seed=5)
    points = 0.3 + 0.4 * torch.rand(count, 2, generator=seeded(6))
    warped = warp.warp(blobs(points, size, 1.25))
    seen = centres_of_mass(warped.double())
    torch.testing.assert_close(seen, warp.inverse(points[:, None])[:, 0], atol=1e-4, rtol=0)
    back = warp.to(torch.float64).map(seen[:, None])[:, 0]
    torch.testing.assert_close(back, points.double(), atol=1e-4, rtol=0)
    assert (seen - points).abs().max() > 0.02


# Random warps -------------------------------------------------------------------------------------


def test_the_generator_alone_decides() -> None:
    first, same, other = (moderate(seed=seed) for seed in (1, 1, 2))
    points = torch.rand(10, 2, generator=seeded())
    assert torch.equal(first.map(points), same.map(points))
    assert not torch.allclose(first.map(points), other.map(points), atol=1e-3)
    assert len(first) == 3


def test_similarities_are_as_far_as_asked() -> None:
    ranges = WarpRanges(rotation_degrees=20.0, log_scale=0.3, translation=0.2)
    found = random_similarities(20_000, ranges, seeded())
    scale = torch.linalg.det(found[..., :2]).sqrt()
    angle = torch.rad2deg(torch.atan2(found[:, 1, 0], found[:, 0, 0]))
    # Deviations of 20,000 draws are known to 0.5 %; four times that is allowed.
    assert float(angle.std()) == pytest.approx(20.0, rel=0.02)
    assert float(scale.log().std()) == pytest.approx(0.3, rel=0.02)
    shift = found[..., 2]
    # In signed coordinates an edge is 2 long.
    assert 0.399 < float(shift.abs().max()) <= 0.4
    assert float(shift.std()) == pytest.approx(0.4 / math.sqrt(3.0), rel=0.02)


def test_control_points_move_as_far_as_asked() -> None:
    ranges = WarpRanges(rotation_degrees=0, log_scale=0, translation=0, grid=4, displacement=0.05)
    warp = random_warps(1000, ranges, seeded())
    shifts = signed_map(warp, control_grid(4)) - control_grid(4)
    # 32,000 draws: their deviation is known to 0.4 %; in signed coordinates an edge is 2 long.
    assert float(shifts.std()) == pytest.approx(0.1, rel=0.016)


def test_the_control_grid_has_the_centres_of_equal_cells() -> None:
    assert control_grid(2).tolist() == [[-0.5, -0.5], [0.5, -0.5], [-0.5, 0.5], [0.5, 0.5]]


def test_another_number_type_keeps_the_warp() -> None:
    warp, points = moderate(), torch.rand(5, 2, generator=seeded())
    wide = warp.to(torch.float64)
    assert (wide.first.dtype, wide.affine.dtype) == (torch.float64, torch.float64)
    torch.testing.assert_close(
        wide.map(points.double()).float(), warp.map(points), atol=1e-6, rtol=0
    )
    plain = affine_warp(IDENTITY).to(torch.float64)
    assert plain.first is None
    assert plain.map(points.double()).dtype == torch.float64
