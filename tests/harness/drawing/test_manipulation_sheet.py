from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import ImageFont
from toy_plugin.data import ToyDataset
from toy_plugin.methods import ToyDisc
from toy_plugin.options import NoConfig, ToyData
from toy_world import Toy

from harness.drawing.manipulation_sheet import (
    HEAT,
    LETTERS,
    POSES,
    ROWS,
    TITLE,
    Column,
    change_column,
    draw_moves,
    manipulation_sheet,
    tile_side,
    tiles,
    titled_sheet,
    wrapped,
)
from harness.errors import ShapeError
from harness.figures import GAP, palette
from harness.saved import Fitted

GREY = np.full((90, 90, 3), 100, np.uint8)


def test_titles_stand_above_their_columns_and_do_not_reach_into_the_next() -> None:
    long = Column("w" * 60, [GREY, GREY])
    sheet = np.asarray(titled_sheet([long, Column("", [GREY, GREY])]))
    assert sheet.shape == (TITLE + 2 * 90 + GAP, 2 * 90 + GAP, 3)
    assert (sheet[:TITLE, :90] < 255).any()
    assert (sheet[:TITLE, 90:] == 255).all()
    assert (sheet[TITLE : TITLE + 90, :90] == 100).all()


@pytest.mark.parametrize("columns", [[], [Column("a", [GREY]), Column("b", [])]])
def test_columns_of_different_length_are_refused(columns: list[Column]) -> None:
    with pytest.raises(ShapeError, match="columns of one length, got"):
        titled_sheet(columns)


def test_pixels_are_repeated_by_a_whole_factor() -> None:
    image = np.arange(3 * 4 * 4, dtype=np.uint8).reshape(1, 3, 4, 4)
    (tile,) = tiles(image, 8)
    np.testing.assert_array_equal(tile[::2, ::2], image[0].transpose(1, 2, 0))
    np.testing.assert_array_equal(tile[1::2, 1::2], image[0].transpose(1, 2, 0))


def test_images_of_another_size_are_resized_to_the_tile() -> None:
    (tile,) = tiles(np.full((1, 3, 10, 10), 70, np.uint8), 8)
    assert tile.shape == (8, 8, 3)
    assert (tile == 70).all()


@pytest.mark.parametrize(("size", "side"), [(16, 192), (100, 200), (192, 192), (256, 256)])
def test_tiles_are_enlarged_by_a_whole_factor(size: int, side: int) -> None:
    assert tile_side(size) == side


def test_a_moved_keypoint_has_a_dot_where_it_went_and_a_ring_where_it_was() -> None:
    before = np.array([[0.2, 0.5], [0.5, 0.9]])
    after = np.array([[0.8, 0.5], [0.5, 0.9]])
    drawn = draw_moves(GREY, before, after)
    first, second = palette(2)
    assert tuple(drawn[45, 71]) == first
    rows, columns = np.nonzero((drawn == first).all(axis=2))
    assert columns.min() == pytest.approx(0.2 * 90, abs=5)
    assert rows.mean() + 0.5 == pytest.approx(45, abs=1)
    still = np.nonzero((drawn == second).all(axis=2))[1]
    assert still.mean() + 0.5 == pytest.approx(45, abs=0.51)
    assert (GREY == 100).all()


def test_missing_keypoints_are_not_drawn() -> None:
    lost = np.full((1, 2), np.nan)
    np.testing.assert_array_equal(draw_moves(GREY, lost, lost), GREY)


def test_change_is_absolute_and_all_rows_share_its_scale() -> None:
    old = np.full((2, 3, 2, 2), 100, np.uint8)
    new = old.copy()
    new[0, :, 0, 0] = 40
    new[1, 0, 0, 0] = 190
    column = change_column(old, new, 2, "change")
    assert column.title == "change, brightest 60 of 255"
    assert tuple(column.tiles[0][0, 0]) == HEAT[-1]
    # A third of the colours changed by 90 is a mean of 30, half of the greatest change.
    assert tuple(column.tiles[1][0, 0]) == HEAT[2]
    assert tuple(column.tiles[1][1, 1]) == HEAT[0]


def test_no_change_is_said_and_black() -> None:
    same = np.full((1, 3, 2, 2), 100, np.uint8)
    column = change_column(same, same, 2, "change")
    assert column.title == "change: none"
    assert (column.tiles[0] == 0).all()


@pytest.mark.parametrize("count", [1, 9])
def test_the_picture_of_a_run_has_a_row_an_image_and_the_look_of_the_next(
    toy: Toy, count: int
) -> None:
    spec = toy.known.methods.get("toy_disc").spec
    disc = Fitted(ToyDisc(NoConfig(), 2, 16), spec, 2, 16, torch.device("cpu"))
    images = ToyDataset(None, ToyData(images=count)).read("test", range(count), 16).images
    sheet = np.asarray(manipulation_sheet(disc, images))
    rows, columns = min(count, ROWS), 4 + POSES
    assert sheet.shape == (TITLE + rows * (192 + GAP) - GAP, columns * (192 + GAP) - GAP, 3)
    following = np.roll(images[:ROWS], -1, axis=0)
    for row in range(rows):
        top, left = TITLE + row * (192 + GAP), 3 * (192 + GAP)
        tile = sheet[top : top + 192, left : left + 192]
        assert tile.reshape(-1, 3).max(axis=0).tolist() == [
            int(value) for value in following[row].mean(axis=(1, 2))
        ]
        reached = sheet[top : top + 192, -192:]
        expected = disc.reconstruct(following[[row]])[0].max(axis=0) > 0
        np.testing.assert_array_equal(reached.max(axis=2)[::12, ::12] > 0, expected)


def test_long_lines_are_broken_between_words() -> None:
    text = "every word of this sentence stands in one of its lines"
    lines = wrapped([text, "", "a"], 100)
    assert " ".join(lines[:-2]) == text
    assert lines[-2:] == ["", "a"]
    assert len(lines) > 4
    font = ImageFont.load_default(LETTERS)
    assert all(font.getlength(line) <= 100 for line in lines)
    assert wrapped(["unbreakable" * 9], 100) == ["unbreakable" * 9]
