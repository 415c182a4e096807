"""The pages of the site as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from harness.leaderboard.board import Board
from harness.leaderboard.numbers import (
    column_decimals,
    interval_text,
    value_text,
)
from harness.leaderboard.rows import RANKED
from harness.leaderboard.sheet import about, header, kind_text, notes, published
from harness.leaderboard.site.addresses import Addresses
from harness.leaderboard.site.cost_picture import cost_pictures
from harness.leaderboard.site.markup import grid_rows
from harness.leaderboard.site.tables import (
    PUBLISHED,
    behind_grids,
    cost_grid,
    metric_grid,
    other_grid,
    place_grid,
    score_grid,
)
from harness.report.page import Link
from harness.web.pages import render

PACKAGE = "harness.leaderboard.site"
#: Kinds of rows in the order of their switches.
KINDS = ("learned", "external", "trivial", "oracle", PUBLISHED)
#: Notes that stand open on a suite's page; the others are folded.
OPEN_NOTES = 8
#: What a metric needs, and the task that this makes of a suite.
TASKS = {
    "keypoints": ("keypoints", "landmarks", "detector"),
    "parts": ("parts", "foreground", "part_labels"),
    "generation": ("samples", "render", "fit_images"),
    "editing": ("editing",),
}
#: Words for where a suite's data are.
DATA = {"embedded": "embedded", "present": "on this machine", "missing": "to be fetched"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A suite in the index.

    Attributes:
        name: the suite.
        href: its page.
        summary: one line.
        tasks: of `TASKS`.
        data: of `DATA`.
        image_size: in pixels.
        ranked_by: the metric with the direction that is better.
        best: the best measured row; empty without one.
        tied: how many are not worse beyond doubt.
        score: its value as text.
        interval: its interval as text.
        measured: measured rows.
        trivial: trivial rows and oracles.
        published: printed numbers.
    """

    name: str
    href: str
    summary: str
    tasks: tuple[str, ...]
    data: str
    image_size: int
    ranked_by: str
    best: str
    tied: int
    score: str
    interval: str
    measured: int
    trivial: int
    published: int

    @property
    def rows(self) -> str:
        """Which rows there are, as words that filters know."""
        counts = {"measured": self.measured, "published": self.published}
        return " ".join(name for name, count in counts.items() if count) or "none"


def suite_file(board: Board) -> str:
    """The file of a suite's page."""
    return f"{board.suite.name}.html"


def index_entry(board: Board, needs: Sequence[str], data: str) -> Entry:
    """A suite in the index.

    Args:
        board: its leaderboard, which may have no table.
        needs: what its metrics need.
        data: of `DATA`.
    """
    suite = board.suite
    rows = board.tables[0].rows if board.tables else ()
    ranked = [row for row in rows if row.rank is not None]
    best, score, interval = "", "", ""
    ranked_by = suite.metrics[0].name
    if board.tables:
        ranked_by = header(board.tables[0].columns[0])
    if ranked:
        column = board.tables[0].columns[0]
        digits = column_decimals(column, rows)
        cell = ranked[0].cells[column.metric]
        best = f"{ranked[0].method}, {ranked[0].preset}"
        score, interval = value_text(cell, digits), interval_text(cell, digits)
    measured = sum(row.kind in RANKED for row in rows)
    return Entry(
        name=suite.name,
        href=quote(suite_file(board)),
        summary=suite.summary,
        tasks=tuple(task for task, of in TASKS.items() if set(of) & set(needs)),
        data=data,
        image_size=suite.image_size,
        ranked_by=ranked_by,
        best=best,
        tied=max(0, sum(row.rank == 1 for row in ranked) - 1),
        score=score,
        interval=interval,
        measured=measured,
        trivial=len(rows) - measured,
        published=len(suite.published),
    )


def index_page(entries: Sequence[Entry], command: str) -> str:
    """The page that lists all suites.

    Args:
        entries: of all suites; those with measured rows come first, then those with printed ones.
        command: what generates the site.
    """
    return _page(
        "index.html.jinja",
        entries=sorted(entries, key=lambda e: (not e.measured, not e.published, e.name)),
        tasks=[task for task in TASKS if any(task in entry.tasks for entry in entries)],
        data=DATA,
        measured=sum(entry.measured for entry in entries),
        command=command,
    )


def suite_page(board: Board, command: str, pages: Addresses, *, indexed: bool) -> str:
    """The page of one suite.

    Args:
        board: its leaderboard.
        command: what generates the site.
        pages: of its records.
        indexed: whether the site has an index to go back to.
    """
    grids, folded, pictures = [], [], []
    if board.tables:
        main = board.tables[0]
        grids = [score_grid(board, pages), metric_grid(board, pages)]
        pictures = cost_pictures(main, pages)
        folded = [place_grid(main, pages), *behind_grids(main, pages)]
        folded += [other_grid(table, place, pages) for place, table in enumerate(board.tables[1:])]
    kinds = {row.kind for table in board.tables for row in table.rows}
    if board.suite.published and board.tables:
        kinds.add(PUBLISHED)
    return _page(
        "suite.html.jinja",
        board=board,
        about=about(board).text,
        grids=[grid for grid in grids if grid is not None],
        pictures=pictures,
        costs=cost_grid(board.tables[0], pages) if board.tables else None,
        folded=[grid for grid in folded if grid is not None],
        published=published(board),
        notes=notes(board).bullets,
        open_notes=max(OPEN_NOTES, len(board.suite.notes)),
        kinds=[(kind, kind_text(kind)) for kind in KINDS if kind in kinds],
        indexed=indexed,
        command=command,
    )


def way_back(board: Board) -> Link:
    """From the page of records to their suite's."""
    return Link(board.suite.name, f"../{quote(suite_file(board))}")


def _page(template: str, **values: Any) -> str:
    return render(PACKAGE, template, ("site.css",), ("table.js",), grid_rows=grid_rows, **values)
