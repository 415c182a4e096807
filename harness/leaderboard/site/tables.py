"""Tables of a suite's page, whose cells know what they are sorted by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from harness.leaderboard.board import Board, Table
from harness.leaderboard.numbers import (
    MISSING,
    bytes_text,
    column_decimals,
    count_text,
    interval_text,
    number_text,
    rank_text,
    seconds_text,
    value_text,
)
from harness.leaderboard.rows import Column, Row
from harness.leaderboard.sheet import FRONT, SHORT, header, kind_text
from harness.leaderboard.site.addresses import Addresses
from harness.web.axes import axis_of

#: Class of cells whose content is a number.
NUMBER = "number"
#: Kind of rows that are printed numbers.
PUBLISHED = "published"


#: In per cent, where an interval begins, ends, and its value lies.
Strip = tuple[float, float, float]


class Cell(NamedTuple):
    """One cell.

    Attributes:
        text: what stands there.
        value: what it is sorted by; `None` for its text, or the number with which that begins.
        look: its class, such as `number`.
        links: texts and addresses that stand there instead of the text.
        strip: an interval that is drawn beside the text.
    """

    text: str
    value: float | None = None
    look: str = ""
    links: tuple[tuple[str, str], ...] = ()
    strip: Strip | None = None


class Line(NamedTuple):
    """One row.

    Attributes:
        kind: of the row, or `published`.
        rank: as text; empty for what is not ranked.
        order: what the rank is sorted by.
        name: the method.
        href: page of its records; empty without one.
        under: what stands below the name on a phone, in place of the columns preset and kind.
        cells: all others, preset and kind first.
    """

    kind: str
    rank: str
    order: int | None
    name: str
    href: str
    under: str
    cells: tuple[Cell, ...]


class Head(NamedTuple):
    """The title of a column, its class, and what it means in more words."""

    text: str
    look: str = ""
    title: str = ""


class Grid(NamedTuple):
    """A table.

    Attributes:
        name: unique within the page.
        title: stands above it.
        text: sentences below the title.
        ranked: whether the first column has ranks.
        heads: of all columns but rank and method.
        lines: rows.
        folded: whether it is closed at first.
    """

    name: str
    title: str
    text: tuple[str, ...]
    ranked: bool
    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    folded: bool = False


def score_grid(board: Board, pages: Addresses) -> Grid:
    """The ranking metric of every row, printed numbers last."""
    table = board.tables[0]
    column = table.columns[0]
    digits = column_decimals(column, table.rows)
    cells = [row.cells[column.metric] for row in table.rows]
    ends = [end for c in cells for end in (c.value, c.low, c.high) if end is not None]
    axis = axis_of(ends, margin=0.02)

    def strip(row: Row) -> Strip | None:
        cell = row.cells[column.metric]
        if cell.value is None:
            return None
        place = round(100 * axis.share(cell.value), 1)
        if cell.low is None or cell.high is None:
            return place, place, place
        return round(100 * axis.share(cell.low), 1), round(100 * axis.share(cell.high), 1), place

    lines = [
        _line(
            pages,
            table,
            row,
            (
                _value(row, column, digits),
                Cell(interval_text(row.cells[column.metric], digits), None, NUMBER, (), strip(row)),
                _number(row.places.get(column.metric), 2),
                Cell(", ".join(row.sees) or "not stated"),
                Cell("", len(row.seeds), "", seed_links(pages, table, row)),
            ),
        )
        for row in table.rows
    ]
    lines += [
        _printed(
            row.method,
            (
                Cell(f"{row.value:g}", None, NUMBER),
                Cell("", None, NUMBER),
                Cell("", None, NUMBER),
                Cell(", ".join(filter(None, (row.source, row.page)))),
                Cell(""),
            ),
        )
        for row in board.suite.published
        if row.metric == column.metric
    ]
    heads = (
        *(Head("preset"), Head("kind"), Head(header(column), NUMBER, column.unit)),
        Head("95 %", NUMBER, "Interval over test images and, with several seeds, over training"),
        Head("place", NUMBER, "0 is the best trivial row, 1 the best oracle"),
        *(Head("sees"), Head("seeds")),
    )
    text = (
        "Ranks are among measured rows, from the best to the worst place that noise allows. Place: "
        "0 is the best trivial row, 1 the best oracle. Printed numbers are never ranked.",
    )
    return Grid("scores", "Scores", text, True, heads, tuple(lines))


def metric_grid(board: Board, pages: Addresses) -> Grid | None:
    """All other metrics; `None` where there is none."""
    table = board.tables[0]
    columns = table.columns[1:]
    if not columns:
        return None
    digits = [column_decimals(column, table.rows) for column in columns]
    lines = [
        _line(
            pages,
            table,
            row,
            tuple(map(_value, [row] * len(columns), columns, digits)),
        )
        for row in table.rows
    ]
    names = [column.metric for column in columns]
    for row in board.suite.published:
        if row.metric in names:
            place = names.index(row.metric)
            values = [Cell("", None, NUMBER) for _ in columns]
            values[place] = Cell(f"{row.value:g}", None, NUMBER)
            lines.append(_printed(row.method, values))
    return Grid("metrics", "Other metrics", (), False, _metric_heads(columns), tuple(lines))


def place_grid(table: Table, pages: Addresses) -> Grid | None:
    """The place of every row on every other metric; `None` where no metric has places."""
    columns = [
        column
        for column in table.columns[1:]
        if any(row.places.get(column.metric) is not None for row in table.rows)
    ]
    if not columns:
        return None
    lines = tuple(
        _line(
            pages,
            table,
            row,
            tuple([_number(row.places.get(c.metric), 2) for c in columns]),
        )
        for row in table.rows
    )
    text = ("0 is the best trivial row, 1 the best oracle.",)
    title = "Place between trivial and oracle"
    return Grid("places", title, text, False, _metric_heads(columns), lines, folded=True)


def cost_grid(table: Table, pages: Addresses) -> Grid:
    """What every row cost; `FRONT` marks what no cheaper row equals."""
    column = table.columns[0]
    digits = column_decimals(column, table.rows)

    def cost(row: Row, name: str, text: str) -> Cell:
        value = getattr(row, name)
        shown = f"{text} {FRONT}" if name in row.fronts else text
        return Cell(shown, value, NUMBER)

    lines = tuple(
        _line(
            pages,
            table,
            row,
            (
                _value(row, column, digits),
                cost(row, "parameters", count_text(row.parameters)),
                cost(row, "fit_seconds", seconds_text(row.fit_seconds)),
                cost(row, "predict_seconds", seconds_text(row.predict_seconds)),
                cost(row, "peak_memory_bytes", bytes_text(row.peak_memory_bytes)),
                Cell(row.device or MISSING),
                Cell(row.package),
            ),
        )
        for row in table.rows
    )
    numbers = (header(column), "parameters", "learning", "predicting", "memory")
    heads = (
        *(Head("preset"), Head("kind")),
        *(Head(name, NUMBER) for name in numbers),
        *(Head("device"), Head("package")),
    )
    text = (
        f"{FRONT} no row that costs less or as much scores better; seconds and memory among rows "
        "of one device, oracles left out. Seconds are means over seeds.",
    )
    return Grid("costs", "What rows cost", text, False, heads, lines)


def behind_grids(table: Table, pages: Addresses) -> list[Grid]:
    """For every metric, its values under other conventions and the numbers behind it."""
    grids = []
    for place, column in enumerate(table.columns):
        digits = column_decimals(column, table.rows)
        for name, title in (("also", "under other conventions"), ("details", "in detail")):
            held = [(row, getattr(row.cells[column.metric], name)) for row in table.rows]
            shown = [(row, values) for row, values in held if values]
            keys = list(dict.fromkeys(key for _, values in shown for key in values))
            if not keys:
                continue
            lines = tuple(
                _line(
                    pages,
                    table,
                    row,
                    (
                        _value(row, column, digits),
                        *(_number(values.get(key), digits) for key in keys),
                    ),
                )
                for row, values in shown
            )
            heads = (
                *(Head("preset"), Head("kind"), Head(header(column), NUMBER, column.unit)),
                *(Head(key, NUMBER) for key in keys),
            )
            whole = f"{column.metric} {title}"
            grids.append(Grid(f"{name}-{place}", whole, (), False, heads, lines, folded=True))
    return grids


def other_grid(table: Table, place: int, pages: Addresses) -> Grid:
    """A table that may not be compared with the main one."""
    column = table.columns[0]
    digits = column_decimals(column, table.rows)
    differing = ", ".join(table.differing) or "nothing that was recorded"
    text = f"Suite version {table.version}. Differs in: {differing}."
    if table.superseded:
        text = f"Measured by {', '.join(table.superseded)}. {text}"
    lines = tuple(
        _line(
            pages,
            table,
            row,
            (
                _value(row, column, digits),
                Cell(interval_text(row.cells[column.metric], digits), None, NUMBER),
                Cell("", len(row.seeds), "", seed_links(pages, table, row)),
            ),
        )
        for row in table.rows
    )
    heads = (
        *(Head("preset"), Head("kind"), Head(header(column), NUMBER, column.unit)),
        *(Head("95 %", NUMBER), Head("seeds")),
    )
    word = "Superseded" if table.superseded else "Other"
    title = f"{word} protocol {table.fingerprint[:SHORT]}: not comparable"
    return Grid(f"other-{place}", title, (text,), False, heads, lines, folded=True)


def seed_links(pages: Addresses, table: Table, row: Row) -> tuple[tuple[str, str], ...]:
    """Every seed of a row with the page of its record."""
    return tuple([(str(seed), pages.of_seed(table, row, seed)) for seed in row.seeds])


def _line(pages: Addresses, table: Table, row: Row, cells: Sequence[Cell]) -> Line:
    href = pages.of_row(table, row)
    kind = kind_text(row.kind)
    first = (Cell(row.preset), Cell(kind, None, f"kind {row.kind}"))
    under = f"{row.preset}, {kind}"
    return Line(row.kind, rank_text(row), row.rank, row.method, href, under, (*first, *cells))


def _printed(method: str, cells: Sequence[Cell]) -> Line:
    kind = kind_text(PUBLISHED)
    first = (Cell(""), Cell(kind, None, f"kind {PUBLISHED}"))
    return Line(PUBLISHED, "", None, method, "", kind, (*first, *cells))


def _value(row: Row, column: Column, digits: int) -> Cell:
    cell = row.cells[column.metric]
    return Cell(value_text(cell, digits), None, NUMBER)


def _number(value: float | None, digits: int) -> Cell:
    return Cell(number_text(value, digits), None, NUMBER)


def _metric_heads(columns: Sequence[Column]) -> tuple[Head, ...]:
    named = (Head(header(column), NUMBER, column.unit) for column in columns)
    return (Head("preset"), Head("kind"), *named)
