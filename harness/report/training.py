"""Training curves as drawings: one for every scalar, small beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.curve_rows import Row
from harness.web.axes import Axis, axis_of, tick_text

#: Size of a drawing and of its plot, in its own units, which are about pixels.
WIDTH, HEIGHT = 320, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 308, 8, 146
#: Steps are put together until a curve has at most so many points.
POINTS = 240


@dataclass(frozen=True)
class Tick:
    """A value beside an axis: where, and what is written."""

    place: float
    text: str


@dataclass(frozen=True)
class CurveChart:
    """The drawing of one scalar.

    Attributes:
        name: of the scalar.
        line: path of the mean of every group of steps.
        band: path around the smallest and largest value of every group; empty without groups.
        x_ticks: steps.
        y_ticks: values.
        log: whether values are drawn logarithmically.
        last: the last value and its step, in words.
    """

    name: str
    line: str
    band: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    log: bool
    last: str


@dataclass(frozen=True)
class LoopCharts:
    """The drawings of one training loop."""

    loop: str
    charts: tuple[CurveChart, ...]


def loop_charts(rows: Sequence[Row]) -> list[LoopCharts]:
    """The drawings of all loops, in the order in which they ran."""
    series: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for loop, step, name, value in rows:
        series.setdefault(loop, {}).setdefault(name, []).append((step, value))
    found = []
    for loop, scalars in series.items():
        steps = [step for points in scalars.values() for step, _ in points]
        span = axis_of((min(steps), max(steps)), margin=0.0) if len(set(steps)) > 1 else None
        charts = [_chart(name, points, span) for name, points in scalars.items()]
        found.append(LoopCharts(loop, tuple(charts)))
    return found


def _chart(name: str, points: Sequence[tuple[int, float]], span: Axis | None) -> CurveChart:
    steps, values = (np.array(side, np.float64) for side in zip(*points, strict=True))
    groups = np.array_split(np.arange(len(steps)), min(len(steps), POINTS))
    places = np.array([steps[group].mean() for group in groups])
    means, lows, highs = (
        np.array([reduce(values[group]) for group in groups])
        for reduce in (np.mean, np.min, np.max)
    )
    x_axis = span or Axis(steps[0] - 0.5, steps[0] + 0.5)
    y_axis = _value_axis(means, lows, highs)
    grouped = len(steps) > POINTS
    x = [LEFT + (RIGHT - LEFT) * x_axis.share(float(place)) for place in places]

    def heights(side: NDArray[np.float64]) -> list[float]:
        return [BOTTOM - (BOTTOM - TOP) * y_axis.share(float(value)) for value in side]

    above, below = (list(zip(x, heights(side), strict=True)) for side in (highs, lows))
    wanted = x_axis.ticks(4) if span else [float(steps[0])]
    return CurveChart(
        name=name,
        line=_path(list(zip(x, heights(means), strict=True))),
        band=f"{_path([*above, *reversed(below)])}Z" if grouped else "",
        x_ticks=tuple(
            Tick(LEFT + (RIGHT - LEFT) * x_axis.share(step), tick_text(step)) for step in wanted
        ),
        y_ticks=tuple(
            Tick(BOTTOM - (BOTTOM - TOP) * y_axis.share(value), tick_text(value))
            for value in y_axis.ticks(4)
        ),
        log=y_axis.log,
        last=f"{values[-1]:.4g} at step {int(steps[-1]):,}",
    )


def _value_axis(
    means: NDArray[np.float64], lows: NDArray[np.float64], highs: NDArray[np.float64]
) -> Axis:
    """Logarithmic where the means say so; a single spike of noise does not flatten the curve."""
    scale = axis_of(means, log=None)
    if len(means) < 20:
        return axis_of([*lows, *highs], log=scale.log)
    spread = np.concatenate([means, *(np.percentile(side, (2, 98)) for side in (lows, highs))])
    return axis_of(spread, log=scale.log and bool((spread > 0).all()))


def _path(points: Sequence[tuple[float, float]]) -> str:
    if len(points) == 1:  # a line without length is drawn as its round end
        points = [points[0], points[0]]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
