"""A run that is killed, interrupted or started twice ends as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import TOY, Command, InProcess, finish
from filelock import FileLock

from harness.record import Record, read_record

#: Some seconds of training in many short steps, saved often.
SLOW = (
    *TOY,
    "--no-baselines",
    "--checkpoint-seconds",
    "0.2",
    "--set",
    "steps=50",
    "--set",
    "pause_seconds=0.04",
)


def the_run(runs: Path) -> Path:
    """The folder of the only cell."""
    (folder,) = runs.glob("*/*-seed0-*")
    return folder


def result(runs: Path) -> tuple[Record, bytes]:
    """Record and weights of the only cell."""
    folder = the_run(runs)
    return read_record(folder / "record.json"), (folder / "weights.safetensors").read_bytes()


def wait_for(process: subprocess.Popen[str], *, file: Callable[[], object]) -> None:
    """Wait until `file` finds something; the process must still run then."""
    while not file():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def finds(folder: Path, pattern: str) -> Callable[[], object]:
    return lambda: next(folder.glob(pattern), None)


def kill_when(command: Command, arguments: tuple[str, ...], pattern: str, delay: float) -> None:
    """Start the command and kill it some time after a file has appeared below its folder."""
    process = command.start(*arguments)
    wait_for(process, file=finds(command.folder, pattern))
    time.sleep(delay)
    process.kill()
    process.communicate()


def test_killed_again_and_again_it_ends_with_the_same_weights_and_scores(
    tmp_path: Path, toy_site: Path, cli: InProcess
) -> None:
    command = Command(tmp_path, tmp_path / "own_cache", [toy_site])
    delays = random.Random(7)
    kill_when(command, SLOW, "own_cache/toy_discs/*", delays.uniform(0, 0.02))
    for _ in range(2):
        saved = "runs/*/*/checkpoints/train.pt"
        kill_when(command, SLOW, saved, delays.uniform(0, 0.5))
    kill_when(command, SLOW, "runs/*/*/weights.safetensors", 0)

    assert cli(*SLOW, "--output", "undisturbed").code == 0
    assert cli(*SLOW).code == 0

    whole, weights = result(tmp_path / "undisturbed")
    resumed, resumed_weights = result(tmp_path / "runs")
    assert resumed_weights == weights
    assert resumed.scores == whole.scores
    assert whole.cost is not None
    assert resumed.cost is not None
    assert (whole.cost.resumed, resumed.cost.resumed) == (0, 2)
    assert (the_run(tmp_path / "runs") / "curves.csv").read_bytes() == (
        the_run(tmp_path / "undisturbed") / "curves.csv"
    ).read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted_run_ends_with_130_and_goes_on_where_it_was(
    number: signal.Signals, command: Command, cli: InProcess
) -> None:
    process = command.start(*SLOW)
    wait_for(process, file=finds(command.folder, "runs/*/*/checkpoints/train.pt"))
    process.send_signal(number)
    done = finish(process)
    assert done.code == 130
    assert "interrupted" in done.error
    assert not (the_run(command.folder / "runs") / "record.json").exists()
    again = cli(*SLOW)
    assert again.code == 0
    assert "train goes on at step" in again.err
    assert result(command.folder / "runs")[0].status == "finished"


def test_two_processes_share_one_training(tmp_path: Path, toy_site: Path) -> None:
    command = Command(tmp_path, tmp_path / "own_cache", [toy_site])
    both = [finish(process) for process in [command.start(*SLOW), command.start(*SLOW)]]
    assert [done.code for done in both] == [0, 0], both
    said = both[0].err + both[1].err
    assert (said.count("finished: "), said.count("kept: ")) == (1, 1)
    events = (the_run(tmp_path / "runs") / "toy_events.txt").read_text()
    assert events.count("started") == events.count("finished") == 1


def test_second_process_says_that_it_waits(command: Command, cli: InProcess) -> None:
    arguments = (*TOY, "--no-baselines", "--preset", "smoke")
    assert cli(*arguments).code == 0
    lock = FileLock(the_run(command.folder / "runs") / ".lock")
    lock.acquire()
    process = command.start(*arguments)
    assert process.stderr is not None
    line = ""
    while "another process is running" not in line:
        line = process.stderr.readline()
        assert line
    lock.release()
    done = finish(process)
    assert done.code == 0
    assert "kept: " in done.err
