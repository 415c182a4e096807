from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from toy_plugin.methods import BEFORE_FIT, FITS
from toy_world import Toy
from typer.testing import CliRunner, Result

from harness.cli.main import app
from harness.record import Record

Invoke = Callable[..., Result]


@pytest.fixture
def invoke(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Runs `harness run` on the toy suite; the working folder is the test's own."""
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str, method: str = "toy_net", suite: str = "toy") -> Result:
        words = ["run", "--method", method, "--suite", suite, "--threads", "1", *arguments]
        return CliRunner().invoke(app, words)

    return call


def records(toy: Toy) -> list[str]:
    return sorted(path.parent.name[:-9] for path in (toy.folder / "runs").rglob("record.json"))


def test_a_run_prints_scores_and_says_where_the_files_lie(toy: Toy, invoke: Invoke) -> None:
    toy.suite(baselines=["toy_centre"], oracles=["toy_oracle"])
    result = invoke()
    assert result.exit_code == 0, result.stderr
    rows = [line.split()[0] for line in result.stdout.splitlines() if "toy_" in line]
    assert rows == ["toy_centre", "toy_net", "toy_oracle"]
    assert "toy spread" in result.stdout
    assert f"runs/toy/{records(toy)[1]}" in result.stderr
    assert records(toy) == [
        "toy_centre-default-seed0",
        "toy_net-quick-seed0",
        "toy_oracle-default-seed0",
    ]


def test_a_finished_run_writes_the_leaderboard_of_its_suite(toy: Toy, invoke: Invoke) -> None:
    invoke()
    assert "toy_net" in (toy.folder / "runs" / "leaderboards" / "toy.md").read_text()


def test_the_plan_stands_before_the_run(toy: Toy, invoke: Invoke) -> None:
    toy.suite(baselines=["toy_centre", "untrained"])
    lines = invoke("--seed", "0,1").stderr.splitlines()
    assert lines[0] == ("suite toy: toy_net (preset quick, seed 0), toy_net (preset quick, seed 1)")
    assert lines[1] == "  beside them, as the suite asks: toy_centre, toy_net untrained"
    assert lines[2] == "about 3 minutes of training on two free CPU cores."


def test_a_dry_run_prints_the_plan_and_does_nothing(toy: Toy, invoke: Invoke) -> None:
    result = invoke("--dry-run", "--preset", "paper")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "suite toy: toy_net (preset paper, seed 0)\n"
    assert not (toy.folder / "runs").exists()


def test_a_dry_run_as_json_lists_every_cell(toy: Toy, invoke: Invoke) -> None:
    toy.suite(baselines=["toy_centre"])
    rows = json.loads(invoke("--dry-run", "--json", "--set", "rate=0.3").stdout)
    assert [(row["cell"], row["asked"], row["minutes"]) for row in rows] == [
        ("toy/toy_centre/default/seed-0", False, None),
        ("toy/toy_net/quick/seed-0", True, 1.5),
    ]
    assert rows[1]["method"] == "toy-package/toy_net"
    assert rows[1]["config"]["rate"] == 0.3


def test_json_prints_one_record_a_line_and_nothing_else(toy: Toy, invoke: Invoke) -> None:
    toy.suite(baselines=["toy_centre"])
    result = invoke("--json")
    made = [Record.model_validate_json(line) for line in result.stdout.splitlines()]
    assert [record.method.name for record in made] == ["toy_centre", "toy_net"]
    assert "suite toy" in result.stderr


def test_json_leaves_out_what_failed(invoke: Invoke) -> None:
    result = invoke("--json", "--set", "fail=crash")
    assert (result.stdout, result.exit_code) == ("", 1)


def test_a_quiet_run_says_nothing_of_its_progress(invoke: Invoke) -> None:
    result = invoke("--quiet")
    assert "running" not in result.stderr
    assert "suite toy:" not in result.stderr
    assert "toy_net" in result.stdout


def test_a_finished_cell_is_said_to_be_kept(invoke: Invoke) -> None:
    assert "finished: toy/toy_net/quick/seed-0" in invoke().stderr
    assert "kept: toy/toy_net/quick/seed-0" in invoke().stderr
    assert len(FITS) == 1
    invoke("--fresh")
    assert len(FITS) == 2


def test_lists_may_be_separated_by_commas_or_repeated(toy: Toy, invoke: Invoke) -> None:
    invoke("--method", "toy_parts", "--seed", "1,2", "--seed", "3", method="toy_centre, toy_named")
    assert records(toy) == [
        f"{method}-seed{seed}"
        for method in ("toy_centre-default", "toy_named-default", "toy_parts-quick")
        for seed in (1, 2, 3)
    ]


def test_only_the_metrics_asked_for_are_measured(invoke: Invoke) -> None:
    record = json.loads(invoke("--json", "--metrics", "toy_overlap").stdout)
    assert [score["metric"] for score in record["scores"]] == ["toy_overlap"]


def test_baselines_can_be_left_out(toy: Toy, invoke: Invoke) -> None:
    toy.suite(baselines=["toy_centre"])
    invoke("--no-baselines", "--output", "elsewhere")
    assert [p.name for p in (toy.folder / "elsewhere" / "toy").iterdir()] == [
        p.name for p in (toy.folder / "elsewhere" / "toy").glob("toy_net-*")
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--preset", "qiuck"), "Did you mean 'quick'?"),
        (("--set", "rtae=1"), "Did you mean 'rate'?"),
        (("--metrics", "toy_overlpa"), "Did you mean 'toy_overlap'?"),
        (("--seed", "one"), "--seed one: expected whole numbers."),
        (("--executor", "loacl"), "Did you mean 'local'?"),
        (("--device", "gpu"), "--device gpu"),
        (("--precision", "fp8"), "--precision fp8"),
        (("--skip-broken",), "--skip-broken"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_mistake_is_one_sentence_and_exit_code_two(
    invoke: Invoke, arguments: tuple[str, ...], words: str
) -> None:
    result = invoke(*arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert FITS == []


@pytest.mark.parametrize(
    ("fail", "code"), [("crash", 1), ("diverge", 1), ("user", 2)], ids=["crash", "nan", "data"]
)
def test_a_failed_cell_has_its_exit_code(invoke: Invoke, fail: str, code: int) -> None:
    result = invoke("--set", f"fail={fail}")
    assert result.exit_code == code
    assert "failed: toy/toy_net/quick/seed-0: " in result.stderr


def test_the_other_cells_run_after_a_failure(toy: Toy, invoke: Invoke) -> None:
    result = invoke("--set", "fail=crash", method="toy_net,toy_centre")
    assert result.exit_code == 1
    assert "toy_centre" in result.stdout
    assert len(records(toy)) == 2


def test_a_failure_counts_for_more_than_a_mistake(toy: Toy, invoke: Invoke) -> None:
    toy.suite("leaky", dataset_options={"flaw": "shared_id"})
    assert invoke(suite="leaky").exit_code == 2
    assert invoke("--set", "fail=crash", suite="leaky,toy").exit_code == 1


def test_a_companion_that_does_not_fit_is_a_remark(
    invoke: Invoke, monkeypatch: pytest.MonkeyPatch, toy: Toy
) -> None:
    from toy_plugin.methods import ToyCentre

    from harness.errors import DataError

    def refuse(*_: object) -> None:
        raise DataError("no centre here.")

    monkeypatch.setattr(ToyCentre, "fit", refuse)
    toy.suite(baselines=["toy_centre"])
    result = invoke()
    assert result.exit_code == 0
    assert "left out: toy/toy_centre/default/seed-0: no centre here." in result.stderr
    assert invoke(method="toy_centre").exit_code == 2


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_place_of_a_crash_is_shown_on_demand(toy: Toy, invoke: Invoke, place: str) -> None:
    words = ["run", "--method", "toy_net", "--suite", "toy", "--set", "fail=crash"]
    flag = ["--traceback"]
    shown = CliRunner().invoke(app, [*flag, *words] if place == "before" else [*words, *flag])
    assert "Traceback (most recent call last)" in shown.stderr
    assert "methods.py" in shown.stderr
    assert "Traceback" not in invoke("--set", "fail=crash").stderr


def test_an_interrupt_leaves_a_run_that_goes_on(toy: Toy, invoke: Invoke) -> None:
    BEFORE_FIT.append(lambda: signal.raise_signal(signal.SIGINT))
    result = invoke()
    assert result.exit_code == 130
    assert "interrupted" in result.stderr
    assert records(toy) == []
    BEFORE_FIT.clear()
    assert invoke().exit_code == 0


def test_scores_without_value_are_said_to_be_missing(toy: Toy, invoke: Invoke) -> None:
    toy.suite(metrics=[{"name": "toy_overlap"}])
    result = invoke(method="toy_centre")
    row = next(line for line in result.stdout.splitlines() if "toy_centre" in line)
    assert row.split() == ["toy_centre", "n/a"]


def test_metrics_without_any_value_leave_the_table_to_the_others(toy: Toy, invoke: Invoke) -> None:
    toy.suite(metrics=[{"name": "toy_overlap"}, {"name": "toy_spread"}])
    shown = invoke(method="toy_centre").stdout
    assert "toy spread" in shown
    assert "toy overlap" not in shown


def test_a_waiting_cell_is_announced(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli.run_view import Progress

    with Progress() as progress:
        progress.waiting(toy.cell(), toy.folder)
    assert "another process is running toy/toy_net/quick/seed-0" in capsys.readouterr().err


def test_progress_follows_a_resumed_loop(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli.run_view import Progress

    with Progress() as progress:
        progress.cell_started(toy.cell(), toy.folder)
        progress.data_progress("test images", 3, 6)
        progress.data_progress("test images", 6, 6)
        progress.loop_started("train", 5, 9)
        progress.scalars_logged("train", 5, {"loss": 0.125})
        progress.loop_advanced("train", 6)
        progress.loop_finished("train")
    shown: Any = capsys.readouterr().err
    assert "test images: 6 in the cache" in shown
    assert "toy_net seed 0: train goes on at step 5 of 9" in shown


def test_a_run_that_is_out_of_time_exits_with_3_and_the_same_command_goes_on(
    toy: Toy, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pass_() -> None:
        monkeypatch.setattr("harness.training.run.wall_clock", lambda: 1e11)

    BEFORE_FIT.append(pass_)
    result = invoke("--max-minutes", "30")
    assert result.exit_code == 3
    said = result.stderr.splitlines()
    assert "stopped: toy/toy_net/quick/seed-0: step 1 of 4 of the loop 'train' is saved" in said
    assert said[-1] == "Time is up; the same command goes on where it was (1 of 1 cells left)."
    BEFORE_FIT.clear()
    monkeypatch.setattr("harness.training.run.wall_clock", lambda: 0.0)
    again = invoke("--max-minutes", "30")
    assert again.exit_code == 0
    assert "train goes on at step 1 of 4" in again.stderr


def test_a_time_limit_of_nothing_is_refused(invoke: Invoke) -> None:
    result = invoke("--max-minutes", "0")
    assert (result.exit_code, "--max-minutes 0: expected" in result.stderr) == (2, True)
