"""The files of the site, one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.cache import Progress
from harness.errors import HarnessError
from harness.leaderboard.board import Board, Boards, Table, build_board
from harness.leaderboard.site.pages import (
    Entry,
    index_entry,
    index_page,
    record_links,
    suite_file,
    suite_page,
    way_back,
)
from harness.leaderboard.site.record_page import record_page
from harness.leaderboard.site.tables import record_name
from harness.listing import list_suites
from harness.record import Record
from harness.registry import Registry
from harness.report.page import Link, report
from harness.report.run_folder import RunFolder, open_folder
from harness.seal import FILES
from harness.suite import load_suite

#: Told how many pages of records are written, of how many.
_PAGES = "pages of runs"


def site_files(
    found: Boards,
    known: Registry,
    command: str,
    *,
    complete: bool,
    data: Path | None = None,
    progress: Progress | None = None,
) -> Iterator[tuple[str, str]]:
    """File names and texts: `index.html`, a page a suite, and a page a record.

    The page of a record is the run's whole report where its folder is at hand, else a short one.

    Args:
        found: the leaderboards.
        known: the installed plugins.
        command: what generates the site.
        complete: these are all boards there are, so that there is an index of all suites.
        data: data root for test images of reports.
        progress: told while pages are made, and while images are read into the cache.
    """
    boards = found.boards
    if complete:
        entries, boards = _every_suite(boards, known)
        yield "index.html", index_page(entries, command)
    for board in boards:
        yield suite_file(board), suite_page(board, command, indexed=complete)
    total = sum(len(table.records) for board in boards for table in board.tables)
    done = 0
    for board in boards:
        for table in board.tables:
            seeds = record_links(table)
            for (method, seed), record in table.records.items():
                done += 1
                name = record_name(table.fingerprint, method, seed)
                run = _run_of(record, found.folders)
                others = seeds[method, seed]
                yield name, _record_file(board, table, record, run, known, others, data)
                if progress is not None:
                    progress(_PAGES, done, total)


def _record_file(
    board: Board,
    table: Table,
    record: Record,
    run: RunFolder | None,
    known: Registry,
    seeds: Sequence[Link],
    data: Path | None,
) -> str:
    back = way_back(board)
    if run is None:
        return record_page(record, back, seeds)
    others = list(table.records.values())
    return report(run, known, others=others, data=data, crumbs=[back], seeds=seeds)


def _run_of(record: Record, folders: dict[str, Path]) -> RunFolder | None:
    """The run of a record, where its folder holds more than the record, and this very one."""
    folder = folders.get(record.id)
    if folder is None or not any((folder / name).is_file() for name in FILES):
        return None
    try:
        run = open_folder(folder)
    except HarnessError:
        return None
    return run if run.record == record else None


def _every_suite(boards: Sequence[Board], known: Registry) -> tuple[list[Entry], list[Board]]:
    """All installed suites that can be read, with those boards that have records."""
    measured = {board.suite.name: board for board in boards}
    entries, every = [], []
    for row in list_suites(known):
        if row["error"]:
            continue
        name = row["name"]
        board = measured.get(name)
        if board is None:
            try:
                board = build_board(load_suite(known.suites.get(name).spec), [], known)
            except HarnessError:
                continue
        needs = [need for use in board.suite.metrics for need in _needs(use.name, known)]
        entries.append(index_entry(board, needs, row["data"]))
        every.append(board)
    return entries, every


def _needs(metric: str, known: Registry) -> tuple[str, ...]:
    try:
        return known.metrics.get(metric).spec.needs
    except HarnessError:
        return ()
