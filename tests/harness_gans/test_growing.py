"""Stages: fading in, and the real images of each."""

import pytest
import torch

from harness_gans.growing import Stage, real_images


def test_alpha_rises_linearly_and_then_stays_one():
    stage = Stage(16, 4, 10, 4)
    assert [stage.fade(step) for step in range(7)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert [stage.is_adapting(step) for step in (0, 3, 4, 9)] == [True, True, False, False]
    assert Stage(8, 4, 10, 0).fade(0) == 1.0


def test_real_images_are_averaged_down_to_the_stages_side():
    images = torch.arange(16.0).view(1, 1, 4, 4).expand(2, 3, 4, 4)
    small = real_images(images, Stage(2, 2, 1, 0), 1.0, mixed=False)
    assert small[0, 0].tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert torch.equal(real_images(images, Stage(4, 2, 1, 0), 1.0, mixed=False), images)


@pytest.mark.parametrize(("mixed", "fade", "expected"), [(False, 0.25, 0), (True, 1.0, 0)])
def test_real_images_stay_sharp_unless_asked(mixed, fade, expected):
    images = torch.arange(16.0).view(1, 1, 4, 4).expand(2, 3, 4, 4)
    got = real_images(images, Stage(4, 2, 10, 10), fade, mixed=mixed)
    assert (got - images).abs().max() == expected


def test_real_images_are_blurred_along_where_asked():
    images = torch.arange(16.0).view(1, 1, 4, 4).expand(2, 3, 4, 4)
    got = real_images(images, Stage(4, 2, 10, 10), 0.25, mixed=True)
    # 0 and 15 in the corners, whose 2 x 2 means are 2.5 and 12.5.
    assert got[0, 0, 0, 0].item() == pytest.approx(0.75 * 2.5 + 0.25 * 0.0)
    assert got[0, 0, 3, 3].item() == pytest.approx(0.75 * 12.5 + 0.25 * 15.0)
