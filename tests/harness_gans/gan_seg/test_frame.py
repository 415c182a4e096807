"""Frames: sides with margin, and what may be left out."""

import pytest
import torch

from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.frame import frames
from harness_gans.trimming import convolved, trimmed


def test_sides_with_margin_are_those_of_the_paper():
    sides = [len(frame.coordinates(torch.zeros(()))) for frame in frames(GanSegConfig())]
    assert sides == [52, 52, 84, 148]


@pytest.mark.parametrize("changes", [{}, {"upsampling": "nearest"}, {"margin_pixels": 2}])
def test_unneeded_border_really_is_unneeded(changes):
    config = GanSegConfig(**changes)
    for frame in frames(config):
        side = frame.side + 2 * frame.margin
        output = torch.randn(1, 1, side, side, dtype=torch.float64)
        got = frame.finished(trimmed(output, frame.unneeded))
        if frame.following == frame.side:
            expected = output
        elif frame.following:
            smooth = {"mode": "bilinear", "align_corners": False} if frame.bilinear else {}
            doubled = torch.nn.functional.interpolate(output, scale_factor=2, **smooth)
            expected = trimmed(doubled, frame.margin)
        else:
            expected = trimmed(output, frame.margin)
        assert torch.allclose(got, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kernel", [1, 3])
@pytest.mark.parametrize("unneeded", [0, 1, 3])
def test_convolution_without_its_border_is_the_inner_part_of_the_whole(kernel, unneeded):
    convolution = torch.nn.Conv2d(2, 3, kernel, padding=kernel // 2).double()
    maps = torch.randn(1, 2, 9, 9, dtype=torch.float64)
    expected = trimmed(convolution(maps), unneeded)
    assert torch.allclose(convolved(convolution, maps, unneeded), expected, atol=1e-12)
