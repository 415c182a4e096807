from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from harness.contract import Curve
from harness.errors import RunError
from harness.plots import draw_curve, save_curves

#: The first two colours of lines; their bands mix them with white.
BLUE, ORANGE = (31, 119, 180), (255, 127, 14)
PALE_BLUE = (210, 228, 240)


def curve(*values: float, spread: list[float] | None = None, log: bool = False) -> Curve:
    return Curve(
        x=np.geomspace(1, 1000, len(values)),
        lines={"one": np.array(values)},
        x_label="images",
        y_label="error (%)",
        spreads={} if spread is None else {"one": np.array(spread)},
        log=log,
    )


def pixels(drawn: Curve, *, title: str = "metric") -> NDArray[np.uint8]:
    return np.asarray(draw_curve(drawn, title=title))


def columns(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Which columns of the plot, without the legend at its right end, show a colour."""
    near = np.abs(picture.astype(int) - colour).max(axis=2) < 12
    return np.asarray(near[:, :700].any(axis=0))


def height(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> tuple[int, int]:
    """First and last row of a colour in the left third, where these plots have no legend."""
    near = np.abs(picture.astype(int) - colour).max(axis=2) < 12
    rows = np.flatnonzero(near[:, :320].any(axis=1))
    return int(rows[0]), int(rows[-1])


def test_picture_has_its_size_and_shows_every_line() -> None:
    both = Curve(
        x=np.array([1.0, 2, 3]),
        lines={"one": np.array([1.0, 2, 3]), "other": np.array([3.0, 2, 1])},
        x_label="x",
        y_label="y",
    )
    picture = draw_curve(both, title="metric")
    assert (picture.size, picture.mode) == ((960, 640), "RGB")
    shown = np.asarray(picture)
    assert columns(shown, BLUE).sum() > 400
    assert columns(shown, ORANGE).sum() > 400


def test_same_numbers_give_the_same_pixels_whatever_the_settings() -> None:
    drawn = curve(9, 50, 5, 4, spread=[1, 60, 0.5, 0.1], log=True)
    first = pixels(drawn)
    np.testing.assert_array_equal(pixels(drawn), first)
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 8, "savefig.dpi": 40}):
        np.testing.assert_array_equal(pixels(drawn), first)
        assert matplotlib.rcParams["font.size"] == 20
    assert (pixels(drawn, title="other") != first).any()


@pytest.mark.parametrize("log", [False, True])
def test_undefined_points_are_gaps(log: bool) -> None:
    whole = columns(pixels(curve(4, 4, 4, 4, 4, 4, 4, log=log)), BLUE)
    gap = columns(pixels(curve(4, 4, 4, np.nan, 4, 4, 4, log=log)), BLUE)
    inner = slice(*np.flatnonzero(whole)[[0, -1]])
    assert whole[inner].all()
    assert not gap[inner].all()


def test_values_that_a_logarithm_has_no_place_for_are_gaps() -> None:
    zero = pixels(curve(4, 2, 0, 2, 4, log=True))
    np.testing.assert_array_equal(zero, pixels(curve(4, 2, np.nan, 2, 4, log=True)))


def test_line_without_a_defined_point_leaves_an_empty_plot() -> None:
    empty = pixels(curve(np.nan, np.nan, spread=[1.0, 1.0], log=True))
    assert not columns(empty, BLUE).any()


def test_spread_larger_than_the_value_reaches_a_little_below_the_lowest_line() -> None:
    """On a logarithmic axis the band ends there, so that it cannot stretch the axis."""
    picture = pixels(curve(2, 8, 8, 8, 8, spread=[0, 20, 0, 0, 0], log=True))
    top, bottom = height(picture, PALE_BLUE)
    line_top, line_bottom = height(picture, BLUE)
    assert top < line_top - 50
    assert line_bottom < bottom < line_bottom + 40


def test_band_on_plain_axes_has_the_whole_spread() -> None:
    """One standard deviation either way: the band is as deep below the line as high above it."""
    picture = pixels(curve(5, 5, 5, 5, spread=[3, 3, 3, 3]))
    (top, bottom), (line_top, line_bottom) = height(picture, PALE_BLUE), height(picture, BLUE)
    assert line_top - top == pytest.approx(bottom - line_bottom, abs=2)
    assert line_top - top > 100


def labels(drawn: Curve, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """The numbers at the axes below and to the left, as they are drawn."""
    from matplotlib.figure import Figure

    kept: list[tuple[list[str], list[str]]] = []
    save = Figure.savefig

    def saved(figure: Figure, *args: object, **more: object) -> None:
        save(figure, *args, **more)  # type: ignore[arg-type]
        (axes,) = figure.axes
        low, high = axes.get_ylim()
        beside = [
            label.get_text()
            for place, label in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
            if low <= place <= high
        ]
        kept.append(([label.get_text() for label in axes.get_xticklabels()], beside))

    monkeypatch.setattr(Figure, "savefig", saved)
    draw_curve(drawn, title="metric")
    return kept[0]


def at(*x: float, values: list[float]) -> Curve:
    return Curve(np.array(x), {"one": np.array(values)}, "x", "y", log=True)


def test_logarithmic_axes_have_plain_numbers_at_the_points(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = at(1, 5, 10, 100, 19000, values=[60.0, 20, 9, 4, 3])
    below, beside = labels(drawn, monkeypatch)
    assert below == ["1", "5", "10", "100", "19,000"]
    assert beside == ["5", "10", "20", "50"]


def test_labels_that_would_overlap_give_way_to_the_last_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    below, _ = labels(at(1, 10, 1000, 1100, values=[4.0, 3, 2, 1]), monkeypatch)
    assert below == ["1", "10", "1,100"]


def test_narrow_logarithmic_axis_has_numbers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _, beside = labels(at(1, 10, values=[3.4, 3.1]), monkeypatch)
    assert len(beside) >= 3
    assert all(3 < float(number) < 3.5 for number in beside)


def test_one_point_is_drawn() -> None:
    picture = pixels(at(10, values=[4.0]))
    assert 0 < columns(picture, BLUE).sum() < 40


def test_every_curve_gets_a_file_of_its_name(tmp_path: Path) -> None:
    curves = {"first": curve(1, 2, 3), "second": curve(3, 2, 1, log=True)}
    save_curves(curves, tmp_path)
    assert sorted(p.name for p in (tmp_path / "pictures").iterdir()) == ["first.png", "second.png"]
    with Image.open(tmp_path / "pictures" / "first.png") as stored:
        np.testing.assert_array_equal(
            np.asarray(stored), np.asarray(draw_curve(curves["first"], title="first"))
        )


def test_no_curve_makes_no_folder(tmp_path: Path) -> None:
    save_curves({}, tmp_path)
    assert not list(tmp_path.iterdir())


def test_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("a file stands where the folder should be")
    with pytest.raises(RunError, match="cannot be written"):
        save_curves({"first": curve(1, 2)}, tmp_path)
