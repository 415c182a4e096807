from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_records import keep, protocol, record, score
from toy_world import Toy

from harness.errors import DataError, UnknownName
from harness.leaderboard.board import Board, load_boards
from harness.record import Record, write_record
from harness.seal import sealed


def board(toy: Toy, folder: Path) -> Board:
    found = load_boards([folder], [], toy.known)
    assert found.warnings == []
    (only,) = found.boards
    return only


def test_equal_fingerprints_share_a_table_and_others_never_do(toy: Toy) -> None:
    here, other = protocol(toy), protocol(toy, data={"test": "e" * 64})
    folder = keep(
        toy.output, record(here, "a"), record(here, "b"), record(other, "c"), record(here, "d")
    )
    main, second = board(toy, folder).tables
    assert [row.method for row in main.rows] == ["a", "b", "d"]
    assert [row.method for row in second.rows] == ["c"]
    assert second.differing == ("data.test",)
    assert main.differing == ()


def test_newest_suite_version_is_the_main_table(toy: Toy) -> None:
    old, new = protocol(toy), protocol(toy, version=2)
    records = [record(old, "a"), record(old, "b"), record(new, "c")]
    assert board(toy, keep(toy.output, *records)).tables[0].version == 2


def test_installed_protocol_is_the_main_table_even_with_fewer_rows(toy: Toy) -> None:
    installed, changed = protocol(toy), protocol(toy, parts=3)
    records = [record(changed, "a"), record(changed, "b"), record(installed, "c")]
    tables = board(toy, keep(toy.output, *records)).tables
    assert [row.method for row in tables[0].rows] == ["c"]
    assert tables[1].differing == ("parts",)


def test_other_parameters_of_the_ranking_metric_are_another_protocol(toy: Toy) -> None:
    ranking = {"metric": "toy_spread", "version": 1, "params": {"scale": 2.0}}
    changed = protocol(toy, ranking=ranking)
    records = [record(changed, "a"), record(changed, "b"), record(protocol(toy), "c")]
    tables = board(toy, keep(toy.output, *records)).tables
    assert [row.method for row in tables[0].rows] == ["c"]
    assert tables[1].differing == ("ranking.params.scale",)


def test_metric_that_a_suite_gains_leaves_the_older_rows_in_the_table(toy: Toy) -> None:
    plain = {"metrics": [{"name": "toy_spread"}, {"name": "toy_distance"}]}
    toy.suite(**plain)
    old = record(protocol(toy), "old", 0.5)
    toy.suite(metrics=[*plain["metrics"], {"name": "toy_overlap"}])
    new = record(protocol(toy), "new", scores=[score(0.4), score(0.9, "toy_overlap")])
    (table,) = board(toy, keep(toy.output, old, new)).tables
    cells = {row.method: row.cells for row in table.rows}
    assert (cells["old"]["toy_spread"].value, cells["new"]["toy_spread"].value) == (0.5, 0.4)
    assert cells["old"]["toy_overlap"].missing == "not measured"
    assert cells["new"]["toy_overlap"].value == 0.9


def scaled(
    toy: Toy, scale: float, method: str, *, day: int = 1, unit: str = "fraction", **changes: Any
) -> Record:
    """A record of the toy suite ranked by `toy_distance`, its `toy_spread` with a scale."""
    ranked = {"metric": "toy_distance", "version": 1, "params": {}}
    spread = score(scale, unit=unit, params={"scale": scale})
    return record(
        protocol(toy, ranking=ranked),
        method,
        scores=[score(0.3, "toy_distance"), spread],
        finished=f"2030-01-0{day}T00:00:00+00:00",
        **changes,
    )


def test_other_parameters_of_another_metric_separate_its_column_only(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_distance"}, {"name": "toy_spread"}])
    strange = scaled(toy, 2.0, "strange", day=2, unit="doubled")
    (table,) = board(toy, keep(toy.output, scaled(toy, 1.0, "plain"), strange)).tables
    assert [(c.metric, c.unit) for c in table.columns] == [
        ("toy_distance", "fraction"),
        ("toy_spread", "fraction"),
    ]
    cells = {row.method: row.cells for row in table.rows}
    assert {cells[name]["toy_distance"].value for name in cells} == {0.3}
    assert cells["plain"]["toy_spread"].value == 1.0
    assert cells["strange"]["toy_spread"].missing == "measured with other parameters"


def test_column_without_a_score_of_the_installed_parameters_has_the_latest(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_distance"}, {"name": "toy_spread"}])
    records = [scaled(toy, 3.0, "late", day=3), scaled(toy, 2.0, "early")]
    (table,) = board(toy, keep(toy.output, *records)).tables
    values = {row.method: row.cells["toy_spread"].value for row in table.rows}
    assert values == {"late": 3.0, "early": None}
    assert table.columns[1].params == {"scale": 3.0}


def test_cell_that_was_also_measured_otherwise_shows_what_the_columns_may_hold(toy: Toy) -> None:
    toy.suite(metrics=[{"name": "toy_distance"}, {"name": "toy_spread"}])
    tried = [scaled(toy, 1.0, "a"), scaled(toy, 2.0, "a", day=2)]
    (row,) = board(toy, keep(toy.output, *tried)).tables[0].rows
    assert row.cells["toy_spread"].value == 1.0


def test_other_protocol_is_ranked_by_its_own_metric(toy: Toy) -> None:
    records = [record(protocol(toy), "here"), scaled(toy, 1.0, "there")]
    main, other = board(toy, keep(toy.output, *records)).tables
    assert main.columns[0].metric == "toy_spread"
    assert [c.metric for c in other.columns] == ["toy_distance", "toy_spread"]


def test_records_stand_where_the_suite_names_a_metric_that_is_gone(toy: Toy) -> None:
    here = protocol(toy)
    toy.suite(metrics=[{"name": "toy_spread"}, {"name": "toy_gone"}])
    (table,) = board(toy, keep(toy.output, record(here, "a"))).tables
    assert [row.cells["toy_spread"].value for row in table.rows] == [0.5]


def test_cell_that_was_run_twice_counts_once_with_its_last_record(toy: Toy) -> None:
    here = protocol(toy)
    late = record(here, value=0.2, finished="2031-01-01T00:00:00+00:00")
    (row,) = board(toy, keep(toy.output, late, record(here, value=0.9))).tables[0].rows
    assert row.cells["toy_spread"].value == 0.2
    assert row.seeds == (0,)


def test_failed_cells_are_counted_until_they_succeed(toy: Toy) -> None:
    here = protocol(toy)
    lost = {"status": "failed", "error": "out of memory", "scores": [], "cost": None}
    folder = keep(
        toy.output,
        record(here, "a", seed=1, **lost),
        record(here, "b", finished="2029-01-01T00:00:00+00:00", **lost),
        record(here, "b"),
    )
    found = board(toy, folder)
    assert found.failed == ("a, quick, seed 1: out of memory",)
    assert [row.method for row in found.tables[0].rows] == ["b"]


def test_columns_follow_the_suite_and_hold_only_what_was_measured(toy: Toy) -> None:
    here = protocol(toy)
    scores = [score(0.1, "toy_extra"), score(0.2, "toy_distance"), score(0.3, "toy_spread")]
    table = board(toy, keep(toy.output, record(here, scores=scores))).tables[0]
    assert [c.metric for c in table.columns] == ["toy_spread", "toy_distance", "toy_extra"]


def test_broken_record_is_named_and_the_others_stand(toy: Toy) -> None:
    folder = keep(toy.output, record(protocol(toy)))
    (folder / "broken").mkdir()
    (folder / "broken" / "record.json").write_text("{")
    found = load_boards([folder], [], toy.known)
    assert len(found.boards[0].tables[0].rows) == 1
    (warning,) = found.warnings
    assert str(folder / "broken" / "record.json") in warning


def test_record_of_a_suite_that_is_not_installed_is_left_out(toy: Toy) -> None:
    folder = keep(toy.output, record(protocol(toy), suite="gone"), record(protocol(toy)))
    found = load_boards([folder], [], toy.known)
    assert [one.suite.name for one in found.boards] == ["toy"]
    assert "1 records of the suite 'gone' are left out" in found.warnings[0]


def test_record_whose_protocol_was_changed_by_hand_is_left_out(toy: Toy) -> None:
    good = record(protocol(toy))
    forged = good.model_copy(
        update={"suite": good.suite.model_copy(update={"protocol": {"easy": True}})}
    )
    found = load_boards([keep(toy.output, forged)], [], toy.known)
    assert found.boards[0].tables == ()
    assert "does not belong to its protocol" in found.warnings[0]


def test_only_the_named_suites_are_loaded(toy: Toy) -> None:
    toy.suite("second")
    folder = keep(toy.output, record(protocol(toy)), record(protocol(toy), suite="second"))
    found = load_boards([folder], ["second"], toy.known)
    assert [one.suite.name for one in found.boards] == ["second"]


def test_named_suite_without_records_has_an_empty_board(toy: Toy) -> None:
    toy.output.mkdir()
    (found,) = load_boards([toy.output], ["toy"], toy.known).boards
    assert found.tables == ()


def test_missing_folder_and_unknown_suite_are_mistakes(toy: Toy) -> None:
    with pytest.raises(DataError, match="no such folder"):
        load_boards([toy.output / "nothing"], [], toy.known)
    toy.output.mkdir()
    with pytest.raises(UnknownName, match="Did you mean 'toy'"):
        load_boards([toy.output], ["toi"], toy.known)


def test_rows_of_an_older_suite_version_are_superseded(toy: Toy) -> None:
    old = protocol(toy)
    toy.suite(version=2)
    records = [record(old, "a"), record(protocol(toy), "b")]
    found = board(toy, keep(toy.output, *records))
    assert [table.superseded for table in found.tables] == [(), ("suite version 1, now 2",)]
    (alone,) = board(toy, keep(toy.folder / "only", records[0])).tables
    assert alone.superseded == ("suite version 1, now 2",)


def test_rows_of_an_older_ranking_metric_are_superseded(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = record(protocol(toy), "a", scores=[score(0.5), score(0.1, "toy_distance")])
    toy.raise_version("toy_spread", monkeypatch)
    (table,) = board(toy, keep(toy.output, old)).tables
    assert table.superseded == ("toy_spread version 1, now 2",)
    assert [column.newer for column in table.columns] == [2, None]


def test_rows_of_a_newer_suite_than_the_installed_one_are_not_superseded(toy: Toy) -> None:
    (table,) = board(toy, keep(toy.output, record(protocol(toy, version=9)))).tables
    assert table.superseded == ()


def test_scores_of_an_older_version_of_another_metric_are_superseded(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = protocol(toy)
    toy.raise_version("toy_distance", monkeypatch)
    old = record(here, "old", scores=[score(0.5), score(0.1, "toy_distance")])
    new = record(here, "new", scores=[score(0.4), score(0.2, "toy_distance", version=2)])
    (table,) = board(toy, keep(toy.output, old, new)).tables
    cells = {row.method: row.cells["toy_distance"] for row in table.rows}
    assert cells["new"].value == 0.2
    assert cells["old"].missing == "superseded: measured by version 1 of the metric, now 2"
    assert (table.superseded, table.columns[1].newer) == ((), None)
    (table,) = board(toy, keep(toy.folder / "only", old)).tables
    assert (table.rows[0].cells["toy_distance"].value, table.columns[1].newer) == (0.1, 2)


def test_records_without_a_hash_are_counted_and_changed_ones_left_out(toy: Toy) -> None:
    folder = keep(toy.output, record(protocol(toy), "a"))
    for name in ("b", "c"):
        signed = sealed(record(protocol(toy), name), folder)
        write_record(signed, folder / name / "record.json")
    found = board(toy, folder)
    assert (found.records, found.unsigned) == (3, 1)
    path = folder / "c" / "record.json"
    path.write_text(path.read_text().replace('"value": 0.5', '"value": 0.1'))
    boards = load_boards([folder], [], toy.known)
    assert [row.method for row in boards.boards[0].tables[0].rows] == ["a", "b"]
    (warning,) = boards.warnings
    assert "c/record.json: the record was changed after it was written" in warning
