"""The leaderboard of one suite: records sorted into tables that may be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import DataError, HarnessError
from harness.fingerprint import differences, fingerprint
from harness.leaderboard.place import with_places, with_ranks
from harness.leaderboard.rows import Column, Row, make_rows
from harness.record import Record, read_records
from harness.registry import Registry
from harness.scoring import resolved_uses
from harness.suite import Suite, load_suite


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of one suite fingerprint: the only ones that may be compared.

    Attributes:
        fingerprint: of the protocol.
        version: the suite's version at that time.
        protocol: what was hashed.
        columns: metrics, the ranking one first.
        rows: best first.
        differing: fields in which the protocol differs from the main table's.
    """

    fingerprint: str
    version: int
    protocol: dict[str, Any]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Board:
    """The leaderboard of one suite.

    Attributes:
        suite: the installed suite, for texts and published rows.
        tables: the main table, then those that are not comparable with it.
        failed: one line for every cell that failed and was not repeated with success.
    """

    suite: Suite
    tables: tuple[Table, ...]
    failed: tuple[str, ...] = ()


@dataclass
class Boards:
    """Leaderboards by suite, and what was left out.

    Attributes:
        boards: sorted by suite.
        warnings: one sentence for each record that could not be used.
    """

    boards: list[Board] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def load_boards(folders: Sequence[Path], suites: Sequence[str], known: Registry) -> Boards:
    """The leaderboards of all records below some folders.

    Args:
        folders: searched for records.
        suites: names; none means all suites that have records.
        known: the installed plugins.

    Raises:
        DataError: a folder does not exist.
        UnknownName: a suite is not installed.
    """
    for name in suites:
        known.suites.get(name)
    found = Boards()
    records: dict[str, list[Record]] = {name: [] for name in suites}
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; name the folder of records with --records.")
        some, problems = read_records(folder)
        found.warnings += problems
        for record in some:
            if not suites or record.suite.name in suites:
                records.setdefault(record.suite.name, []).append(record)
    for name, mine in sorted(records.items()):
        try:
            suite = load_suite(known.suites.get(name).spec)
        except HarnessError as error:
            found.warnings.append(
                f"{len(mine)} records of the suite {name!r} are left out: {error}"
            )
            continue
        sound, doubtful = _sound(mine)
        found.warnings += doubtful
        found.boards.append(build_board(suite, sound, known))
    return found


def build_board(suite: Suite, records: Sequence[Record], known: Registry) -> Board:
    """Sort the records of one suite into tables.

    The main table is the one of the newest suite version, of the installed protocol, with most
    rows, measured last: the first of these that decides.

    Args:
        suite: the installed suite.
        records: of this suite.
        known: the installed plugins, for the metrics' parameters.
    """
    finished = _newest([record for record in records if record.status == "finished"])
    groups: dict[str, list[Record]] = {}
    for record in finished:
        groups.setdefault(record.suite.fingerprint, []).append(record)

    def importance(group: Sequence[Record]) -> tuple[Any, ...]:
        ref = group[0].suite
        latest = max(record.provenance.finished for record in group)
        official = _is_installed(suite, ref.protocol, known)
        return (ref.version, official, len(group), latest, ref.fingerprint)

    ordered = sorted(groups.values(), key=importance, reverse=True)
    main = ordered[0][0].suite.protocol if ordered else {}
    tables = tuple(_table(suite, group, main) for group in ordered)
    return Board(suite=suite, tables=tables, failed=_failed(records, finished))


def _table(suite: Suite, records: Sequence[Record], main: dict[str, Any]) -> Table:
    ref = records[0].suite
    columns = _columns(suite, records)
    rows = with_places(with_ranks(make_rows(records, columns), columns[0]), columns)
    return Table(
        fingerprint=ref.fingerprint,
        version=ref.version,
        protocol=ref.protocol,
        columns=columns,
        rows=tuple(rows),
        differing=tuple(differences(main, ref.protocol)),
    )


def _columns(suite: Suite, records: Sequence[Record]) -> tuple[Column, ...]:
    """Metrics in the suite's order, then any others that records hold."""
    scores = {score.metric: score for record in records for score in record.scores}
    order = [use.name for use in suite.metrics if use.name in scores]
    order += sorted(set(scores) - set(order))
    columns = tuple(
        Column(metric=name, unit=scores[name].unit, direction=scores[name].direction)
        for name in order
    )
    return columns or (Column(metric=suite.metrics[0].name, unit="", direction="higher"),)


def _newest(records: Sequence[Record]) -> list[Record]:
    """One record a cell: the one that finished last."""
    latest: dict[str, Record] = {}
    for record in sorted(records, key=lambda r: (r.provenance.finished, r.id)):
        latest[f"{record.suite.fingerprint}/{record.method.fingerprint}/{record.seed}"] = record
    return list(latest.values())


def _failed(records: Sequence[Record], finished: Sequence[Record]) -> tuple[str, ...]:
    done = {record.id for record in finished}
    lines = {
        f"{r.method.name}, {r.method.preset}, seed {r.seed}: {r.error or 'no reason given'}"
        for r in records
        if r.status == "failed" and r.id not in done
    }
    return tuple(sorted(lines))


def _sound(records: Sequence[Record]) -> tuple[list[Record], list[str]]:
    """Records whose fingerprint belongs to their protocol, and a sentence for each other."""
    good: list[Record] = []
    doubts: list[str] = []
    for record in records:
        if fingerprint(record.suite.protocol) == record.suite.fingerprint:
            good.append(record)
        else:
            doubts.append(
                f"record {record.id} ({record.method.name} on {record.suite.name}) is left out: "
                "its suite fingerprint does not belong to its protocol."
            )
    return good, doubts


def _is_installed(suite: Suite, protocol: dict[str, Any], known: Registry) -> bool:
    """Whether a record was measured by the installed protocol and metrics, on whatever data."""
    try:
        metrics = {
            use.name: {"version": spec.version, "params": params.model_dump(mode="json")}
            for use, spec, params in resolved_uses(suite, known)
        }
    except HarnessError:
        return False
    expected = {**suite.protocol(), "metrics": metrics}
    return all(protocol.get(key) == value for key, value in expected.items())
