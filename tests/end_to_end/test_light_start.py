"""What answers at once imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest
from commands import Command

HEAVY = ("torch", "torchvision", "scipy", "sklearn", "pandas", "matplotlib", "numpy")
NO_NUMPY_NEEDED = {
    "import": "import harness",
    "help": "main(['--help'])",
    "version": "main(['--version'])",
    "list": "main(['list'])",
    "list in JSON": "main(['list', 'plugins', '--json'])",
    "show suite": "main(['show', 'suite', 'synthetic_faces'])",
    "show method": "main(['show', 'method', 'gan_seg'])",
    "dry run": "main(['run', '--method', 'gan_seg', '--suite', 'celeba_wild', '--dry-run'])",
    "mistake": "main(['run', '--method', 'gan_seg', '--suite', 'celeba_wlid'])",
}

PROBE = """
import sys
def main(arguments):
    from harness.cli.main import app
    try:
        app(arguments, prog_name="harness")
    except SystemExit:
        pass
{statement}
heavy = {heavy!r}
print("HEAVY", *(name for name in heavy if name in sys.modules))
"""


@pytest.mark.parametrize("statement", NO_NUMPY_NEEDED.values(), ids=NO_NUMPY_NEEDED.keys())
def test_nothing_heavy_is_imported(statement: str, command: Command) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(statement=statement, heavy=HEAVY)],
        capture_output=True,
        text=True,
        check=True,
        cwd=command.folder,
        env=command.environment(),
    )
    assert done.stdout.splitlines()[-1] == "HEAVY"
