"""The picture of score against cost: every row a mark, the Pareto front a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harness.leaderboard.board import Table
from harness.leaderboard.numbers import (
    bytes_text,
    column_decimals,
    count_text,
    seconds_text,
    value_text,
)
from harness.leaderboard.pareto import COSTS, Point, front, points
from harness.leaderboard.rows import Column
from harness.leaderboard.sheet import header, kind_text
from harness.leaderboard.site.addresses import Addresses
from harness.web.axes import Axis, axis_of, tick_text

#: Size of a picture and of its plot, in its own units, which are about pixels.
WIDTH, HEIGHT = 370, 300
LEFT, RIGHT, TOP, BOTTOM = 50, 356, 14, 262
#: Room at the left for rows that cost nothing, which a logarithmic axis has no place for.
FREE = 30
#: Marks that are drawn, the front first and then the best scores; names beside them, and marks
#: that are tried for room.
MARKS, NAMES, TRIED = 300, 12, 40
#: Costs that differ by more than this ratio are drawn logarithmically.
WIDE = 10.0
#: Width of a letter and height of a line of names.
LETTER, LINE = 6.2, 13.0
#: Values beside a logarithmic axis, with their texts.
Marks = Sequence[tuple[float, str]]
_SECONDS: Marks = (
    *((0.01, "10 ms"), (0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (60, "1 min"), (600, "10 min")),
    *((3600, "1 h"), (6 * 3600, "6 h"), (24 * 3600, "1 d"), (7 * 24 * 3600, "7 d")),
)
_COUNTS: Marks = [(10.0**power, tick_text(10.0**power)) for power in range(13)]
_BYTES: Marks = [(2.0**power, bytes_text(2**power)) for power in range(20, 50)]


@dataclass(frozen=True)
class CostAxis:
    """How a cost is drawn.

    Attributes:
        title: below the axis.
        marks: beside a logarithmic axis.
        text: of a cost.
        unit: what a linear axis counts in.
    """

    title: str
    marks: Marks
    text: Callable[[float], str]
    unit: float = 1.0


#: The costs that are drawn, one picture each.
AXES = {
    "fit_seconds": CostAxis("time of learning", _SECONDS, lambda v: seconds_text(v)),
    "parameters": CostAxis("trained parameters", _COUNTS, lambda v: count_text(round(v))),
    "peak_memory_bytes": CostAxis(
        "most memory held", _BYTES, lambda v: bytes_text(round(v)), 2.0**20
    ),
}


@dataclass(frozen=True)
class Mark:
    """One row in the picture.

    Attributes:
        x: where.
        y: where.
        kind: of the row, which gives the shape.
        front: whether no cheaper row equals it.
        title: method, score and cost in words.
        href: page of its records.
        name: stands beside it; empty where there is no room.
        name_x: where the name stands.
        name_y: its base line.
        anchor: `start`, `middle` or `end`.
    """

    x: float
    y: float
    kind: str
    front: bool
    title: str
    href: str
    name: str = ""
    name_x: float = 0.0
    name_y: float = 0.0
    anchor: str = "start"


@dataclass(frozen=True)
class Front:
    """The front of one device: a path of steps, and the dashes that tell it from others."""

    device: str
    path: str
    dashes: str


@dataclass(frozen=True)
class CostPicture:
    """The picture of one cost.

    Attributes:
        title: the cost.
        score: the metric with the direction that is better.
        marks: rows, the front last so that it lies on top.
        fronts: one a device for seconds and memory.
        x_ticks: places and texts.
        y_ticks: places and texts.
        left_out: rows that are not drawn.
    """

    title: str
    score: str
    marks: tuple[Mark, ...]
    fronts: tuple[Front, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    left_out: int


def cost_pictures(table: Table, pages: Addresses) -> list[CostPicture]:
    """One picture for every cost that at least two rows have."""
    column = table.columns[0]
    found = []
    for cost in AXES:
        known = points(table.rows, column, cost)
        if len(known) > 1:
            found.append(_picture(table, column, cost, known, pages))
    return found


@dataclass(frozen=True)
class _Frame:
    """Where costs and scores lie; better scores are above, whatever the metric's direction."""

    costs: Axis
    scores: Axis
    sign: int
    free: bool

    def place(self, point: Point) -> tuple[float, float]:
        left = LEFT + FREE if self.free else LEFT
        if self.free and point.cost <= 0:
            x = LEFT + FREE / 3
        else:
            x = left + (RIGHT - left) * self.costs.share(point.cost)
        return round(x, 1), round(self.height(point.score), 1)

    def height(self, score: float) -> float:
        share = self.scores.share(score)
        return BOTTOM - (BOTTOM - TOP) * (share if self.sign > 0 else 1 - share)


def _picture(
    table: Table, column: Column, cost: str, known: Sequence[Point], pages: Addresses
) -> CostPicture:
    best = front(table.rows, column, cost)
    ids = {id(point.row) for point in best}
    others = [point for point in known if id(point.row) not in ids]
    others.sort(key=lambda point: -column.sign * point.score)
    drawn = [*best[:MARKS], *others[: max(0, MARKS - len(best))]]
    costs = [point.cost for point in drawn if point.cost > 0]
    log = bool(costs) and max(costs) > WIDE * min(costs)
    frame = _Frame(
        costs=axis_of(costs if log else [point.cost for point in drawn], log=log),
        scores=axis_of([point.score for point in drawn], log=None),
        sign=column.sign,
        free=log and len(costs) < len(drawn),
    )
    return CostPicture(
        title=AXES[cost].title,
        score=header(column),
        marks=tuple(
            reversed(_marks(table, column, cost, drawn, frame=frame, ids=ids, pages=pages))
        ),
        fronts=tuple(_fronts(cost, best, frame)),
        x_ticks=tuple(_cost_ticks(frame, AXES[cost])),
        y_ticks=tuple((frame.height(v), tick_text(v)) for v in frame.scores.ticks(5)),
        left_out=len(known) - len(drawn),
    )


def _marks(
    table: Table,
    column: Column,
    cost: str,
    drawn: Sequence[Point],
    *,
    frame: _Frame,
    ids: set[int],
    pages: Addresses,
) -> list[Mark]:
    """All marks, names beside the first of them for which there is room."""
    digits = column_decimals(column, table.rows)
    text = AXES[cost].text
    several = [point.row.method for point in drawn]
    boxes = [(x - 6, y - 6, x + 6, y + 6) for x, y in map(frame.place, drawn[:TRIED])]
    best = boxes[: len(ids)]  # the front comes first
    names: list[Box] = []
    named = 0
    found = []
    for place, point in enumerate(drawn):
        row = point.row
        x, y = frame.place(point)
        whole = f"{row.method}, {row.preset}"
        said = f"{column.metric} {value_text(row.cells[column.metric], digits)}"
        name = whole if several.count(row.method) > 1 else row.method
        tried = named < NAMES and place < TRIED
        spot = _spot(x, y, _cut(name), [*boxes, *names]) if tried else None
        if spot is None and tried and id(row) in ids:  # better over other marks than nowhere
            spot = _spot(x, y, _cut(name), [*best, *names])
        mark = Mark(
            x=x,
            y=y,
            kind=row.kind,
            front=id(row) in ids,
            title=f"{whole} ({kind_text(row.kind)}): {said}, {text(point.cost)}, {row.device}",
            href=pages.of_row(table, row),
        )
        if spot is not None:
            named += 1
            names.append(spot[3])
            mark = _with_name(mark, _cut(name), spot)
        found.append(mark)
    return found


Box = tuple[float, float, float, float]
Spot = tuple[float, float, str, Box]


def _spot(x: float, y: float, name: str, taken: Sequence[Box]) -> Spot | None:
    """Where a name has room beside a mark: right, left, above or below it."""
    width = LETTER * len(name)
    for name_x, name_y, anchor, left in (
        (x + 9, y + 4, "start", x + 9),
        (x - 9, y + 4, "end", x - 9 - width),
        (x, y - 10, "middle", x - width / 2),
        (x, y + 19, "middle", x - width / 2),
    ):
        box = (left, name_y - LINE + 3, left + width, name_y + 3)
        inside = box[0] >= LEFT and box[2] <= WIDTH and box[1] >= 0 and box[3] <= BOTTOM
        if inside and not any(_overlap(box, other) for other in taken):
            return name_x, name_y, anchor, box
    return None


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _with_name(mark: Mark, name: str, spot: Spot) -> Mark:
    x, y, anchor, _ = spot
    return replace(mark, name=name, name_x=round(x, 1), name_y=round(y, 1), anchor=anchor)


def _cut(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"


def _fronts(cost: str, best: Sequence[Point], frame: _Frame) -> Iterator[Front]:
    """Steps from each point of a front to the next dearer one, and on to the right edge."""
    devices: dict[str, list[Point]] = {}
    for point in best:
        devices.setdefault(point.row.device if COSTS[cost] else "", []).append(point)
    for place, (device, line) in enumerate(devices.items()):
        line.sort(key=lambda point: point.cost)
        (x, y), *rest = map(frame.place, line)
        path = f"M{x} {y}" + "".join(f"H{next_x}V{next_y}" for next_x, next_y in rest)
        yield Front(device, f"{path}H{RIGHT}", ("none", "6 4", "2 3", "8 3 2 3")[place % 4])


def _cost_ticks(frame: _Frame, how: CostAxis) -> Iterator[tuple[float, str]]:
    left = LEFT + FREE if frame.free else LEFT
    if frame.free:
        yield LEFT + FREE / 3, "0"
    axis = frame.costs
    chosen = [(v, text) for v, text in how.marks if axis.log and axis.low <= v <= axis.high]
    chosen = chosen[:: -(-len(chosen) // 5) or 1]
    if len(chosen) < 2:
        round_values = Axis(axis.low / how.unit, axis.high / how.unit).ticks(3)
        chosen = [(v * how.unit, how.text(v * how.unit)) for v in round_values if v >= 0]
    for value, text in chosen:
        yield left + (RIGHT - left) * axis.share(value), text
