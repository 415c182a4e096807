"""The files of the site, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.cache import Progress
from harness.errors import HarnessError
from harness.leaderboard.board import Board, Boards, Table, build_board
from harness.leaderboard.rows import Row
from harness.leaderboard.site.addresses import (
    Addresses,
    is_page,
    report_name,
    row_name,
    row_records,
)
from harness.leaderboard.site.pages import (
    Entry,
    index_entry,
    index_page,
    suite_file,
    suite_page,
    way_back,
)
from harness.leaderboard.site.row_page import row_page
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
    """File names and texts: `index.html`, a page a suite, and the pages of their rows.

    A row has one page for all its records, and a record whose run's folder is at hand has that
    run's whole report.

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
    runs = _runs(boards, found.folders)
    pages = Addresses(runs.keys())
    for board in boards:
        yield suite_file(board), suite_page(board, command, pages, indexed=complete)
    total = sum(len(table.records) for board in boards for table in board.tables)
    done = 0
    for board in boards:
        for table in board.tables:
            for row in table.rows:
                yield from _row_file(way_back(board), table, row, pages)
                for record in row_records(table, row):
                    run = runs.get(record.id)
                    if run is not None:
                        name = report_name(table.fingerprint, row.fingerprint, record.seed)
                        yield (
                            name,
                            report(
                                run,
                                known,
                                others=list(table.records.values()),
                                data=data,
                                crumbs=[way_back(board)],
                                seeds=_seeds(table, row, pages, [record]),
                            ),
                        )
                    done += 1
                    if progress is not None:
                        progress(_PAGES, done, total)


def remove_gone_rows(written: Iterable[Path], folder: Path) -> int:
    """Remove the pages of rows that an earlier site had in this folder and this one has not.

    Args:
        written: all files of the site.
        folder: that of the site.

    Returns:
        How many there were; none where the site has no index, as it is not whole then.
    """
    kept = set(written)
    if folder / "index.html" not in kept:
        return 0
    pages = (folder / "records").glob("*.html")
    gone = [page for page in pages if is_page(page.name) and page not in kept]
    for page in gone:
        page.unlink(missing_ok=True)
    return len(gone)


def _row_file(back: Link, table: Table, row: Row, pages: Addresses) -> Iterator[tuple[str, str]]:
    """The page of a row's records that are alone at hand; none where all have reports."""
    every = row_records(table, row)
    alone = [record for record in every if record.id not in pages.reported]
    if alone:
        name = row_name(table.fingerprint, row.fingerprint, row.preset)
        yield name, row_page(alone, row.preset, back, _seeds(table, row, pages, alone))


def _seeds(table: Table, row: Row, pages: Addresses, shown: Sequence[Record]) -> list[Link]:
    """Links from a page of records to the seeds of their row that it does not show."""
    here = {record.seed for record in shown}
    return [
        Link(str(seed), f"../{pages.of_seed(table, row, seed)}")
        for seed in row.seeds
        if seed not in here
    ]


def _runs(boards: Sequence[Board], folders: Mapping[str, Path]) -> dict[str, RunFolder]:
    """The runs at hand, by the ids of their records."""
    if not folders:
        return {}
    records = (r for board in boards for table in board.tables for r in table.records.values())
    runs = ((record.id, _run_of(record, folders)) for record in records)
    return {record: run for record, run in runs if run is not None}


def _run_of(record: Record, folders: Mapping[str, Path]) -> RunFolder | None:
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
