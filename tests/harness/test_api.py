from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from toy_plugin.methods import FITS
from toy_world import Toy

import harness
from harness.api import execute, run
from harness.comparison import compare
from harness.errors import RunError, UnknownName, UserError
from harness.presets import parse_settings
from harness.record import Record, read_record
from harness.saved import load_fitted
from harness.verification import verify


def call(toy: Toy, **changes: Any) -> Record:
    given = {"method": "toy_net", "suite": "toy", "output": toy.output, "device": "cpu"}
    return run(**{**given, **changes})


def test_the_package_offers_what_it_names() -> None:
    assert (harness.run, harness.Record) == (run, Record)
    assert (harness.load, harness.compare, harness.verify) == (load_fitted, compare, verify)
    assert all(getattr(harness, name) for name in harness.__all__)
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        harness.walk  # noqa: B018


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = (
        "import sys, harness, harness.registry, harness.suite, harness.plan, harness.record\n"
        "heavy = {'torch', 'numpy', 'pandas', 'sklearn', 'scipy', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_call_gives_the_record_that_lies_on_disk(toy: Toy) -> None:
    record = call(toy, preset="paper", seed=3, settings={"rate": 0.2, "suite.scale": 2.0})
    assert (record.status, record.seed, record.method.preset) == ("finished", 3, "paper")
    assert record.method.config["rate"] == 0.2
    assert record.scores[0].params == {"scale": 2.0}
    (path,) = toy.output.rglob("record.json")
    assert read_record(path) == record


def test_baselines_are_not_run(toy: Toy) -> None:
    toy.suite(baselines=["toy_centre"])
    call(toy)
    assert len(list(toy.output.rglob("record.json"))) == 1


def test_a_finished_cell_is_read_back(toy: Toy) -> None:
    assert call(toy) == call(toy)
    assert len(FITS) == 1
    call(toy, fresh=True)
    assert len(FITS) == 2


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"method": "toy_nte"}, UnknownName, "toy_net"),
        ({"settings": {"fail": "crash"}}, RunError, "the toy broke"),
        ({"settings": {"fail": "user"}}, UserError, "the toy wants other data"),
        ({"device": "gpu"}, UserError, "--device gpu"),
    ],
    ids=["name", "crash", "data", "device"],
)
def test_what_goes_wrong_is_raised(
    toy: Toy, changes: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        call(toy, **changes)


@pytest.mark.parametrize(
    "value",
    [3, -0.25, True, False, "plain", 'a "quoted" \\ text', "two\nlines", "", "3", [1, "a", [0.5]]],
    ids=repr,
)
def test_a_setting_of_any_type_arrives_as_it_is(value: object) -> None:
    from harness.toml import as_toml

    settings, _ = parse_settings([f"key={as_toml(value)}"])
    assert settings == {"key": value}
    assert type(settings["key"]) is type(value)


def test_cells_are_executed_in_order_and_lazily(toy: Toy) -> None:
    cells = toy.cells("toy_net", "toy_parts")
    outcomes = execute(cells, toy.options(), toy.known)
    assert FITS == []
    assert next(outcomes).cell is cells[0]
    assert len(FITS) == 1
    assert [outcome.cell for outcome in outcomes] == cells[1:]


def test_an_unknown_executor_is_refused(toy: Toy) -> None:
    with pytest.raises(UnknownName, match=r"executor 'loacl'.*'local'"):
        list(execute(toy.cells(), toy.options(), toy.known, executor="loacl"))


def test_a_data_root_may_be_text(toy: Toy, tmp_path: Path) -> None:
    toy.suite(dataset="toy_folder")
    assert call(toy, data=str(tmp_path)).status == "finished"
    with pytest.raises(UserError, match="is no folder"):
        call(toy, data=str(tmp_path / "absent"))
