"""Scores of a run beside the trivial baselines, oracles and printed numbers of the same suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.leaderboard.numbers import decimals, number_text
from harness.leaderboard.place import with_places
from harness.leaderboard.rows import Cell, Column, Row, make_rows
from harness.leaderboard.sheet import kind_text
from harness.presets import DEFAULT
from harness.record import Record, Score
from harness.suite import Published
from harness.web.axes import Axis, axis_of, tick_text

#: Trivial rows and printed numbers that stand beside a score: the best ones.
TRIVIAL, PUBLISHED = 4, 3


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One line of a score's drawing; places are percentages of the width.

    Attributes:
        label: whose it is.
        kind: of the row, or `published`.
        kind_text: the same in words.
        own: whether it is this run's.
        text: the value.
        interval: the 95 % interval in words; empty without one.
        place: where the value lies.
        low: where the interval begins; `None` without one.
        high: where it ends.
    """

    label: str
    kind: str
    kind_text: str
    own: bool
    text: str
    interval: str
    place: float
    low: float | None
    high: float | None


@dataclass(frozen=True, kw_only=True)
class ScoreCard:
    """One metric of a run.

    Attributes:
        score: as the record has it.
        value: the number as text.
        interval: the 95 % interval in words; empty without one.
        better: the direction that is better, in words.
        place: 0 the best trivial row, 1 the best oracle; empty where undefined.
        bars: this run and what stands beside it, best first.
        ticks: places and texts below the bars.
        left_out: how many trivial rows and printed numbers are not shown.
        also: the value under other conventions.
        details: the numbers behind it.
    """

    score: Score
    value: str
    interval: str
    better: str
    place: str
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    left_out: int
    also: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Line:
    """A bar before its axis is known."""

    label: str
    kind: str
    value: float
    low: float | None = None
    high: float | None = None
    own: bool = False


def score_cards(
    record: Record, others: Sequence[Record], published: Sequence[Published] = ()
) -> list[ScoreCard]:
    """The metrics of a finished run that have a value, the ranking one first.

    Args:
        record: of the run.
        others: records found beside it; those of another protocol, and scores of another version
            or other parameters of a metric, are left out.
        published: the suite's printed numbers.
    """
    columns = [_column(score) for score in record.scores]
    if not columns:
        return []
    comparable = [
        other
        for other in others
        if other.status == "finished"
        and other.suite.fingerprint == record.suite.fingerprint
        and other.id != record.id
    ]
    method = record.method.fingerprint
    seeds = [other for other in comparable if other.method.fingerprint == method]
    rest = [other for other in comparable if other.method.fingerprint != method]
    alone = make_rows([record], columns)[0]
    own, *beside = with_places([alone, *make_rows(_one_a_cell(rest), columns)], columns)
    every = make_rows(_one_a_cell([record, *seeds]), columns)[0] if seeds else None
    return [
        _card(column, score, own, every, beside, published)
        for column, score in zip(columns, record.scores, strict=True)
        if score.value is not None
    ]


def _card(
    column: Column,
    score: Score,
    own: Row,
    every: Row | None,
    beside: Sequence[Row],
    published: Sequence[Published],
) -> ScoreCard:
    lines, left_out = _lines(column, own, every, beside, published)
    digits = decimals(column.unit, (line.value for line in lines))
    axis = axis_of(
        end for line in lines for end in (line.value, line.low, line.high) if end is not None
    )
    best = sorted(lines, key=lambda line: -column.sign * line.value)
    place = own.places.get(column.metric)

    def numbers(values: Mapping[str, float | None]) -> tuple[tuple[str, str], ...]:
        return tuple((name, number_text(value, digits)) for name, value in values.items())

    return ScoreCard(
        score=score,
        value=number_text(score.value, digits),
        interval=_interval(score.ci95, digits),
        better=f"{column.direction} is better",
        place="" if place is None else number_text(place, 2),
        bars=tuple(_bar(line, axis, digits) for line in best),
        ticks=tuple((100 * axis.share(tick), tick_text(tick)) for tick in axis.ticks(3)),
        left_out=left_out,
        also=numbers(score.also),
        details=numbers(score.details),
    )


def _lines(
    column: Column,
    own: Row,
    every: Row | None,
    beside: Sequence[Row],
    published: Sequence[Published],
) -> tuple[list[_Line], int]:
    """What stands beside a score, and how much of it is left out."""

    def of(row: Row, label: str, *, mine: bool = False) -> _Line | None:
        cell: Cell = row.cells[column.metric]
        if cell.value is None:
            return None
        return _Line(label, row.kind, cell.value, cell.low, cell.high, own=mine)

    def best(lines: Sequence[_Line | None], count: int) -> list[_Line]:
        known = [line for line in lines if line is not None]
        return sorted(known, key=lambda line: -column.sign * line.value)[:count]

    trivial = [of(row, _label(row)) for row in beside if row.kind == "trivial"]
    printed = [
        _Line(row.method, "published", row.value)
        for row in published
        if row.metric == column.metric
    ]
    oracles = [of(row, _label(row)) for row in beside if row.kind == "oracle"]
    lines = [of(own, "this run", mine=True)]
    if every is not None:
        lines.append(of(every, f"its {len(every.seeds)} seeds"))
    shown = [*best(trivial, TRIVIAL), *best(printed, PUBLISHED)]
    known = sum(line is not None for line in trivial) + len(printed)
    found = [line for line in (*lines, *shown, *oracles) if line is not None]
    return found, known - len(shown)


def _bar(line: _Line, axis: Axis, digits: int) -> Bar:
    def place(value: float | None) -> float | None:
        return None if value is None else round(100 * axis.share(value), 2)

    ends = None if line.low is None or line.high is None else (line.low, line.high)
    return Bar(
        label=line.label,
        kind=line.kind,
        kind_text=kind_text(line.kind),
        own=line.own,
        text=number_text(line.value, digits),
        interval=_interval(ends, digits),
        place=round(100 * axis.share(line.value), 2),
        low=place(line.low),
        high=place(line.high),
    )


def _interval(ends: tuple[float, float] | None, digits: int) -> str:
    return "" if ends is None else " to ".join(number_text(end, digits) for end in ends)


def _label(row: Row) -> str:
    return row.method if row.preset == DEFAULT else f"{row.method}, {row.preset}"


def _one_a_cell(records: Sequence[Record]) -> list[Record]:
    """The last of the records of every method and seed."""
    return list({(r.method.fingerprint, r.seed): r for r in records}.values())


def _column(score: Score) -> Column:
    return Column(
        metric=score.metric,
        unit=score.unit,
        direction=score.direction,
        version=score.version,
        params=score.params,
    )
