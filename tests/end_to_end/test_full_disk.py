"""A disk that fills up at any write ends the run with one sentence, and loses nothing."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import TOY
from warm_process import Ended, Fate, Warm

from harness.record import read_record

#: A few steps, each saved, and a picture.
CELL = (*TOY, "--no-baselines", "--checkpoint-seconds", "0", "--set", "steps=3")
#: Bytes of a disk that holds the run but for its last files.
SMALL_DISK = 28 * 4096


def weights_and_scores(folder: Path) -> tuple[bytes, object]:
    """What a run ends with."""
    (run,) = folder.glob("runs/*/*-seed0-*")
    return (run / "weights.safetensors").read_bytes(), read_record(run / "record.json").scores


def reasons(ended: Ended) -> list[str]:
    """The lines that say what failed."""
    return [line for line in ended.text.splitlines() if line.startswith(("failed: ", "error: "))]


@pytest.fixture(scope="module")
def whole(warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """The cell on a disk with room enough."""
    folder = tmp_path_factory.mktemp("whole")
    ended = warm(folder, *CELL)
    assert ended.code == 0, ended.text
    return ended, folder


@pytest.mark.parametrize("share", [0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 0.97])
def test_a_disk_that_is_full_from_some_write_on_is_named_and_the_run_goes_on_later(
    warm: Warm, whole: tuple[Ended, Path], tmp_path: Path, share: float
) -> None:
    """Data, notes, checkpoints, pictures, weights, predictions, record, leaderboard."""
    undisturbed, expected = whole
    ended = warm(tmp_path, *CELL, fate=Fate(full=max(1, round(share * undisturbed.operations))))
    assert ended.code == 1, ended.text
    assert "Traceback" not in ended.text
    said = reasons(ended)
    assert len(said) == 1, ended.text
    assert "cannot be" in said[0]
    assert said[0].count("No space left on device; the disk at /") == 1
    assert "MB left. Free some of it" in said[0]
    again = warm(tmp_path, *CELL)
    assert again.code == 0, again.text
    assert weights_and_scores(tmp_path) == weights_and_scores(expected)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, where the machine lets one be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_full_disk_is_named_with_its_place(
    warm: Warm, whole: tuple[Ended, Path], tmp_path: Path, small_disk: Path
) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(SMALL_DISK - 5 * 4096))
    command = (*CELL, "--output", "disk/runs")
    ended = warm(tmp_path, *command)
    assert ended.code == 1, ended.text
    (reason,) = reasons(ended)
    assert f"No space left on device; the disk at {small_disk} has 0 MB left." in reason
    filler.unlink()
    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    again = warm(tmp_path, *command)
    assert again.code == 0, again.text
    assert weights_and_scores(small_disk) == weights_and_scores(whole[1])
