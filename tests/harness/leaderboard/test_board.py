from __future__ import annotations

from pathlib import Path

import pytest
from made_records import keep, protocol, record, score
from toy_world import Toy

from harness.errors import DataError, UnknownName
from harness.leaderboard.board import Board, load_boards


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


def test_other_parameters_of_a_metric_are_another_protocol(toy: Toy) -> None:
    changed = protocol(toy)
    changed["metrics"] = {
        **changed["metrics"],
        "toy_spread": {"version": 1, "params": {"scale": 2.0}},
    }
    records = [record(changed, "a"), record(changed, "b"), record(protocol(toy), "c")]
    tables = board(toy, keep(toy.output, *records)).tables
    assert [row.method for row in tables[0].rows] == ["c"]
    assert tables[1].differing == ("metrics.toy_spread.params.scale",)


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
