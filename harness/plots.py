"""Plots of a metric's answer over a range; the same numbers give the same pixels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from harness.contract.arrays import Curve
from harness.files import replacing

#: Inches and dots per inch: 960 x 640 pixels.
_SIZE, _DPI = (6.4, 4.27), 150


def save_curves(curves: Mapping[str, Curve], folder: Path) -> None:
    """Write `pictures/<metric>.png` below a run's folder for every curve.

    Raises:
        RunError: a file cannot be written.
    """
    for name, curve in curves.items():
        with replacing(folder / "pictures" / f"{name}.png") as temporary:
            draw_curve(curve, title=name).save(temporary, "PNG")


def draw_curve(curve: Curve, *, title: str) -> Image.Image:
    """A line for each name, with a band of its spread; undefined points are gaps.

    Args:
        curve: what to draw.
        title: stands above the plot.

    Returns:
        An RGB picture, 960 x 640 pixels.
    """
    # The object interface: pyplot would keep global state and pick a window system.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    for name, values in curve.lines.items():
        (line,) = axes.plot(curve.x, values, marker="o", markersize=3.5, label=name)
        spread = curve.spreads.get(name)
        if spread is not None:
            low, high = values - spread, values + spread
            if curve.log:  # a logarithmic axis has no place for values below zero
                low = np.maximum(low, np.nanmin(values) / 2)
            axes.fill_between(curve.x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    if curve.log:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set(title=title, xlabel=curve.x_label, ylabel=curve.y_label)
    axes.grid(alpha=0.3, which="both")
    axes.legend()
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    with Image.open(buffer) as picture:
        return picture.convert("RGB")
