from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from harness.contract import Predicted, Samples
from harness.errors import ShapeError
from harness.figures import (
    GAP,
    OPACITY,
    contact_sheet,
    draw_keypoints,
    draw_parts,
    grid,
    palette,
    prediction_sheet,
)

GREY = np.full((40, 80, 3), 100, dtype=np.uint8)


def test_palette_colours_differ_and_do_not_depend_on_the_count():
    colours = palette(64)
    assert len(set(colours)) == 64
    assert palette(5) == colours[:5]


def test_sixteen_colours_are_told_apart():
    """No two are nearer than the nearest of the seven that suit any colour vision."""
    places = [lightness_and_hue(colour) for colour in palette(16)]
    gaps = {
        (i, j): math.dist(one, other)
        for (i, one), (j, other) in itertools.combinations(enumerate(places), 2)
    }
    assert min(gaps.values()) == min(gap for (_, j), gap in gaps.items() if j < 7)
    assert min(gaps.values()) > 25


def lightness_and_hue(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """CIELAB of an sRGB colour, white at D65: distances are about what eyes see."""
    linear = [((c / 255 + 0.055) / 1.055) ** 2.4 if c > 10 else c / 255 / 12.92 for c in colour]
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    shares = [sum(a * b for a, b in zip(row, linear, strict=True)) / sum(row) for row in to_xyz]
    x, y, z = (s ** (1 / 3) if s > 0.008856 else 7.787 * s + 16 / 116 for s in shares)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def test_keypoint_is_drawn_at_its_fraction_of_width_and_height():
    drawn = draw_keypoints(GREY, np.array([[0.75, 0.25]]), [(255, 0, 0)])
    rows, columns = np.nonzero((drawn == (255, 0, 0)).all(axis=2))
    assert rows.mean() + 0.5 == pytest.approx(0.25 * 40, abs=0.51)
    assert columns.mean() + 0.5 == pytest.approx(0.75 * 80, abs=0.51)


def test_missing_keypoint_leaves_the_picture_as_it_is():
    assert (draw_keypoints(GREY, np.full((2, 2), np.nan)) == GREY).all()


def test_drawing_does_not_change_its_input():
    before = GREY.copy()
    draw_keypoints(GREY, np.array([[0.5, 0.5]]))
    draw_parts(GREY, np.ones((40, 80), dtype=np.uint8))
    assert (before == GREY).all()


def test_crosses_and_dots_look_different():
    points = np.array([[0.5, 0.5]])
    assert (draw_keypoints(GREY, points) != draw_keypoints(GREY, points, crosses=True)).any()


def test_parts_are_tinted_with_their_own_colour_and_the_background_is_untouched():
    labels = np.zeros((40, 80), dtype=np.uint8)
    labels[:, 40:] = 2
    drawn = draw_parts(GREY, labels)
    assert (drawn[:, :40] == GREY[:, :40]).all()
    expected = [round((1 - OPACITY) * 100 + OPACITY * c) for c in palette(2)[1]]
    assert drawn[0, 40].tolist() == expected


def test_grid_places_images_row_by_row():
    images = np.zeros((3, 3, 5, 7), dtype=np.uint8)
    images[:] = np.array([10, 20, 30], dtype=np.uint8)[:, None, None, None]
    sheet = np.asarray(grid(images, columns=2))
    assert sheet.shape == (2 * 5 + GAP, 2 * 7 + GAP, 3)
    assert sheet[0, 0, 0] == 10
    assert sheet[0, 7 + GAP, 0] == 20
    assert sheet[5 + GAP, 0, 0] == 30
    assert sheet[5 + GAP, 7 + GAP, 0] == 255


def test_prediction_sheet_shows_parts_and_keypoints_and_is_deterministic():
    images = np.full((2, 3, 32, 32), 90, dtype=np.uint8)
    truth = Samples(ids=["a", "b"], images=images)
    labels = np.zeros((2, 32, 32), dtype=np.uint8)
    labels[:, :16] = 1
    points = np.full((2, 3, 2), 0.9, dtype=np.float32)
    plain = prediction_sheet(Predicted(ids=["a", "b"]), truth)
    parts = prediction_sheet(Predicted(ids=["a", "b"], part_labels=labels), truth)
    both = Predicted(ids=["a", "b"], part_labels=labels, keypoints=points)
    assert plain.size == parts.size == (2 * 128 + GAP, 128)
    assert plain.tobytes() != parts.tobytes() != prediction_sheet(both, truth).tobytes()
    assert prediction_sheet(both, truth).tobytes() == prediction_sheet(both, truth).tobytes()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: draw_keypoints(GREY, np.zeros((2, 3))),
        lambda: draw_keypoints(GREY.astype(np.float32), np.zeros((2, 2))),
        lambda: draw_parts(GREY, np.zeros((3, 3), dtype=np.uint8)),
        lambda: grid(np.zeros((2, 5, 5, 3), dtype=np.uint8)),
        lambda: contact_sheet([]),
    ],
    ids=["points", "float image", "labels", "channels last", "no tile"],
)
def test_arrays_of_another_form_are_named(draw):
    with pytest.raises(ShapeError):
        draw()
