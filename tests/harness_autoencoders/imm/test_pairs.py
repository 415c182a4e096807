"""Views of one object: the size of the warps, the mask, and pairs from clips."""

import math

import numpy as np
import pytest
import torch
from drawn_discs import discs
from memory_run import MemoryRun

from harness.errors import DataError
from harness.training import FitImages
from harness.vision.border import border_mask
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.pairs import (
    Pairs,
    source_warp,
    target_warp,
    warped_pair,
)

#: No movement at all.
STILL = {
    "target_translation": 0.0,
    "target_spline": 0.0,
    "source_rotation": 0.0,
    "source_scale": 0.0,
    "source_translation": 0.0,
    "source_spline": 0.0,
    "base_spline": 0.0,
}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


#: Pixels at the middle of 16 x 16 cells of an image of 128 pixels.
CELLS = torch.arange(4, 128, 8)


def displacements(warp, pixels=CELLS):
    """How far pixels of an image of 128 pixels move, `[N, rows, columns, 2]`, in pixels."""
    axis = pixels / 127.0
    points = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    flat = points.reshape(1, -1, 2).expand(len(warp), -1, -1)
    return (warp.map(flat) - flat).reshape(len(warp), *points.shape) * 127.0


@pytest.mark.parametrize(
    ("draw", "total", "spline", "outside"),
    [(target_warp, 8.4, 5.5, 0.12), (source_warp, 13.0, 10.0, 0.17)],
    ids=["target", "source"],
)
def test_warps_move_pixels_as_far_as_the_released_ones(draw, total, spline, outside):
    """Deviations at 128 pixels, worked out from the released formulas."""
    warp = draw(400, ImmConfig(), generator())
    moved = displacements(warp)
    assert moved.std() == pytest.approx(total, rel=0.1)
    still = ImmConfig(target_translation=0, source_rotation=0, source_scale=0, source_translation=0)
    unshifted = displacements(draw(400, still, generator()))
    assert unshifted.std() == pytest.approx(spline, rel=0.15)
    places = moved + torch.stack(torch.meshgrid(CELLS, CELLS, indexing="xy"), dim=-1)
    share = ((places < 0) | (places > 127)).any(-1).float().mean()
    assert share == pytest.approx(outside, abs=0.02)


def test_warps_bend_the_corners_most_and_the_centre_least():
    still = ImmConfig(target_translation=0.0)
    moved = displacements(target_warp(400, still, generator()), torch.tensor([0.0, 63.5, 127.0]))
    assert moved[:, 1, 1].std() == pytest.approx(1.0, abs=0.5)
    assert moved[:, ::2, ::2].std() == pytest.approx(13.0, rel=0.15)


def test_target_warp_neither_turns_nor_scales():
    warp = target_warp(5, ImmConfig(), generator())
    assert torch.equal(warp.affine[:, :, :2], torch.eye(2).expand(5, 2, 2))
    assert warp.affine[:, :, 2].std() > 0


def test_source_warp_turns_scales_and_shifts_by_its_deviations():
    matrix = source_warp(4000, ImmConfig(), generator()).affine
    scale = torch.linalg.det(matrix[:, :, :2]).sqrt()
    angle = torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    assert scale.mean() == pytest.approx(1.0, abs=0.01)
    assert scale.std() == pytest.approx(0.1, rel=0.05)
    assert angle.std() == pytest.approx(5.0, rel=0.05)
    assert matrix[:, :, 2].std() == pytest.approx(0.1, rel=0.05)


def test_half_of_the_spline_weights_have_the_extra_part():
    config = ImmConfig(base_spline=1e-6, target_spline=1.0)
    warp = target_warp(200, config, generator())
    large = (warp.weights.abs() > 1e-3).float().mean()
    assert large == pytest.approx(0.5, abs=0.01)
    assert warp.weights.shape == (200, 100, 2)


def test_spline_is_the_released_kernel_of_the_squared_distance():
    """X_src = x + sum_c w_c r ln r, with r the squared distance to c on a corner-aligned grid."""
    config = ImmConfig(spline_grid=3, target_translation=0.0, base_spline=0.1)
    warp = target_warp(1, config, generator(3))
    place = torch.tensor([0.3, -0.6])
    moved = place.clone()
    # The weights are kept for a kernel of half the size.
    weights = iter(warp.weights[0] / 2.0)
    for y in (-1.0, 0.0, 1.0):
        for x in (-1.0, 0.0, 1.0):
            squared = (0.3 - x) ** 2 + (-0.6 - y) ** 2
            moved += next(weights) * squared * math.log(squared)
    found = warp.map((place[None, None] + 1.0) / 2.0)[0, 0] * 2.0 - 1.0
    assert torch.allclose(found, moved, atol=1e-5)


def photos(count=4, size=32):
    """Smooth images `[N, 3, S, S]`."""
    low = torch.rand(count, 3, 5, 5, generator=generator(1)) * 255
    return torch.nn.functional.interpolate(low, (size, size), mode="bilinear", align_corners=True)


@pytest.mark.parametrize("kind", ["independent", "composed"])
def test_nothing_moves_where_no_warp_is_asked_for(kind):
    images, mask = photos(), border_mask(32, 0.1, 0.1)
    pair = warped_pair(images, mask, ImmConfig(**STILL, pairs=kind), generator())
    # float32 places of pixels are exact to 1e-6, and grey values differ by less than 100 a pixel.
    assert torch.allclose(pair.target, images, atol=1e-2)
    assert torch.allclose(pair.source, images, atol=1e-2)
    assert torch.allclose(pair.mask, mask.expand(4, 1, 32, 32), atol=1e-4)


def test_composed_source_is_a_warp_of_the_target_and_an_independent_one_of_the_image():
    images, mask = photos(), border_mask(32, 0.1, 0.1)
    only_target = {**STILL, "target_translation": 0.4}
    composed = warped_pair(images, mask, ImmConfig(**only_target, pairs="composed"), generator())
    assert not torch.allclose(composed.target, images, atol=5.0)
    assert torch.allclose(composed.source, composed.target, atol=1e-2)
    config = ImmConfig(**only_target, pairs="independent")
    independent = warped_pair(images, mask, config, generator())
    assert torch.allclose(independent.target, composed.target)
    assert torch.allclose(independent.source, images, atol=1e-2)


def test_mask_is_warped_with_the_target_and_not_with_the_source():
    """White images show where a warp looks outside, and so must a mask of ones."""
    config = ImmConfig(target_translation=0.4, source_translation=0.4, pairs="independent")
    white, ones = torch.full((6, 3, 32, 32), 255.0), torch.ones(32, 32)
    pair = warped_pair(white, ones, config, generator())
    inside = pair.target[:, :1] / 255.0
    assert inside.min() == 0.0
    assert torch.allclose(pair.mask, inside, atol=1e-5)
    assert not torch.allclose(pair.mask, pair.source[:, :1] / 255.0, atol=0.5)


def test_mirrored_borders_show_the_image_and_still_do_not_count():
    still = {**STILL, "target_translation": 0.4}
    white, ones = torch.full((6, 3, 32, 32), 255.0), torch.ones(32, 32)
    config = ImmConfig(**still, outside="reflection")
    pair = warped_pair(white, ones, config, generator())
    assert torch.allclose(pair.target, white, atol=1e-2)
    assert pair.mask.min() == 0.0


def test_target_warp_turns_and_scales_where_it_is_asked_to():
    config = ImmConfig(target_rotation=5.0, target_scale=0.1)
    matrix = target_warp(4000, config, generator()).affine
    scale = torch.linalg.det(matrix[:, :, :2]).sqrt()
    angle = torch.rad2deg(torch.atan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    assert scale.std() == pytest.approx(0.1, rel=0.05)
    assert angle.std() == pytest.approx(5.0, rel=0.05)


@pytest.mark.parametrize("draw", [target_warp, source_warp])
def test_control_points_may_move_by_a_deviation_instead(draw):
    config = ImmConfig(**STILL, control_displacement=0.05, spline_grid=4)
    warp = draw(300, config, generator())
    centres = (torch.arange(4) + 0.5) / 4
    points = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), dim=-1).reshape(-1, 2)
    moved = warp.map(points.expand(300, -1, -1)) - points
    assert moved.std() == pytest.approx(0.05, rel=0.03)


def test_what_lies_outside_of_the_image_is_black_and_does_not_count():
    config = ImmConfig(**{**STILL, "target_translation": 3.0})
    pair = warped_pair(photos(40), torch.ones(32, 32), config, generator())
    away = pair.mask.amax(dim=(1, 2, 3)) == 0
    assert away.any()
    assert not pair.target[away].any()


def test_pairs_are_floats_of_0_to_255_drawn_from_the_runs_generator(tiny):
    images = discs(40)
    pairs = Pairs(tiny(), images, MemoryRun())
    pair = pairs.draw(0)
    for part in (pair.source, pair.target):
        assert part.shape == (16, 3, 16, 16)
        assert part.dtype == torch.float32
        assert part.min() >= 0.0
        assert part.max() <= 255.0
    again = Pairs(tiny(), images, MemoryRun()).draw(0)
    other = Pairs(tiny(), images, MemoryRun(seed=1)).draw(0)
    assert torch.equal(pair.target, again.target)
    assert torch.equal(pair.source, again.source)
    assert not torch.equal(pair.target, other.target)
    assert not torch.equal(pair.target, pairs.draw(0).target)


def test_pairs_of_a_step_come_from_its_batch(tiny):
    images = discs(40)
    pair = Pairs(tiny(**STILL), images, MemoryRun()).draw(1)
    assert torch.allclose(pair.target, images.batch(1, 16).float(), atol=1e-2)


def numbered(clips):
    """Images whose left half is their number and whose right half is 0."""
    array = np.zeros((len(clips), 3, 8, 8), np.uint8)
    array[..., :4] = np.arange(len(clips))[:, None, None, None]
    return FitImages(array, 0, np.array(clips))


def numbers(part):
    return part.amax(dim=(1, 2, 3)).long()


def test_pairs_from_clips_never_mix_clips_and_keep_their_distance():
    clips = [0, 1, 0, 1, 0, -1, 0, 1, 0, 2, 0]
    config = ImmConfig(pairs="clips", clip_gap=(2, 3), batch_size=500)
    pair = Pairs(config, numbered(clips), MemoryRun()).draw(0)
    first, second = numbers(pair.source), numbers(pair.target)
    of = torch.tensor(clips)
    assert torch.equal(of[first], of[second])
    assert set(of[first].tolist()) == {0, 1}
    place = torch.tensor([clips[:n].count(clip) for n, clip in enumerate(clips)])
    apart = (place[first] - place[second]).abs()
    assert set(apart.tolist()) == {2, 3}
    assert (place[first] < place[second]).float().mean() == pytest.approx(0.5, abs=0.1)
    assert pair.mask is None


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_both_frames_of_a_pair_are_mirrored_or_none(share):
    config = ImmConfig(pairs="clips", clip_mirroring=share, batch_size=400)
    pair = Pairs(config, numbered([1] * 20), MemoryRun()).draw(0)
    shown = numbers(pair.source) * numbers(pair.target) > 0
    left = [part[shown][:, 0, 0, 0] == 0 for part in (pair.source, pair.target)]
    assert torch.equal(left[0], left[1])
    assert left[0].float().mean() == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        (None, "imm: pairs from clips need a dataset with clips"),
        (np.arange(12), "imm: no clip has two frames at least 1 apart"),
    ],
)
def test_clips_that_give_no_pair_are_refused(clips, message):
    with pytest.raises(DataError, match=message):
        Pairs(ImmConfig(pairs="clips"), discs(12, clips=clips), MemoryRun())
