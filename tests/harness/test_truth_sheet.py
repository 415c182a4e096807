from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from harness.contract import Samples
from harness.drawing.manipulation_sheet import TITLE
from harness.errors import ShapeError
from harness.figures import GAP, palette
from harness.truth_sheet import LINES, Names, truth_sheet

IMAGES = np.full((2, 3, 64, 64), 90, dtype=np.uint8)
BARE = Samples(ids=["a", "b"], images=IMAGES)


def pixels(samples: Samples, **names: tuple[str, ...]) -> np.ndarray:
    return np.asarray(truth_sheet(samples, Names(**names)))


def test_images_alone_are_enlarged_side_by_side() -> None:
    sheet = pixels(BARE)
    assert sheet.shape == (128, 2 * 128 + GAP, 3)
    assert (sheet[:, :128] == 90).all()
    assert truth_sheet(BARE, count=1).size == (128, 128)


def test_foreground_is_tinted_where_there_are_no_parts() -> None:
    mask = np.zeros((2, 64, 64), bool)
    mask[0, :32] = True
    sheet = pixels(replace(BARE, foreground=mask))
    assert (sheet[64:, :128] == 90).all()
    assert (sheet[:64, :128] != 90).any(axis=2).all()
    assert (sheet[:, 128 + GAP :] == 90).all()


def test_pixels_that_do_not_count_are_paled() -> None:
    ignored = np.zeros((2, 64, 64), bool)
    ignored[1, :, 32:] = True
    sheet = pixels(replace(BARE, ignored=ignored))
    assert (sheet[:, : 128 + GAP + 64][:, :128] == 90).all()
    assert (sheet[:, 128 + GAP + 64 :] == round(0.3 * 90 + 0.7 * 255)).all()


def test_hidden_landmarks_are_left_out() -> None:
    points = np.full((2, 2, 2), 0.5, dtype=np.float32)
    seen = replace(BARE, landmarks=points)
    hidden = replace(seen, visible=np.zeros((2, 2), dtype=bool))
    assert (pixels(hidden) == pixels(BARE)).all()
    assert (pixels(seen) != pixels(BARE)).any()


def test_names_of_landmarks_and_parts_stand_above_with_their_colours() -> None:
    points = np.full((2, 2, 2), np.nan, dtype=np.float32)
    parts = np.zeros((2, 64, 64), np.uint8)
    plain = pixels(replace(BARE, landmarks=points, parts=parts))
    told = replace(BARE, landmarks=points, parts=parts)
    sheet = pixels(told, landmarks=("left eye", "nose"), parts=("hair",))
    # Three names of 160 pixels in a picture of 260 stand below each other.
    assert sheet.shape[0] == plain.shape[0] + 3 * TITLE
    assert (sheet[3 * TITLE :] == plain).all()
    first, second = palette(2)
    marks = [tuple(sheet[TITLE * line + 10, 8].tolist()) for line in range(3)]
    assert marks == [first, first, second]


def test_names_of_another_number_are_left_out() -> None:
    """Own photos may have more landmarks than anybody named."""
    points = np.full((2, 3, 2), np.nan, dtype=np.float32)
    assert pixels(replace(BARE, landmarks=points), landmarks=("nose",)).shape == pixels(BARE).shape


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines of text in the order in which they are written."""
    lines: list[str] = []

    def note(sheet: Image.Image, place: tuple[int, int], text: str, width: int) -> None:
        lines.append(text)

    monkeypatch.setattr("harness.truth_sheet.write_line", note)
    return lines


def test_caption_attributes_and_clip_stand_below(written: list[str]) -> None:
    samples = replace(
        BARE,
        captions=["a man", "a hat"],
        attributes=np.array([[1, 0], [np.nan, 0]], np.float32),
        clips=np.array([7, -1]),
    )
    sheet = pixels(samples, attributes=("beard", "hat"))
    assert written == ["a man", "beard", "clip 7", "a hat", "no attribute"]
    assert sheet.shape[0] == 128 + 3 * TITLE


def test_attributes_without_names_have_numbers(written: list[str]) -> None:
    pixels(replace(BARE, attributes=np.array([[0, 1], [1, 1]], np.float32)))
    assert written[0] == "attribute 1"
    assert " ".join(written[1:]) == "attribute 0, attribute 1"


def test_long_text_is_wrapped_and_cut(written: list[str]) -> None:
    words = [f"word{number:02d}" for number in range(40)]
    sheet = pixels(replace(BARE, captions=[" ".join(words), "short"]))
    assert len(written) == LINES + 1
    assert written[0].split() == words[: len(written[0].split())]
    assert 1 < len(written[0].split()) < 5
    assert written[LINES - 1].endswith(" ...")
    assert written[LINES] == "short"
    assert sheet.shape[0] == 128 + LINES * TITLE


def test_text_is_really_drawn() -> None:
    """Dark letters on paper below the image that has a caption, and none below the other."""
    sheet = pixels(replace(BARE, captions=["dog", ""]))[128:]
    assert sheet[:, :128].min() < 60
    assert (sheet[:, 128 + GAP :] == 255).all()


def test_nothing_to_show_is_told() -> None:
    empty = Samples(ids=[], images=IMAGES[:0])
    with pytest.raises(ShapeError, match="needs at least one image"):
        truth_sheet(empty)
