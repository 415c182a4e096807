"""A new package is written, installed, passes its own tests, and runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import Command, InProcess, pip_install

from harness.record import read_record


@pytest.mark.slow
def test_new_package_installs_passes_its_tests_and_runs(
    cli: InProcess, tmp_path: Path, cache: Path
) -> None:
    done = cli("new", "plugin", "harness-spots", "--out", "made")
    assert done.code == 0, done.err
    assert "made/src/harness_spots/method.py" in done.out.splitlines()
    assert "harness run --method spots --suite spots_discs" in done.err
    site = pip_install(tmp_path / "site", tmp_path / "made")
    command = Command(tmp_path, cache, [site])
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path / "made",
        env=command.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "6 passed" in tested.stdout
    ran = command("run", "--method", "spots", "--suite", "spots_discs", "--threads", "1")
    assert ran.code == 0, ran.err
    (path,) = tmp_path.glob("runs/spots_discs/spots-quick-seed0-*/record.json")
    record = read_record(path)
    assert (record.method.plugin, record.method.plugin_version) == ("harness-spots", "0.1.0")
    hits = record.score("spots_hits")
    assert hits is not None
    assert hits.value is not None


def test_second_package_of_a_name_is_refused(cli: InProcess) -> None:
    assert cli("new", "plugin", "my-spots").code == 0
    done = cli("new", "plugin", "my-spots")
    assert done.code == 2
    assert "my-spots exists already; nothing is overwritten." in done.error
