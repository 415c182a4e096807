from __future__ import annotations

import numpy as np
import pytest
import torch
from toy_plugin.methods import ToyPainter
from toy_plugin.options import NoConfig
from toy_world import Toy

from harness.drawing.edit_sheet import (
    ACROSS,
    ENTRY,
    STANDARD,
    STEPS,
    edit_sheet,
    keypoint_legend,
    standard_sheets,
    ways_sheet,
)
from harness.drawing.generated_edits import Draw, Edit, edited, new_draw, ways
from harness.drawing.manipulation import Manipulated
from harness.drawing.manipulation_sheet import HEAT, TITLE
from harness.drawing.operations import Look, Move
from harness.figures import GAP, palette
from harness.saved import Fitted

STEP = 192 + GAP


@pytest.fixture
def painter(toy: Toy) -> Fitted:
    spec = toy.known.methods.get("toy_painter").spec
    return Fitted(ToyPainter(NoConfig(), 3, 16), spec, 3, 16, torch.device("cpu"))


def tile(sheet: np.ndarray, row: int, column: int, top: int) -> np.ndarray:
    y, x = top + row * STEP, column * STEP
    return sheet[y : y + 192, x : x + 192]


def test_an_edit_is_shown_as_ring_dot_and_heat() -> None:
    """One keypoint goes from (0.25, 0.5) to (0.75, 0.5); a quarter of the pixels gets brighter."""
    plain = np.full((1, 3, 16, 16), 40, np.uint8)
    after = plain.copy()
    after[:, :, 8:, 8:] = 140
    points = np.array([[[0.25, 0.5]]])
    edit = Edit((5,), plain, Manipulated(points, points + np.array([0.5, 0.0]), after))
    sheet = np.asarray(edit_sheet(edit, "what was done"))
    top = 5 * TITLE
    assert sheet.shape == (top + 3 * STEP - GAP, 192, 3)
    (colour,) = palette(1)
    ring, dot, heat = (tile(sheet, row, 0, top) for row in range(3))
    rows, columns = np.nonzero((ring == colour).all(axis=2))
    assert rows.mean() + 0.5 == pytest.approx(96, abs=1)
    assert columns.mean() + 0.5 == pytest.approx(48, abs=1)
    assert (ring[96, 48] == 40).all()
    assert (dot[96, 144] == colour).all()
    assert (dot[96, 48] == 40).all()
    assert (heat[96:, 96:] == HEAT[-1]).all()
    assert (heat[:96] == HEAT[0]).all()
    assert (heat[:, :96] == HEAT[0]).all()


def test_above_stand_what_was_done_the_scale_and_the_legend(painter: Fitted) -> None:
    draw = new_draw(painter, 2, 0)
    edit = edited(painter, draw, [Look(None, 1)])
    one, other = (np.asarray(edit_sheet(edit, title)) for title in ("look=all:1", "move=0:0,0"))
    for line in range(4):
        assert (one[line * TITLE : (line + 1) * TITLE] < 255).any()
    assert (one[:TITLE] != other[:TITLE]).any()
    np.testing.assert_array_equal(one[TITLE:], other[TITLE:])


@pytest.mark.parametrize(("count", "blocks", "across"), [(3, 1, 3), (8, 1, 8), (19, 3, 8)])
def test_many_images_stand_in_blocks(painter: Fitted, count: int, blocks: int, across: int) -> None:
    edit = edited(painter, new_draw(painter, count, 0), [Move(None, 0.1, 0.0)])
    sheet = np.asarray(edit_sheet(edit, "move"))
    block = TITLE + 3 * STEP - GAP
    assert sheet.shape[:2] == (4 * TITLE + blocks * block, across * STEP - GAP)
    last = count - 1
    top = 4 * TITLE + last // ACROSS * block + TITLE
    shown = tile(sheet, 1, last % ACROSS, top)[6::12, 6::12]
    same = (shown == edit.change.images[last].transpose(1, 2, 0)).all(axis=2)
    assert 0.8 < same.mean() < 1


def test_every_keypoint_has_its_number_and_colour_in_the_legend() -> None:
    """Four fit into a line of 192 pixels."""
    legend = np.asarray(keypoint_legend(10, 192))
    assert legend.shape == (3 * TITLE, 192, 3)
    for index, colour in enumerate(palette(10)):
        row, column = divmod(index, 4)
        entry = legend[row * TITLE : (row + 1) * TITLE, column * ENTRY : (column + 1) * ENTRY]
        assert tuple(entry[10, 8]) == colour
        assert (entry[:, 16:] < 128).any()
    assert (legend[2 * TITLE :, 2 * ENTRY :] == 255).all()


def test_a_way_is_a_row_of_its_steps(painter: Fitted) -> None:
    draw = new_draw(painter, 4, 0)
    sheet = np.asarray(ways_sheet(ways(painter, draw, 3, 5, [2, 0]), 3))
    assert sheet.shape == (TITLE + 2 * STEP - GAP, 6 * STEP - GAP, 3)
    for row, number in enumerate((2, 0)):
        for column, expected in ((1, number), (5, 3)):
            shown = tile(sheet, row, column, TITLE)[::12, ::12]
            np.testing.assert_array_equal(shown, draw.images[expected].transpose(1, 2, 0))


def test_a_run_shows_every_standard_edit_beside_its_change(painter: Fitted) -> None:
    sheets = standard_sheets(painter)
    assert list(sheets) == ["edits", "interpolation"]
    edits = np.asarray(sheets["edits"])
    assert edits.shape == (2 * TITLE + 6 * STEP - GAP, (1 + 2 * len(STANDARD)) * STEP - GAP, 3)
    np.testing.assert_array_equal(edits[:TITLE], np.asarray(keypoint_legend(3, edits.shape[1])))
    draw = new_draw(painter, 6, 0)
    for row in range(6):
        changed = [tile(edits, row, 2 + 2 * i, 2 * TITLE)[::12, ::12].any(-1) for i in range(6)]
        following = (row + 1) % 6
        for index, expected in expected_changes(painter, draw, row, following).items():
            np.testing.assert_array_equal(changed[index], expected)


def expected_changes(
    painter: Fitted, draw: Draw, row: int, following: int
) -> dict[int, np.ndarray]:
    """Where the pixels of an image change by the swaps, from the latents themselves."""
    own = {name: torch.from_numpy(value[[row]]) for name, value in draw.latents.items()}
    other = {name: torch.from_numpy(value[[following]]) for name, value in draw.latents.items()}
    look = own["appearance"].clone()
    look[:, 0] = other["appearance"][:, 0]
    edits = {
        3: {"appearance": look},
        4: {"appearance": other["appearance"]},
        5: {name: other[name] for name in ("background", "background_column")},
    }
    return {
        index: (painter.render({**own, **change}).images[0].numpy() != draw.images[row]).any(axis=0)
        for index, change in edits.items()
    }


def test_a_runs_interpolation_goes_from_every_row_to_the_next(painter: Fitted) -> None:
    sheet = np.asarray(standard_sheets(painter)["interpolation"])
    assert sheet.shape == (TITLE + 6 * STEP - GAP, STEPS * STEP - GAP, 3)
    images = new_draw(painter, 6, 0).images.transpose(0, 2, 3, 1)
    for row in range(6):
        np.testing.assert_array_equal(tile(sheet, row, 0, TITLE)[::12, ::12], images[row])
        reached = tile(sheet, row, STEPS - 1, TITLE)[::12, ::12]
        np.testing.assert_array_equal(reached, images[(row + 1) % 6])
