"""The warps of the equivariance: their size, their two kinds, and that points follow images."""

import math

import pytest
import torch

from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.warping import draw_warps, landmark_share

#: No movement at all.
STILL = {
    "warp_rotation": 0.0,
    "warp_log_scale": 0.0,
    "warp_translation": 0.0,
    "warp_displacement": 0.0,
    "landmark_displacement": 0.0,
}
LATE = 20_000


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def landmarks(count, parts=5):
    return 0.2 + 0.6 * torch.rand(count, parts, 2, generator=generator(9))


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0.0), (5_000, 0.0), (7_500, 0.15), (9_000, 0.24), (10_000, 0.3), (200_000, 0.3)],
)
def test_share_of_landmark_warps_rises_between_two_steps(step, expected):
    assert landmark_share(LmdisRepConfig(), step) == pytest.approx(expected)


def test_share_may_jump():
    config = LmdisRepConfig(landmark_warps_from=(100, 100))
    assert [landmark_share(config, step) for step in (99, 100, 101)] == [0.0, 0.0, 0.3]


def test_control_points_of_the_grid_move_by_their_deviation():
    config = LmdisRepConfig(**{**STILL, "warp_displacement": 0.1})
    warps = draw_warps(config, 0, None, 300, generator())
    centres = (torch.arange(7) + 0.5) / 7
    points = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1).reshape(-1, 2)
    moved = warps.map(points.expand(300, -1, -1)) - points
    assert moved.std() == pytest.approx(0.1, rel=0.02)
    assert moved.mean().abs() < 0.005


def test_similarity_has_the_papers_deviations():
    config = LmdisRepConfig(
        **{
            **STILL,
            "warp_rotation": 10.0,
            "warp_log_scale": math.log(1.25),
            "warp_translation": 0.15,
        }
    )
    matrix = draw_warps(config, 0, None, 4000, generator()).grid.first
    scale = torch.linalg.det(matrix[:, :, :2]).sqrt().log()
    angle = torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    shift = matrix[:, :, 2] / 2.0
    assert scale.std() == pytest.approx(0.2231, rel=0.05)
    assert angle.std() == pytest.approx(10.0, rel=0.05)
    assert shift.abs().max() == pytest.approx(0.15, rel=0.01)
    # Uniform, so the deviation is the limit over the root of 3.
    assert shift.std() == pytest.approx(0.15 / math.sqrt(3), rel=0.03)


def test_landmarks_are_their_own_control_points_where_they_are_chosen():
    config = LmdisRepConfig(**{**STILL, "landmark_displacement": 0.05, "landmark_warps": 1.0})
    points = landmarks(400)
    warps = draw_warps(config, LATE, points, 400, generator())
    moved = warps.map(points) - points
    assert warps.chosen.all()
    assert moved.std() == pytest.approx(0.05, rel=0.05)


def test_share_of_the_chosen_warps_is_the_steps():
    config = LmdisRepConfig()
    chosen = draw_warps(config, 7_500, landmarks(2000), 2000, generator()).chosen
    assert chosen.float().mean() == pytest.approx(0.15, abs=0.03)


@pytest.mark.parametrize(
    ("changes", "step", "given"),
    [({}, 100, True), ({"landmark_warps": 0.0}, LATE, True), ({}, LATE, False)],
)
def test_no_landmark_warp_is_made_before_its_time(changes, step, given):
    points = landmarks(4) if given else None
    warps = draw_warps(LmdisRepConfig(**changes), step, points, 4, generator())
    assert warps.landmark is None
    assert not warps.chosen.any()


def test_landmark_warps_leave_the_draws_of_the_grid_alone():
    config = LmdisRepConfig(landmark_warps=0.5)
    early = draw_warps(config, 0, None, 8, generator())
    late = draw_warps(config, LATE, landmarks(8), 8, generator())
    assert torch.equal(early.grid.weights, late.grid.weights)
    points = landmarks(8)
    other = ~late.chosen
    assert 0 < other.sum() < 8
    assert torch.equal(late.map(points)[other], early.map(points)[other])
    assert not torch.allclose(late.map(points)[late.chosen], early.map(points)[late.chosen])


def test_points_go_where_the_image_went():
    """An image whose values are its coordinates shows at every pixel where it came from."""
    config = LmdisRepConfig(
        warp_displacement=0.02, warp_translation=0.05, padded_size=48, landmark_warps=0.5
    )
    warps = draw_warps(config, LATE, landmarks(8), 8, generator())
    assert 0 < warps.chosen.sum() < 8
    axis = (torch.arange(48) + 0.5) / 48
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"))
    shown = warps.warp(places.expand(8, 2, 48, 48)).flatten(2).mT
    mapped = warps.map(places.flatten(1).mT.expand(8, -1, 2))
    inside = ((mapped > 0.5 / 48) & (mapped < 1 - 0.5 / 48)).all(-1)
    assert inside.float().mean() > 0.5
    assert torch.allclose(shown[inside], mapped[inside], atol=1e-4)


def test_what_lies_outside_repeats_the_border():
    config = LmdisRepConfig(warp_translation=0.4)
    warps = draw_warps(config, 0, None, 4, generator())
    images = torch.full((4, 3, 16, 16), 0.7)
    assert torch.allclose(warps.warp(images), images, atol=1e-6)


def test_nothing_moves_where_no_warp_is_asked_for():
    config = LmdisRepConfig(**STILL)
    warps = draw_warps(config, LATE, landmarks(4), 4, generator())
    points = landmarks(4)
    assert torch.allclose(warps.map(points), points, atol=1e-5)


def test_coinciding_landmarks_still_give_a_warp():
    """As at the start of training, when all landmarks lie at the centre."""
    config = LmdisRepConfig(landmark_warps=1.0)
    warps = draw_warps(config, LATE, torch.full((4, 5, 2), 0.5), 4, generator())
    images = torch.rand(4, 3, 16, 16, generator=generator())
    assert warps.warp(images).isfinite().all()
    assert warps.map(landmarks(4)).isfinite().all()


def test_same_generator_draws_the_same_warps():
    first, again, other = (
        draw_warps(LmdisRepConfig(), LATE, landmarks(4), 4, generator(seed)) for seed in (1, 1, 2)
    )
    points = landmarks(4)
    assert torch.equal(first.map(points), again.map(points))
    assert not torch.equal(first.map(points), other.map(points))


def test_warps_move_to_a_device_as_a_whole():
    warps = draw_warps(LmdisRepConfig(), LATE, landmarks(4), 4, generator())
    moved = warps.to(torch.device("meta"))
    assert moved.grid.affine.is_meta
    assert moved.landmark.affine.is_meta
    assert moved.chosen.is_meta
