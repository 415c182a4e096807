"""A run that is killed, interrupted or started twice ends as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from commands import SMALL_FACES, TOY, Command, InProcess, finish
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

#: GANSeg's two loops with networks and batches as small as they go.
GAN_SEG = (
    *("run", "--method", "gan_seg", *SMALL_FACES, "--preset", "smoke", "--no-baselines"),
    *("--set", "batch_size=4", "--set", "segmenter_batch_size=4"),
    *("--set", "steps=14", "--set", "segmenter_steps=14", "--checkpoint-seconds", "0"),
    *("--metrics", "inter_ocular_error,foreground_iou"),
)


def the_run(runs: Path) -> Path:
    """The folder of the only cell."""
    (folder,) = runs.glob("*/*-seed0-*")
    return folder


def result(runs: Path) -> tuple[Record, bytes]:
    """Record and weights of the only cell."""
    folder = the_run(runs)
    return read_record(folder / "record.json"), (folder / "weights.safetensors").read_bytes()


def wait_for(process: subprocess.Popen[str], folder: Path, pattern: str) -> None:
    """Wait until a running process has written a file of this pattern."""
    began = time.time_ns() - 10**8
    while not any(_modified(path) > began for path in folder.glob(pattern)):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # a temporary file, renamed in between
        return 0


def kill_when(command: Command, arguments: tuple[str, ...], pattern: str, delay: float) -> None:
    """Start the command and kill it some time after it has written a file."""
    process = command.start(*arguments)
    wait_for(process, command.folder, pattern)
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
    # The last kill may come just before or just after the fit is noted as finished.
    assert (whole.cost.resumed, resumed.cost.resumed) in [(0, 2), (0, 3)]
    assert (the_run(tmp_path / "runs") / "curves.csv").read_bytes() == (
        the_run(tmp_path / "undisturbed") / "curves.csv"
    ).read_bytes()


def test_gan_seg_killed_in_both_of_its_loops_ends_with_the_same_weights_and_scores(
    command: Command, cli: InProcess
) -> None:
    for loop in ("gan", "segmenter"):
        kill_when(command, GAN_SEG, f"runs/*/*/checkpoints/{loop}.pt", 0.05)
    assert cli(*GAN_SEG, "--output", "undisturbed").code == 0
    assert cli(*GAN_SEG).code == 0
    whole, weights = result(command.folder / "undisturbed")
    resumed, resumed_weights = result(command.folder / "runs")
    assert resumed_weights == weights
    assert resumed.scores == whole.scores
    assert resumed.cost is not None
    assert resumed.cost.resumed == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_interrupted_run_ends_with_130_and_goes_on_where_it_was(
    number: signal.Signals, command: Command, cli: InProcess
) -> None:
    process = command.start(*SLOW)
    wait_for(process, command.folder, "runs/*/*/checkpoints/train.pt")
    process.send_signal(number)
    done = finish(process)
    assert done.code == 130
    assert "interrupted" in done.error
    assert "the same command goes on where it was" in done.err
    assert not (the_run(command.folder / "runs") / "record.json").exists()
    again = cli(*SLOW)
    assert again.code == 0
    assert "train goes on at step" in again.err
    assert result(command.folder / "runs")[0].status == "finished"


def test_interrupted_workers_save_their_cells_and_begin_no_other(command: Command) -> None:
    """Three cells, two workers: without a word to them they would first finish all three."""
    arguments = (*SLOW, "--seed", "0,1,2", "--workers", "2")
    process = command.start(*arguments, "--set", "pause_seconds=0.5")
    for seed in (0, 1):
        wait_for(process, command.folder, f"runs/*/*-seed{seed}-*/checkpoints/train.pt")
    interrupted_at = time.time_ns()
    process.send_signal(signal.SIGTERM)
    done = finish(process)
    assert done.code == 130, done.err
    assert "Traceback" not in done.err
    assert not list(command.folder.glob("runs/*/*/record.json"))
    assert not list(command.folder.glob("runs/*/*-seed2-*/fit.json"))
    saved = [_modified(path) for path in command.folder.glob("runs/*/*/checkpoints/train.pt")]
    assert len(saved) == 2
    assert min(saved) > interrupted_at


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
    (the_run(command.folder / "runs") / "record.json").unlink()
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
    assert "finished: " in done.err


def test_finished_cell_is_read_without_waiting(command: Command, cli: InProcess) -> None:
    arguments = (*TOY, "--no-baselines", "--preset", "smoke")
    assert cli(*arguments).code == 0
    with FileLock(the_run(command.folder / "runs") / ".lock"):
        done = cli(*arguments)
    assert done.code == 0
    assert "kept: " in done.err
