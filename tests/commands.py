"""Driving the installed command `harness` from tests, and installing packages for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).resolve().parent.parent
THIRD_PARTY = ROOT / "tests" / "third_party"

#: The toy suite without its companions: the fastest cell with a training loop.
TOY = ("run", "--method", "toy_colours", "--suite", "toy_discs", "--threads", "1")
#: A small and fast edition of the bundled drawn faces.
SMALL_FACES = (
    "--suite",
    "synthetic_faces",
    "--threads",
    "1",
    "--set",
    "suite.image_size=16",
    "--set",
    "suite.dataset_options={fit=48,regress=40,test=24}",
    "--set",
    "suite.count=8",
    "--set",
    "suite.images=4",
)


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one sentence of a refused command; fails when there is more or less than one."""
        assert "Traceback" not in self.err, self.err
        found = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(found) == 1, self.err
        return found[0].removeprefix("error: ")


@dataclass(frozen=True)
class Command:
    """`python -m harness` in a folder of its own, with its own caches.

    Attributes:
        folder: the working folder.
        cache: where decoded data go.
        plugins: folders with installed packages, visible beside the harness itself.
    """

    folder: Path
    cache: Path
    plugins: Sequence[Path] = ()

    def settings_of_test(self) -> dict[str, str]:
        """The environment variables that a test sets."""
        return {
            "OMP_NUM_THREADS": "1",
            "COLUMNS": "120",
            "NO_COLOR": "1",
            "HARNESS_CACHE": str(self.cache),
            "HARNESS_DATA": str(self.folder / "data"),
        }

    def environment(self) -> dict[str, str]:
        """What the command sees of the machine."""
        inherited = {
            name: os.environ[name] for name in os.environ if not name.startswith("HARNESS")
        }
        paths = [*map(str, self.plugins), inherited.get("PYTHONPATH", "")]
        found = os.pathsep.join(path for path in paths if path)
        return {**inherited, **self.settings_of_test(), "PYTHONPATH": found}

    def start(self, *arguments: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start the command and do not wait for it."""
        return subprocess.Popen(
            [*prefix, sys.executable, "-m", "harness", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *arguments: str, prefix: Sequence[str] = ()) -> Done:
        """Run the command to its end."""
        return finish(self.start(*arguments, prefix=prefix))


@dataclass(frozen=True)
class InProcess:
    """The command within the process of the test.

    Attributes:
        folder: the working folder.
        captured: what the command prints.
    """

    folder: Path
    captured: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Done:
        """Run the command to its end."""
        self.captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            _click_command()(list(arguments), prog_name="harness")
        out, err = self.captured.readouterr()
        return Done(int(ended.value.code or 0), out, err)


@cache
def _click_command() -> Any:
    """What typer makes of the command, once: it takes far longer than most commands do."""
    from harness.cli.main import app

    return typer.main.get_command(app)


def finish(process: subprocess.Popen[str]) -> Done:
    """Wait for a started command."""
    out, err = process.communicate(timeout=300)
    return Done(process.returncode, out, err)


def pip_install(target: Path, *packages: Path) -> Path:
    """Build and install packages into a folder, without network; the folder."""
    options = "--quiet --no-deps --no-build-isolation --no-index --disable-pip-version-check"
    command = [sys.executable, "-m", "pip", "install", *options.split(), "--target", str(target)]
    done = subprocess.run(
        [*command, *map(str, packages)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return target
