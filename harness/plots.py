"""Plots of a metric's answer over a range; the same numbers give the same pixels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from harness.contract.arrays import Curve
from harness.files import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches and dots per inch: 960 x 640 pixels.
_SIZE, _DPI = (6.4, 4.27), 150

#: A band on a logarithmic axis ends at this share of the lowest value.
_FLOOR = 0.9
#: Room for the label of one point, as a share of a logarithmic axis.
_ROOM = 0.06


def save_curves(curves: Mapping[str, Curve], folder: Path) -> None:
    """Write `pictures/<metric>.png` below a run's folder for every curve.

    Raises:
        RunError: a file cannot be written.
    """
    for name, curve in curves.items():
        with replacing(folder / "pictures" / f"{name}.png", sync=False) as temporary:
            draw_curve(curve, title=name).save(temporary, "PNG")


def draw_curve(curve: Curve, *, title: str) -> Image.Image:
    """A line for each name, with a band of its spread; undefined points are gaps.

    On logarithmic axes values that are not positive are gaps too, and a band ends a little below
    the lowest line.

    Args:
        curve: what to draw.
        title: stands above the plot.

    Returns:
        An RGB picture, 960 x 640 pixels.
    """
    # The object interface: pyplot would keep global state and pick a window system.
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context("default"):  # whatever the person's own settings are
        figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
        axes = figure.subplots()
        axes.set(title=title, xlabel=curve.x_label, ylabel=curve.y_label)
        _draw_lines(axes, curve)
        if curve.log:
            _plain_logarithms(axes, curve)
        axes.grid(alpha=0.3)
        axes.legend()
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
    with Image.open(buffer) as picture:
        return picture.convert("RGB")


def _draw_lines(axes: Axes, curve: Curve) -> None:
    lines = {name: np.asarray(values, np.float64) for name, values in curve.lines.items()}
    if curve.log:
        lines = {name: np.where(line > 0, line, np.nan) for name, line in lines.items()}
    drawn = np.concatenate([line[np.isfinite(line)] for line in lines.values()])
    for name, values in lines.items():
        (line,) = axes.plot(curve.x, values, marker="o", markersize=3.5, label=name)
        spread = curve.spreads.get(name)
        if spread is None:
            continue
        low, high = values - spread, values + spread
        if curve.log and len(drawn):  # a logarithmic axis has no place for values below zero
            low = np.maximum(low, _FLOOR * drawn.min())
        axes.fill_between(curve.x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)


def _plain_logarithms(axes: Axes, curve: Curve) -> None:
    """Logarithmic axes with plain numbers, below at the places of the points themselves."""
    from matplotlib import ticker

    if not any((values > 0).any() for values in curve.lines.values()):
        return  # nothing is drawn, and an empty axis has no logarithm
    axes.set_xscale("log")
    axes.set_yscale("log")
    places = _apart(curve.x)
    axes.set_xticks(places, [_plain(place) for place in places])
    low, high = axes.get_ylim()
    # Steps of 1, 2 and 5 in each decade, unless the axis covers too little to have some.
    wide = high > 10 * low
    axes.yaxis.set_major_locator(
        ticker.LogLocator(subs=(1, 2, 5)) if wide else ticker.MaxNLocator(6)
    )
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: _plain(value)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(ticker.NullLocator())


def _apart(x: NDArray[np.float64]) -> list[float]:
    """Those places, from the last one backwards, whose labels have room beside each other."""
    kept: list[float] = []
    room = (x.max() / x.min()) ** _ROOM
    for place in x[::-1]:
        if not kept or kept[-1] >= place * room:
            kept.append(float(place))
    return kept[::-1]


def _plain(value: float) -> str:
    return f"{value:,.6g}"
