"""Equivariance under optical flow: known flows, and Farneback's of a shifted texture."""

import importlib.util

import numpy as np
import pytest
import torch
from drawn_discs import discs

from harness.errors import AssetMissing, DataError
from harness_autoencoders.lmdis_rep.flow import dense_flow, flow_loss, flow_pairs, flow_preference

SHIFT = torch.tensor([0.125, -0.0625])


def constant_flow(count=2, size=16):
    return SHIFT[None, :, None, None].expand(count, 2, size, size)


def some_points(count=2, parts=3):
    random = torch.Generator().manual_seed(0)
    return 0.2 + 0.6 * torch.rand(count, parts, 2, generator=random)


def test_landmarks_that_follow_the_flow_cost_nothing():
    points = some_points()
    assert flow_loss(points, points + SHIFT, constant_flow()).item() == pytest.approx(0, abs=1e-9)


def test_landmarks_that_stay_cost_the_squared_shift():
    """Three landmarks, each off by (1/8, 1/16) of the edge."""
    points = some_points()
    expected = 3 * (0.125**2 + 0.0625**2)
    assert flow_loss(points, points, constant_flow()).item() == pytest.approx(expected, rel=1e-4)


def test_flow_is_read_at_the_landmark():
    """The right half moves, and a landmark at the far left does not."""
    flow = torch.zeros(1, 2, 16, 16)
    flow[:, 0, :, 8:] = 0.25
    points = torch.tensor([[[0.1, 0.5], [0.9, 0.5]]])
    still = flow_loss(points[:, :1], points[:, :1], flow).item()
    moving = flow_loss(points[:, 1:], points[:, 1:], flow).item()
    assert still == pytest.approx(0.0, abs=1e-9)
    assert moving == pytest.approx(0.0625, rel=1e-4)


def test_flow_at_the_border_between_two_motions_is_their_weighted_mean():
    flow = torch.zeros(1, 2, 16, 16)
    flow[:, 0, :, 8:] = 0.25
    middle = torch.tensor([[[0.5, 0.5]]])
    assert flow_loss(middle, middle, flow).item() == pytest.approx(0.125**2, rel=1e-3)


def test_where_everything_moves_alike_the_preference_is_the_number_of_landmarks():
    """Each density integrates to one over the image, as far as it lies inside."""
    points = torch.tensor([[[0.4, 0.5], [0.6, 0.5], [0.5, 0.6]]])
    value = flow_preference(points, constant_flow(count=1, size=64)).item()
    assert value == pytest.approx(-3, rel=1e-3)


def test_landmarks_prefer_places_that_move():
    flow = torch.zeros(1, 2, 32, 32)
    flow[:, 0, :, 24:] = 0.1
    places = torch.tensor([[[0.2, 0.5]], [[0.7, 0.5]], [[0.9, 0.5]]])
    values = [flow_preference(place[None], flow).item() for place in places]
    assert values[0] > values[1] > values[2]
    still = flow_preference(places[:1], torch.zeros(1, 2, 32, 32)).item()
    assert still == pytest.approx(0, abs=1e-9)


def test_gradient_pulls_the_second_landmark_along_the_flow():
    points = some_points()
    following = points.clone().requires_grad_(True)
    flow_loss(points, following, constant_flow()).backward()
    # Mean over two pairs of a squared distance: the slope is twice the distance over two.
    assert torch.allclose(following.grad, -SHIFT.expand(2, 3, 2), atol=1e-5)


def test_flow_of_a_shifted_texture_is_about_the_shift():
    """A smooth texture moves by 3 pixels to the right and 2 up; borders are left out."""
    random = np.random.default_rng(0)
    low = torch.from_numpy(random.uniform(0, 255, (2, 3, 20, 20))).float()
    texture = torch.nn.functional.interpolate(low, (80, 80), mode="bicubic", align_corners=True)
    texture = texture.clamp(0, 255).to(torch.uint8)
    first, second = texture[..., 8:72, 8:72], texture[..., 10:74, 5:69]
    flow = dense_flow(first, second)
    assert flow.shape == (2, 2, 64, 64)
    assert flow.dtype == torch.float32
    inside = flow[..., 16:48, 16:48].median(dim=-1).values.median(dim=-1).values * 64
    assert torch.allclose(inside, torch.tensor([3.0, -2.0]).expand(2, 2), atol=0.2)


def test_pairs_need_opencv(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    images = discs(6, clips=np.zeros(6, int))
    with pytest.raises(AssetMissing, match=r"flow_weight > 0 needs OpenCV: pip install"):
        flow_pairs(images, 3)


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (None, "lmdis_rep: pairs from clips need a dataset with clips"),
        (np.arange(6), "lmdis_rep: no clip has two frames"),
    ],
)
def test_pairs_need_clips_of_two_frames(clips, message):
    with pytest.raises(DataError, match=message):
        flow_pairs(discs(6, clips=clips), 3)


def test_pairs_keep_to_the_gap():
    pairs = flow_pairs(discs(30, clips=np.zeros(30, int)), 4)
    first, second = pairs.draw(300, torch.Generator().manual_seed(0))
    assert set((first - second).abs().tolist()) == {1, 2, 3, 4}
