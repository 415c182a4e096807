from __future__ import annotations

import csv
from pathlib import Path

import pytest

from harness.errors import RecordError, RunError
from harness.training.curves import Curves


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_scalars_are_written_by_loop_and_step(tmp_path: Path) -> None:
    curves = Curves(tmp_path / "curves.csv")
    curves.add("train", 0, {"loss": 0.5, "a, b": 1.0})
    curves.add("second", 3, {"loss": 1e-9})
    curves.write()
    assert rows(tmp_path / "curves.csv") == [
        ["loop", "step", "name", "value"],
        ["train", "0", "loss", "0.5"],
        ["train", "0", "a, b", "1.0"],
        ["second", "3", "loss", "1e-09"],
    ]


def test_a_resumed_run_continues_the_file(tmp_path: Path) -> None:
    path = tmp_path / "curves.csv"
    curves = Curves(path)
    for step in range(4):
        curves.add("train", step, {"loss": 1 / 3})
    curves.add("other", 3, {"loss": 2.0})
    curves.write()
    again = Curves(path)
    again.rewind("train", 2)
    again.add("train", 2, {"loss": 9.0})
    again.write()
    assert [(loop, step, value) for loop, step, _, value in rows(path)[1:]] == [
        ("train", "0", repr(1 / 3)),
        ("train", "1", repr(1 / 3)),
        ("other", "3", "2.0"),
        ("train", "2", "9.0"),
    ]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_not_finite_says_that_training_diverged(
    tmp_path: Path, value: float
) -> None:
    with pytest.raises(RunError, match=r"train: loss became .* at step 7: training diverged"):
        Curves(tmp_path / "curves.csv").add("train", 7, {"loss": value})


@pytest.mark.parametrize("text", ["loop,step,name,value\na,b\n", "x\na,one,c,d\n"])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "curves.csv").write_text(text)
    with pytest.raises(RecordError, match=r"curves\.csv: damaged"):
        Curves(tmp_path / "curves.csv")


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").mkdir()
    with pytest.raises(RecordError, match=r"curves\.csv: damaged .*--fresh"):
        Curves(tmp_path / "curves.csv")
