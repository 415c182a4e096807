"""Axes of drawings: where a value lies, and which values are written beside them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: Share of the range that stays free on both sides.
MARGIN = 0.06
#: A range of positive values beyond this ratio is drawn logarithmically where that is left open.
WIDE = 50.0


@dataclass(frozen=True)
class Axis:
    """A range of values, drawn from 0 to 1.

    Attributes:
        low: value at 0.
        high: value at 1, larger than `low`.
        log: whether equal ratios have equal lengths; both ends are positive then.
    """

    low: float
    high: float
    log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, in [0, 1]; a value beyond the ends lies on them.

        >>> Axis(1, 100, log=True).share(10)
        0.5
        """
        if self.log:
            low, high, value = (math.log(max(v, 1e-300)) for v in (self.low, self.high, value))
        else:
            low, high = self.low, self.high
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def ticks(self, count: int = 5) -> list[float]:
        """Round values within the range, about `count` of them.

        >>> Axis(0, 1).ticks(), Axis(0.5, 2000, log=True).ticks()
        ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [1.0, 10.0, 100.0, 1000.0])
        """
        if self.log:
            found = _log_ticks(self.low, self.high, count)
            if len(found) > 1:
                return found
        return _round_ticks(self.low, self.high, count)


def axis_of(values: Iterable[float], *, log: bool | None = False, margin: float = MARGIN) -> Axis:
    """An axis on which all values have room.

    Args:
        values: finite; none give the axis from 0 to 1.
        log: logarithmic; `None` where all are positive and they differ by more than `WIDE`.
        margin: share of the range that stays free on both sides.
    """
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return Axis(0.0, 1.0)
    low, high = min(known), max(known)
    if log is None:
        log = low > 0 and high > WIDE * low
    if log and low > 0:
        room = max(math.log(high / low), 0.1) * margin
        return Axis(low * math.exp(-room), high * math.exp(room), log=True)
    room = (high - low or abs(high) or 1.0) * margin
    return Axis(low - room, high + room)


def tick_text(value: float) -> str:
    """A value beside an axis, short.

    >>> [tick_text(v) for v in (0.0, 0.25, 1500, 20_000, 3e6, 0.00001)]
    ['0', '0.25', '1,500', '20k', '3M', '1e-05']
    """
    size = abs(value)
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= unit:
            scale = 1e3 if letter == "k" else unit
            return f"{value / scale:.4g}{letter}"
    return f"{value:,.0f}" if size >= 1000 else f"{value:.4g}"


def _round_ticks(low: float, high: float, count: int) -> list[float]:
    rough = (high - low) / max(count, 1)
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * factor for factor in (1, 2, 2.5, 5, 10) if base * factor >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def _log_ticks(low: float, high: float, count: int) -> list[float]:
    """Powers of ten, or 1, 2 and 5 times them where those are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    every = max(1, round((last - first) / count))
    tens = [10.0**power for power in range(first, last + 1, every)]
    inside = [value for value in tens if low <= value <= high]
    if len(inside) > 2:
        return inside
    steps = [factor * 10.0**power for power in range(first, last + 1) for factor in (1, 2, 5)]
    return [value for value in steps if low <= value <= high]
