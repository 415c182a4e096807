from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_world import Toy

from harness.comparison import compare
from harness.comparison_sheet import CAPTION, comparison_sheet
from harness.drawing.manipulation_sheet import TITLE
from harness.errors import DataError
from harness.figures import GAP, palette


@pytest.fixture
def sides(toy: Toy) -> tuple[Path, Path]:
    """Two finished runs: a net, and a method that puts all keypoints at the centre."""
    folders = [toy.runner().run(toy.cell(name)).folder for name in ("toy_net", "toy_centre")]
    assert folders[0] is not None
    assert folders[1] is not None
    return folders[0], folders[1]


def test_sheet_shows_the_images_that_differ_most_with_both_predictions(
    toy: Toy, sides: tuple[Path, Path]
) -> None:
    found = compare([sides[0]], [sides[1]], ["toy_distance"])
    shown = found.metrics[0]
    assert "test-0" not in [gap.image for gap in shown.largest]  # the metric leaves it out
    sheet = np.asarray(comparison_sheet(found, shown, toy.known))
    side = 192
    rows = len(shown.largest)
    assert sheet.shape[:2] == (rows * (side + CAPTION + GAP) - GAP + TITLE, 3 * (side + GAP) - GAP)
    for row, gap in enumerate(shown.largest):
        top = TITLE + row * (side + CAPTION + GAP)
        tile = sheet[top : top + side, 2 * (side + GAP) :]
        assert tuple(tile[side // 2, side // 2]) == palette(2)[1], gap
        plain = sheet[top : top + side, :side]
        kept = (plain == tile).all(axis=2).mean()
        assert kept > 0.9  # the same image below dots and crosses


def test_sheet_of_data_that_are_not_those_of_the_records_is_refused(
    toy: Toy, sides: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import toy_plugin.data

    found = compare([sides[0]], [sides[1]])
    monkeypatch.setenv("HARNESS_CACHE", str(toy.folder / "other cache"))
    draw = toy_plugin.data.ToyDataset._draw

    def inverted(self: object, split: str, index: int, size: int) -> tuple[np.ndarray, np.ndarray]:
        image, corner = draw(self, split, index, size)  # type: ignore[arg-type]
        return 255 - image, corner

    monkeypatch.setattr(toy_plugin.data.ToyDataset, "_draw", inverted)
    with pytest.raises(DataError, match=r"differ in data\.test"):
        comparison_sheet(found, found.metrics[0], toy.known)
