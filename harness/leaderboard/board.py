"""The leaderboard of one suite: records sorted into tables that may be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.fingerprint import differences, fingerprint
from harness.leaderboard.pareto import with_fronts
from harness.leaderboard.place import with_places, with_ranks
from harness.leaderboard.rows import Column, Row, make_rows
from harness.protocol import ranked_protocol
from harness.record import Record, Score, SuiteRef
from harness.registry import Registry
from harness.scoring import metric_settings
from harness.stored import find_records
from harness.suite import Suite, load_suite


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of one suite fingerprint: the only ones that may be compared.

    Attributes:
        fingerprint: of the protocol.
        version: the suite's version at that time.
        protocol: what was hashed.
        columns: metrics, the ranking one first, each of one version with one set of parameters.
        rows: best first.
        differing: fields in which the protocol differs from the main table's.
        superseded: what is installed in a newer version than the rows were measured by: the suite
            or the metric that ranks, in words.
        records: what the rows are made of, by the method's fingerprint and the seed.
    """

    fingerprint: str
    version: int
    protocol: dict[str, Any]
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    differing: tuple[str, ...] = ()
    superseded: tuple[str, ...] = ()
    records: Mapping[tuple[str, int], Record] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Board:
    """The leaderboard of one suite.

    Attributes:
        suite: the installed suite, for texts and published rows.
        tables: the main table, then those that are not comparable with it.
        failed: one line for every cell that failed and was not repeated with success.
        records: number of finished records in the tables.
        unsigned: how many of them name no hash of their content.
    """

    suite: Suite
    tables: tuple[Table, ...]
    failed: tuple[str, ...] = ()
    records: int = 0
    unsigned: int = 0


@dataclass
class Boards:
    """Leaderboards by suite, and what was left out.

    Attributes:
        boards: sorted by suite.
        warnings: one sentence for each record that could not be used.
        folders: of runs, by the record's id.
    """

    boards: list[Board] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    folders: dict[str, Path] = field(default_factory=dict)


def load_boards(places: Sequence[str | Path], suites: Sequence[str], known: Registry) -> Boards:
    """The leaderboards of all records in some folders or stores.

    Args:
        places: folders, or addresses, searched for records.
        suites: names; none means all suites that have records.
        known: the installed plugins.

    Raises:
        DataError: a folder does not exist.
        UserError: an address cannot be opened.
        UnknownName: a suite is not installed.
    """
    for name in suites:
        known.suites.get(name)
    found = Boards()
    records: dict[str, list[Record]] = {name: [] for name in suites}
    for place in places:
        some, problems = find_records(place, suites)
        found.warnings += problems
        for path, record in some:
            if not suites or record.suite.name in suites:
                records.setdefault(record.suite.name, []).append(record)
                if isinstance(path, Path) and path.name == "record.json":
                    found.folders[record.id] = path.parent
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
    protocol, settings = _installed(suite, known)
    groups: dict[str, list[Record]] = {}
    for record in sorted(records, key=lambda r: (r.provenance.finished, r.id)):
        if record.status == "finished":
            groups.setdefault(record.suite.fingerprint, []).append(record)
    chosen: list[tuple[tuple[Column, ...], list[Record]]] = []
    for group in groups.values():
        columns = _columns(suite, group, settings)
        chosen.append((columns, _one_a_cell(group, columns)))

    def importance(part: tuple[tuple[Column, ...], list[Record]]) -> tuple[Any, ...]:
        ref = part[1][0].suite
        latest = max(record.provenance.finished for record in part[1])
        official = all(ref.protocol.get(key) == value for key, value in protocol.items())
        return (ref.version, bool(protocol) and official, len(part[1]), latest, ref.fingerprint)

    chosen.sort(key=importance, reverse=True)
    main = chosen[0][1][0].suite.protocol if chosen else {}
    tables = tuple(
        replace(
            _table(columns, group, main), superseded=_superseded(suite, group[0].suite, settings)
        )
        for columns, group in chosen
    )
    finished = [record for _, group in chosen for record in group]
    return Board(
        suite=suite,
        tables=tables,
        failed=_failed(records, finished),
        records=len(finished),
        unsigned=sum(not record.digest for record in finished),
    )


def _superseded(
    suite: Suite, measured: SuiteRef, installed: Mapping[str, dict[str, Any]]
) -> tuple[str, ...]:
    """What is installed in a newer version than a table's: the suite, or the metric that ranks."""
    found = []
    if measured.version < suite.version:
        found.append(f"suite version {measured.version}, now {suite.version}")
    ranking = measured.protocol.get("ranking")
    if isinstance(ranking, dict) and ranking.get("metric") in installed:
        name, version = ranking["metric"], ranking.get("version", 1)
        if version < installed[name]["version"]:
            found.append(f"{name} version {version}, now {installed[name]['version']}")
    return tuple(found)


def _table(columns: tuple[Column, ...], records: Sequence[Record], main: dict[str, Any]) -> Table:
    ref = records[0].suite
    ranked = with_ranks(make_rows(records, columns), columns[0])
    rows = with_fronts(with_places(ranked, columns), columns[0])
    return Table(
        fingerprint=ref.fingerprint,
        version=ref.version,
        protocol=ref.protocol,
        columns=columns,
        rows=tuple(rows),
        differing=tuple(differences(main, ref.protocol)),
        records={(record.method.fingerprint, record.seed): record for record in records},
    )


def _columns(
    suite: Suite, records: Sequence[Record], installed: Mapping[str, dict[str, Any]]
) -> tuple[Column, ...]:
    """A table's ranking metric, the others in the suite's order, then any that records hold.

    A column has the installed version and parameters of its metric where a record has such a
    score, else those of the record that finished last.
    """
    scores: dict[str, list[Score]] = {}
    for record in records:
        for score in record.scores:
            scores.setdefault(score.metric, []).append(score)
    ranking = records[0].suite.protocol.get("ranking")
    first = [str(ranking.get("metric"))] if isinstance(ranking, dict) else []
    order = dict.fromkeys([*first, *(use.name for use in suite.metrics), *sorted(scores)])
    columns = tuple(_column(scores[name], installed.get(name)) for name in order if name in scores)
    if columns:
        return columns
    name = suite.metrics[0].name
    return (Column(metric=name, unit="", direction="higher", version=1, params={}),)


def _column(scores: Sequence[Score], installed: dict[str, Any] | None) -> Column:
    chosen = next((score for score in scores if score.settings == installed), scores[-1])
    newest = installed["version"] if installed else chosen.version
    return Column(
        metric=chosen.metric,
        unit=chosen.unit,
        direction=chosen.direction,
        version=chosen.version,
        params=chosen.params,
        newer=newest if newest > chosen.version else None,
    )


def _one_a_cell(records: Sequence[Record], columns: Sequence[Column]) -> list[Record]:
    """The record of every cell with the fewest scores that may not stand in their columns.

    Args:
        records: of one suite fingerprint, the one that finished last at the end; of equally good
            ones it is chosen.
        columns: of all their metrics.
    """

    def refused(record: Record) -> int:
        scores = [record.score(column.metric) for column in columns]
        pairs = zip(columns, scores, strict=True)
        return sum(bool(column.refusal(score)) for column, score in pairs if score is not None)

    chosen: dict[str, Record] = {}
    for record in records:
        cell = f"{record.method.fingerprint}/{record.seed}"
        if cell not in chosen or refused(record) <= refused(chosen[cell]):
            chosen[cell] = record
    return list(chosen.values())


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
    checked: dict[str, dict[str, Any]] = {}  # one protocol stands in many records
    for record in records:
        ref = record.suite
        if checked.get(ref.fingerprint) == ref.protocol or (
            fingerprint(ref.protocol) == ref.fingerprint
        ):
            checked[ref.fingerprint] = ref.protocol
            good.append(record)
        else:
            doubts.append(
                f"record {record.id} ({record.method.name} on {record.suite.name}) is left out: "
                "its suite fingerprint does not belong to its protocol."
            )
    return good, doubts


def _installed(suite: Suite, known: Registry) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What the installed suite hashes beside its data, and the settings of its metrics.

    Both are empty where one of its metrics is not installed.
    """
    try:
        return ranked_protocol(suite, known), metric_settings(suite, known)
    except HarnessError:
        return {}, {}
