from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from toy_world import Toy

from harness.contract import DatasetSpec, ExecutorSpec, MetricSpec
from harness.errors import UnknownName
from harness.listing import (
    list_executors,
    list_kind,
    list_metrics,
    list_plugins,
    list_suites,
    problems,
)
from harness.registry import Entry, Plugin, Registry

TWIN = MetricSpec(
    name="twin",
    summary="s",
    target="a:B",
    params="a:C",
    unit="%",
    direction="lower",
    needs=("parts",),
)


def test_name_with_two_owners_is_given_in_full() -> None:
    known = Registry()
    for owner in ("one", "two"):
        known.metrics.add(Entry(TWIN, owner, "1"))
    assert [row["name"] for row in list_metrics(known)] == ["one/twin", "two/twin"]
    assert problems(known) == ["two owners of the metric 'twin': one/twin and two/twin"]


def test_broken_plugin_is_listed_with_its_error_and_named_as_a_problem() -> None:
    known = Registry(
        plugins=[Plugin("bad", "bad.plugin", "bad-pkg", "2.0", 0.0123, "ValueError: no")]
    )
    (row,) = list_plugins(known)
    assert (row["distribution"], row["version"], row["milliseconds"]) == ("bad-pkg", "2.0", 12.3)
    assert row["error"] == "ValueError: no"
    assert problems(known) == ["plugin 'bad' (bad-pkg 2.0) failed to load: ValueError: no"]


def test_healthy_registry_has_no_problems(toy: Toy) -> None:
    assert problems(toy.known) == []


def test_plugins_name_what_they_offer(toy: Toy) -> None:
    rows = {row["name"]: row for row in list_plugins(toy.known)}
    assert {"toy_net", "toy_data", "toy_spread", "toy"} <= set(rows["toy"]["offers"])


def test_executors_are_listed() -> None:
    known = Registry()
    known.executors.add(
        Entry(ExecutorSpec(name="far", summary="Far away.", target="a:B"), "d", "1")
    )
    assert list_executors(known)[0]["summary"] == "Far away."


def test_suites_say_whether_their_data_are_there(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def status() -> tuple[str, str]:
        (row,) = (row for row in list_suites(toy.known) if row["name"] == "toy")
        return row["data"], row["folder"]

    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "root"))
    assert status() == ("embedded", "")
    (entry,) = toy.known.datasets.entries["toy_data"]
    elsewhere = replace(entry.spec, embedded=False)
    assert isinstance(elsewhere, DatasetSpec)
    monkeypatch.setitem(toy.known.datasets.entries, "toy_data", [replace(entry, spec=elsewhere)])
    assert status() == ("missing", "")
    folder = tmp_path / "root" / "toy_data"
    folder.mkdir(parents=True)
    assert status() == ("present", str(folder))


def test_unknown_kind_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'suites'"):
        list_kind("suits", Registry())
