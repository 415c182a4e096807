"""Commands that run at the same time on one output folder, and workers whose parent dies."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from commands import TOY, Command
from warm_process import Ended, Fate, Warm

#: Cells of some tenths of a second each.
SEEDS = range(5)
CELLS = (
    *TOY,
    *("--no-baselines", "--set", "steps=15", "--set", "pause_seconds=0.04"),
    *("--checkpoint-seconds", "0", "--seed", ",".join(map(str, SEEDS))),
)


def events(folder: Path) -> dict[str, list[str]]:
    """What the toy package heard of every cell, by the name of its folder."""
    return {
        path.parent.name[:-9]: [line.split()[0] for line in path.read_text().splitlines()]
        for path in folder.glob("runs/*/*/toy_events.txt")
    }


def lines(ended: Ended, word: str) -> int:
    return sum(line.startswith(f"{word}: ") for line in ended.text.splitlines())


def rows(ended: Ended) -> list[str]:
    """The rows of the table of scores."""
    return [line.strip() for line in ended.text.splitlines() if line.startswith(" toy_colours ")]


def test_two_commands_share_the_cells_and_both_print_all_of_them(
    warm: Warm, tmp_path: Path
) -> None:
    pids = {name: warm.start(tmp_path, *CELLS, name=name) for name in ("one", "two")}
    one, two = (warm.wait(pid, tmp_path, name) for name, pid in pids.items())
    assert [one.code, two.code] == [0, 0], one.text + two.text
    assert events(tmp_path) == {
        f"toy_colours-quick-seed{seed}": ["started", "finished"] for seed in SEEDS
    }
    done = [lines(one, "finished"), lines(two, "finished")]
    assert sum(done) == len(SEEDS)
    assert min(done) >= 1
    for ended in (one, two):
        assert lines(ended, "finished") + lines(ended, "kept") == len(SEEDS)
    assert len(rows(one)) == len(SEEDS)
    assert sorted(rows(one)) == sorted(rows(two))


def test_the_cell_of_a_killed_command_is_taken_over_from_its_checkpoint(
    warm: Warm, tmp_path: Path
) -> None:
    killed = warm.start(tmp_path, *CELLS, fate=Fate(step=9), name="killed")
    time.sleep(0.2)
    other = warm.start(tmp_path, *CELLS, name="other")
    assert warm.wait(killed, tmp_path, "killed").code == -signal.SIGKILL
    ended = warm.wait(other, tmp_path, "other")
    assert ended.code == 0, ended.text
    assert lines(ended, "finished") == len(SEEDS)
    assert "train goes on at step 8 of 15" in ended.text
    assert {tuple(heard) for heard in events(tmp_path).values()} == {
        ("started", "finished"),
        ("started", "started", "finished"),
    }


def test_workers_whose_parent_is_killed_save_their_cells_and_end(command: Command) -> None:
    """Nobody is left to tell them."""
    process = command.start(*CELLS, "--workers", "2", "--set", "pause_seconds=0.5")
    saved = "runs/*/*/checkpoints/train.pt"
    while len(list(command.folder.glob(saved))) < 2:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    workers = children(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    given = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < given, "a worker outlives its parent"
        time.sleep(0.05)
    assert not list(command.folder.glob("runs/*/*/record.json"))
    assert len(list(command.folder.glob("runs/*/*/fit.json"))) == 2


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    task = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in task.read_text().split()]
