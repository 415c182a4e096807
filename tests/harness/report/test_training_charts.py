from __future__ import annotations

import re

import numpy as np

from harness.report.training import BOTTOM, LEFT, POINTS, RIGHT, TOP, loop_charts


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+) ([\d.]+)", path)]


def test_every_scalar_of_every_loop_has_a_drawing_in_the_order_of_the_run() -> None:
    rows = [("gan", s, name, float(s)) for s in range(3) for name in ("loss", "area")]
    rows += [("segmenter", s, "accuracy", 0.5) for s in range(2)]
    loops = loop_charts(rows)
    assert [(loop.loop, [c.name for c in loop.charts]) for loop in loops] == [
        ("gan", ["loss", "area"]),
        ("segmenter", ["accuracy"]),
    ]
    assert loops[0].charts[0].last == "2 at step 2"


def test_line_goes_through_the_values() -> None:
    (loop,) = loop_charts([("a", s, "loss", v) for s, v in ((0, 0.0), (5, 1.0), (10, 0.5))])
    (chart,) = loop.charts
    (x0, y0), (x1, y1), (x2, y2) = places(chart.line)
    assert (x0, x1, x2) == (LEFT, (LEFT + RIGHT) / 2, RIGHT)
    assert TOP < y1 < y2 < y0 < BOTTOM
    assert abs((y0 + y1) / 2 - y2) < 0.2
    assert chart.band == ""
    zero = next(tick for tick in chart.y_ticks if tick.text == "0")
    assert abs(zero.place - y0) < 0.1


def test_long_curves_are_put_together_with_a_band_around_the_mean() -> None:
    values = np.where(np.arange(10 * POINTS) % 2, 2.0, 1.0)
    (loop,) = loop_charts([("a", s, "loss", float(v)) for s, v in enumerate(values)])
    (chart,) = loop.charts
    line, band = places(chart.line), places(chart.band)
    assert len(line) == POINTS
    assert len(band) == 2 * POINTS
    assert max(y for _, y in line) - min(y for _, y in line) < 1
    above, below = band[0][1], band[-1][1]
    assert abs((above + below) / 2 - line[0][1]) < 0.2
    assert below - above > (BOTTOM - TOP) / 2


def test_wide_positive_values_are_drawn_logarithmically_and_one_step_is_no_error() -> None:
    falling = [("a", s, "loss", 1000.0 / 10**s) for s in range(5)]
    (loop,) = loop_charts([*falling, ("a", 0, "once", 3.0)])
    loss, once = loop.charts
    assert loss.log
    gaps = np.diff([y for _, y in places(loss.line)])
    np.testing.assert_allclose(gaps, gaps[0], atol=0.11)
    assert len(places(once.line)) == 2
    assert loop_charts([]) == []
