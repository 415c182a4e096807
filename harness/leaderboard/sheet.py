"""A leaderboard as headings, sentences and tables of text, before it becomes a file format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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

#: Digits of a fingerprint that are shown.
SHORT = 12

#: Marks what lies on the front of score against cost.
FRONT = "◆"

#: Which direction of a metric is better.
ARROWS = {"lower": "↓", "higher": "↑"}
_KINDS = {"learned": "measured", "external": "measured outside"}


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading, sentences, a table and bullet points; each may be empty."""

    title: str = ""
    text: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    bullets: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The page of one suite."""

    title: str
    sections: tuple[Section, ...]


def make_sheet(board: Board) -> Sheet:
    """The page of one suite: scores, costs, conventions, published rows, other protocols."""
    sections = [about(board)]
    if board.tables:
        main = board.tables[0]
        sections += [_ranking(main), *_metrics(main), *conventions(main), *_details(main)]
        sections.append(_costs(main))
    sections += published(board)
    for table in board.tables[1:]:
        sections.append(other(table))
    sections.append(notes(board))
    return Sheet(title=board.suite.name, sections=tuple(s for s in sections if s != Section()))


def header(column: Column) -> str:
    """A metric with the direction that is better, such as `foreground_iou ↑`."""
    return f"{column.metric} {ARROWS[column.direction]}"


def kind_text(kind: str) -> str:
    """How a row of a kind came about: `measured`, `measured outside`, `trivial` or `oracle`."""
    return _KINDS.get(kind, kind)


def about(board: Board) -> Section:
    """What the suite is, and by which protocol its main table was measured."""
    suite = board.suite
    facts = f"Dataset {suite.dataset}, {suite.image_size} px, K = {suite.parts}"
    text = [suite.summary]
    if board.tables:
        main = board.tables[0]
        facts += f", suite version {main.version}, fingerprint {main.fingerprint[:SHORT]}"
        text.append(f"{facts}.")
        if main.superseded:
            text.append(
                f"Superseded: measured by {', '.join(main.superseded)}; 'harness run' measures the "
                "rows again."
            )
    else:
        text += [f"{facts}.", "No cell has been measured yet."]
    return Section(text=tuple(text))


def _ranking(table: Table) -> Section:
    column = table.columns[0]
    digits = column_decimals(column, table.rows)
    rows = [
        (
            rank_text(row),
            row.method,
            row.preset,
            kind_text(row.kind),
            value_text(row.cells[column.metric], digits),
            interval_text(row.cells[column.metric], digits),
            number_text(row.places.get(column.metric), 2),
            _sees(row),
            str(len(row.seeds)),
        )
        for row in table.rows
    ]
    units = [f"{c.metric} ({c.unit})" for c in table.columns if c.unit]
    text = (
        "95 %: bootstrap over test images, with Student's t over seeds where there are several.",
        "Ranks are among measured rows only: from the best to the worst place that noise allows, "
        "where a row is behind those whose interval is wholly better. A row of one seed is given "
        "the spread of the other rows' seeds for that. Place: 0 is the best trivial row, 1 the "
        "best oracle.",
        "↓ lower is better, ↑ higher is better. "
        + (f"Units: {', '.join(units)}." if units else ""),
    )
    titles = ("rank", "method", "preset", "kind", header(column), "95 %", "place", "sees", "seeds")
    return Section(title="Scores", text=text, headers=titles, rows=tuple(rows))


def _metrics(table: Table) -> list[Section]:
    """All other metrics, and the place on each of them."""
    columns = table.columns[1:]
    if not columns:
        return []
    digits = {c.metric: column_decimals(c, table.rows) for c in columns}
    scores = [
        (*_name(row), *(value_text(row.cells[c.metric], digits[c.metric]) for c in columns))
        for row in table.rows
    ]
    sections = [_by_metric("Other metrics", columns, scores)]
    if any(row.places.get(c.metric) is not None for row in table.rows for c in columns):
        places = [
            (*_name(row), *(number_text(row.places.get(c.metric), 2) for c in columns))
            for row in table.rows
        ]
        sections.append(_by_metric("Place between trivial and oracle", columns, places))
    return sections


def _by_metric(title: str, columns: Sequence[Column], rows: Sequence[tuple[str, ...]]) -> Section:
    headers = ("method", "preset", *(header(c) for c in columns))
    return Section(title=title, headers=headers, rows=tuple(rows))


def conventions(table: Table) -> list[Section]:
    """For every metric with values under other conventions, a small table of them."""
    sections = []
    for column in table.columns:
        cells = [(row, row.cells[column.metric]) for row in table.rows]
        names = list(dict.fromkeys(name for _, cell in cells for name in cell.also))
        if not names:
            continue
        digits = column_decimals(column, table.rows)
        rows = tuple(
            (
                *_name(row),
                number_text(cell.value, digits),
                *(number_text(cell.also.get(name), digits) for name in names),
            )
            for row, cell in cells
            if cell.also
        )
        sections.append(
            Section(
                title=f"{column.metric} under other conventions",
                headers=("method", "preset", "this suite", *names),
                rows=rows,
            )
        )
    return sections


def _details(table: Table) -> list[Section]:
    """For every metric with numbers behind its values, a table of them: a column a method."""
    sections = []
    for column in table.columns:
        cells = [(row, row.cells[column.metric]) for row in table.rows]
        shown = [(row, cell) for row, cell in cells if cell.details]
        names = list(dict.fromkeys(name for _, cell in shown for name in cell.details))
        digits = column_decimals(column, table.rows)
        rows = tuple(
            (name, *(number_text(cell.details.get(name), digits) for _, cell in shown))
            for name in names
        )
        if rows:
            headers = ("", *(" ".join(_name(row)) for row, _ in shown))
            title = f"{column.metric} in detail"
            sections.append(Section(title=title, headers=headers, rows=rows))
    return sections


def _costs(table: Table) -> Section:
    def marked(row: Row, cost: str, text: str) -> str:
        return f"{text} {FRONT}" if cost in row.fronts else text

    column = table.columns[0]
    digits = column_decimals(column, table.rows)
    rows = tuple(
        (
            *_name(row),
            value_text(row.cells[column.metric], digits),
            marked(row, "parameters", count_text(row.parameters)),
            marked(row, "fit_seconds", seconds_text(row.fit_seconds)),
            seconds_text(row.predict_seconds),
            marked(row, "peak_memory_bytes", bytes_text(row.peak_memory_bytes)),
            row.device or MISSING,
            ", ".join(str(seed) for seed in row.seeds),
            row.package,
        )
        for row in table.rows
    )
    headers = (
        *("method", "preset", header(column), "parameters", "fit", "predict", "memory"),
        *("device", "seeds", "package"),
    )
    text = (
        f"{FRONT} no row that costs less or as much scores better (Pareto front; seconds and "
        "memory among rows of one device, oracles left out). Seconds are means over seeds, memory "
        "is the most that the process held.",
    )
    return Section(title="Score against cost", text=text, headers=headers, rows=rows)


def published(board: Board) -> list[Section]:
    """Numbers printed in papers, with their source and reservations."""
    rows = tuple(
        (
            row.method,
            row.metric,
            f"{row.value:g}",
            ", ".join(filter(None, (row.source, row.page))),
            "; ".join(row.marks),
        )
        for row in board.suite.published
    )
    if not rows:
        return []
    return [
        Section(
            title="Published",
            text=("Numbers printed in papers; never ranked with measured ones.",),
            headers=("method", "metric", "value", "source", "reservations"),
            rows=rows,
        )
    ]


def other(table: Table) -> Section:
    """A table that may not be compared with the main one."""
    column = table.columns[0]
    digits = column_decimals(column, table.rows)
    differing = ", ".join(table.differing) or "nothing that was recorded"
    rows = tuple(
        (*_name(row), kind_text(row.kind), value_text(row.cells[column.metric], digits))
        for row in table.rows
    )
    text = f"Suite version {table.version}. Differs in: {differing}."
    if table.superseded:
        text = f"Measured by {', '.join(table.superseded)}. {text}"
    kind = "Superseded" if table.superseded else "Other"
    return Section(
        title=f"{kind} protocol {table.fingerprint[:SHORT]}: not comparable",
        text=(text,),
        headers=("method", "preset", "kind", header(column)),
        rows=rows,
    )


def notes(board: Board) -> Section:
    """What a reader must know: the suite's notes, missing values, what was left out or failed."""
    rows = board.tables[0].rows if board.tables else ()
    bullets = [*board.suite.notes, *_without_value(rows), *_older_columns(board)]
    for row in rows:
        name = ", ".join(_name(row))
        bullets += [f"{name}: {note}" for note in row.notes]
        bullets += [
            f"{name}: {metric}: {count} {reason}"
            for metric, cell in row.cells.items()
            for reason, count in sorted(cell.excluded.items())
        ]
    if board.unsigned:
        bullets.append(
            f"{board.unsigned} of {board.records} records are unsigned: they do not name the hash "
            "of their content, by which a changed one is found."
        )
    if board.failed:
        bullets.append(f"{len(board.failed)} failed and not shown: {'; '.join(board.failed)}")
    return Section(title="Notes", bullets=tuple(bullets)) if bullets else Section()


def _older_columns(board: Board) -> list[str]:
    """Metrics that no record was measured by in the installed version."""
    columns = board.tables[0].columns if board.tables else ()
    return [
        f"{column.metric} is superseded: all values are of version {column.version} of the metric, "
        f"now {column.newer}"
        for column in columns
        if column.newer is not None
    ]


def _without_value(rows: Sequence[Row]) -> list[str]:
    """One line for every reason why values are missing, with the metrics and rows it concerns."""
    metrics: dict[str, list[str]] = {}
    names: dict[str, list[str]] = {}
    for row in rows:
        for metric, cell in row.cells.items():
            if cell.missing:
                metrics.setdefault(cell.missing, []).append(metric)
                names.setdefault(cell.missing, []).append(", ".join(_name(row)))
    return [
        f"{MISSING} because {reason}: {', '.join(dict.fromkeys(metrics[reason]))} "
        f"({'; '.join(dict.fromkeys(names[reason]))})"
        for reason in sorted(metrics)
    ]


def _name(row: Row) -> tuple[str, str]:
    return row.method, row.preset


def _sees(row: Row) -> str:
    return ", ".join(row.sees) or "not stated"
