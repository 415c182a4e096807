"""Cells that stop because time is up, and the command that goes on with them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from filelock import FileLock
from toy_plugin.methods import BEFORE_FIT, FITS
from toy_world import Toy

from harness import api
from harness.contract import Method
from harness.errors import ConfigError, OutOfTime
from harness.executors.local import Local
from harness.plan import RunOptions, deadline_in
from harness.runner import Outcome, Runner
from harness.saved import save_weights
from harness.watching import CellWatcher


def run(toy: Toy, deadline: float | None = None, seeds: tuple[int, ...] = (0,)) -> list[Outcome]:
    cells = toy.cells("toy_net", baselines=False, seeds=seeds)
    return list(Local(1).run(cells, toy.options(deadline=deadline), toy.known, CellWatcher()))


def let_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the beginning of the next fit on it is long after any deadline."""

    def pass_() -> None:
        monkeypatch.setattr("harness.plan.time.time", lambda: 4e9)
        monkeypatch.setattr("harness.training.run.wall_clock", lambda: 4e9)

    BEFORE_FIT.append(pass_)


def test_a_deadline_lies_so_many_minutes_ahead() -> None:
    assert deadline_in(None) is None
    assert deadline_in(2) == pytest.approx(time.time() + 120, abs=30)
    with pytest.raises(ConfigError, match="--max-minutes 0: expected a number above 0"):
        deadline_in(0)


def test_options_say_how_long_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.plan.time.time", lambda: 100.0)
    found = [RunOptions(deadline=d) for d in (None, 99.0, 100.0, 103.0)]
    assert [options.out_of_time() for options in found] == [False, True, True, False]
    assert [options.seconds_left() for options in found] == [None, 0.0, 0.0, 3.0]


def test_a_running_cell_is_saved_and_the_next_is_not_begun(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        let_time_pass(patch)
        first, second = run(toy, 3e9, seeds=(0, 1))
    assert (first.status, first.exit_code, first.record) == ("stopped", 3, None)
    assert first.error == "step 1 of 4 of the loop 'train' is saved"
    assert (second.status, second.error, len(FITS)) == ("stopped", "it was not begun", 1)
    assert first.folder is not None
    assert not (first.folder / "record.json").exists()

    BEFORE_FIT.clear()
    resumed, _ = run(toy, seeds=(0, 1))
    toy.output = tmp_path / "elsewhere"
    whole, _ = run(toy, seeds=(0, 1))
    assert resumed.record is not None
    assert whole.record is not None
    assert resumed.record.scores == whole.record.scores
    assert resumed.record.cost is not None
    assert resumed.record.cost.resumed == 1


def test_finished_cells_are_still_shown_when_time_is_up(toy: Toy) -> None:
    run(toy)
    cells = toy.cells("toy_net", baselines=False, seeds=(0, 1))
    runner = Runner(toy.options(deadline=1.0), toy.known)
    runner.prepare(cells[0])
    assert [runner.run(cell).status for cell in cells] == ["kept", "stopped"]


def test_data_are_not_read_when_time_is_up(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runner, "prepare", None)
    (outcome,) = run(toy, 1.0)
    assert (outcome.status, outcome.folder) == ("stopped", None)


def test_what_has_learned_is_measured_by_the_next_command(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time that passes after the last step."""
    with monkeypatch.context() as patch:

        def late(method: Method, folder: Path, **given: bool) -> None:
            save_weights(method, folder, **given)
            patch.setattr("harness.plan.time.time", lambda: 4e9)

        patch.setattr("harness.fitting.save_weights", late)
        (stopped,) = run(toy, 3e9)
    assert (stopped.status, stopped.error) == ("stopped", "it has learned and is not measured yet")
    (again,) = run(toy)
    assert (again.status, len(FITS)) == ("finished", 1)


def test_no_longer_than_there_is_time_another_process_is_waited_for(toy: Toy) -> None:
    (first,) = run(toy)
    assert first.folder is not None
    (first.folder / "record.json").unlink()
    with FileLock(first.folder / ".lock"):
        (second,) = run(toy, time.time() + 0.6)
    assert (second.status, second.error) == ("stopped", "another process is running it")


def test_a_python_call_that_is_out_of_time_says_that_it_can_go_on(
    toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = r"toy/toy_net/quick/seed-0: time is up: .*the same call"
    with monkeypatch.context() as patch:
        let_time_pass(patch)
        with pytest.raises(OutOfTime, match=words):
            api.run("toy_net", "toy", output=toy.output, device="cpu", max_minutes=10)
