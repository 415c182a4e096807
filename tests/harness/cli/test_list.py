from __future__ import annotations

import json

import pytest
from commands import InProcess
from toy_world import Toy

from harness.cli.complete import kinds, names
from harness.listing import KINDS


def test_without_a_kind_everything_is_listed_in_short(cli: InProcess) -> None:
    done = cli("list")
    assert done.code == 0
    for word in (*KINDS, "toy_net", "toy_data", "toy_spread", "A toy.", "local"):
        assert word in done.out


def test_json_of_everything_has_a_list_for_every_kind(cli: InProcess) -> None:
    found = json.loads(cli("list", "--json").out)
    assert list(found) == list(KINDS)
    assert all(isinstance(rows, list) for rows in found.values())


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("columns", ["80", "120"])
def test_tables_fit_the_terminal(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch, kind: str, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    done = cli("list", kind)
    assert done.code == 0
    assert max(len(line) for line in done.out.splitlines()) <= int(columns)
    assert json.loads(cli("list", kind, "--json").out)[0]["name"] in done.out


def test_suite_that_cannot_be_read_is_listed_with_its_reason(cli: InProcess, toy: Toy) -> None:
    toy.suite("wrong", image_size="large")
    done = cli("list", "suites")
    assert done.code == 0
    assert "image_size" in done.out
    rows = {row["name"]: row for row in json.loads(cli("list", "suites", "--json").out)}
    assert rows["toy"]["metrics"] == ["toy_spread", "toy_distance", "toy_overlap"]
    assert "image_size" in rows["wrong"]["error"]


def test_published_rows_are_counted(cli: InProcess, toy: Toy) -> None:
    row = {"method": "x", "metric": "toy_spread", "value": 1.0, "source": "y"}
    toy.suite(published=[row, row])
    assert "2 published rows" in cli("list", "suites").out


def test_completion_offers_names_that_begin_alike(toy: Toy) -> None:
    assert names("methods")("toy_n") == ["toy_named", "toy_net"]
    assert kinds("me") == ["methods", "metrics"]
