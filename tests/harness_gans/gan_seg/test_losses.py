"""Regularisers against values computed by hand."""

import math
from types import SimpleNamespace

import pytest
import torch

from harness_gans.gan_seg.losses import (
    area_loss,
    concentration_loss,
    least_areas,
    regularisers,
)
from harness_gans.gan_seg.point_generator import Parts


def two_parts() -> torch.Tensor:
    """2 x 2 pixels; part 1 wholly at the top left, part 2 evenly in the bottom row with mass 1."""
    masks = torch.zeros(1, 2, 2, 2)
    masks[0, 0, 0, 0] = 0.3
    masks[0, 1, 1] = 0.5
    return masks


@pytest.mark.parametrize(("reduction", "expected"), [("sum", 4 + 1), ("mean", 2.5)])
def test_concentration_of_equation_16(reduction, expected):
    # On the grid `corners` the four pixels lie at (+-1, +-1).
    centres = torch.tensor([[[1.0, -1.0], [0.0, 1.0]]])
    loss = concentration_loss(two_parts(), centres, grid="corners", reduction=reduction)
    assert loss.item() == pytest.approx(expected, rel=1e-4)


def test_concentration_does_not_depend_on_a_parts_mass():
    centres = torch.zeros(1, 2, 2)
    one = concentration_loss(two_parts(), centres, grid="centres", reduction="sum")
    other = concentration_loss(0.1 * two_parts(), centres, grid="centres", reduction="sum")
    assert other.item() == pytest.approx(one.item(), rel=1e-4)


def test_area_of_equation_17_counts_only_what_is_missing():
    assert area_loss(two_parts(), torch.tensor([[0.5, 0.2]])).item() == pytest.approx(0.2)


def test_least_areas_are_the_heatmaps_sum_or_a_disc_in_pixels():
    points = torch.tensor([[[[0.5, 0.0], [-0.5, 0.0]], [[0.0, 0.1], [0.0, -0.1]]]])
    drawn = SimpleNamespace(
        masks=torch.zeros(1, 3, 8, 8),
        heatmaps=torch.full((1, 2, 8, 8), 0.25),
        parts=Parts(points, torch.zeros(1, 2, 1)),
    )
    assert least_areas(drawn, "heatmap").tolist() == [[16.0, 16.0]]
    # Mean absolute deviation over both coordinates: .25 and .05 of half a side of 4 pixels.
    expected = torch.tensor([[math.pi * 1.0**2, math.pi * 0.2**2]])
    assert torch.allclose(least_areas(drawn, "disc"), expected)


def test_without_points_there_is_no_area_loss(tiny, drawn_generator, noise):
    config = tiny(use_points=False)
    concentration, area = regularisers(config, drawn_generator(config)(noise(config)))
    assert area.item() == 0.0
    assert concentration.item() > 0.0


def test_background_takes_no_part_in_the_regularisers(tiny, drawn_generator, noise):
    config = tiny()
    drawn = drawn_generator(config)(noise(config))
    before = regularisers(config, drawn)
    drawn.masks[:, 0] = 0.123
    assert torch.equal(torch.stack(regularisers(config, drawn)), torch.stack(before))
