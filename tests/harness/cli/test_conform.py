from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import InProcess
from conforming import broken_methods, datasets, metrics

from harness.conformance import conform
from harness.registry import Entry, Plugin, registry


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[InProcess]:
    """The command beside a package of toys, one of which is broken."""
    monkeypatch.setenv("COLUMNS", "120")
    registry.cache_clear()
    known = registry()
    known.methods.add(Entry(broken_methods.BROKEN["describe"], "toys", "1"))
    known.metrics.add(Entry(metrics.GOOD, "toys", "1"))
    known.datasets.add(Entry(datasets.GOOD, "toys", "1"))
    known.plugins.append(Plugin("toys", "toys.plugin", "toys", "1", 0.0))
    known.plugins.append(Plugin("torn", "torn.plugin", "torn", "1", 0.0, error="it broke"))
    yield InProcess(tmp_path, capsys)
    registry.cache_clear()


def test_one_name_is_checked_in_every_kind_that_has_it(cli: InProcess) -> None:
    done = cli("conform", "toys/good")
    assert done.code == 1
    assert [line for line in done.out.splitlines() if "toys/good" in line] == [
        "method toys/good",
        "metric toys/good",
        "dataset toys/good",
    ]
    assert done.error == "1 check failed, of method toys/good."


def test_passing_things_exit_with_zero_and_say_what_was_checked(cli: InProcess) -> None:
    done = cli("conform", "synthetic_faces_wild")
    assert done.code == 0
    assert done.out.startswith("suite harness/synthetic_faces_wild")
    assert "The splits of its roles exist and have images." in done.out


def test_json_has_every_result_of_a_package(cli: InProcess) -> None:
    done = cli("conform", "--package", "toys", "--json")
    rows = json.loads(done.out)
    assert {row["kind"] for row in rows} == {"method", "metric", "dataset"}
    (failed,) = [row for row in rows if row["status"] == "failed"]
    assert (failed["subject"], failed["check"]) == ("toys/good", "describe")
    assert failed["detail"].startswith("describe() holds numbers that are not finite.")
    assert done.code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Name what to check, or give --all"),
        (("mean_shape", "--all"), "Name what to check, or give --all"),
        (("mean_shap",), "Unknown name 'mean_shap'. Did you mean 'mean_shape'?"),
        (("--package", "toyz"), "Unknown package with plugins 'toyz'. Did you mean 'toys'?"),
        (("--package", "torn"), "The plugin 'torn' cannot be loaded: it broke"),
        (("mean_shape", "--steps", "1"), "--steps 1: expected at least 2."),
    ],
)
def test_mistakes_are_one_sentence(cli: InProcess, words: tuple[str, ...], message: str) -> None:
    done = cli("conform", *words)
    assert done.code == 2
    assert message in done.error


def test_helper_for_tests_raises_with_all_that_failed(cli: InProcess) -> None:
    with pytest.raises(AssertionError, match=r"method toys/good: describe failed: describe\(\)"):
        conform.thing("method", "good")
    assert {one.status for one in conform.metric("good")} == {"passed"}
    assert conform.installed("toys") == [
        ("method", "toys/good"),
        ("metric", "toys/good"),
        ("dataset", "toys/good"),
    ]


def test_unknown_kind_is_told() -> None:
    from harness.errors import UnknownName

    with pytest.raises(UnknownName, match="Did you mean 'metric'"):
        conform.thing("metrics", "mds")
