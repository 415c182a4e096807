"""Running the pages of the documentation: their commands, and the files that they show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from commands import ROOT, SMALL_FACES, Command

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: A fenced block with the line before it that names a file.
BLOCK = re.compile(
    r"(?:^`([\w./]+)`(, at the end)?:\n\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
#: `harness` as a command: the bundled faces are few and small.
HARNESS = f"""#!{sys.executable}
import sys
from harness.cli.main import main

if sys.argv[1:2] == ["run"] and "synthetic_faces" in sys.argv:
    sys.argv += {list(SMALL_FACES[2:])!r}
main()
"""
#: `pip install` of the folder one is in: its metadata, while code is read from its sources.
PIP = """#!/bin/sh
exec {python} -m pip install --quiet --no-deps --no-build-isolation --no-index \
  --disable-pip-version-check --target {site} .
"""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page.

    Attributes:
        language: `toml`, `python`, or empty for commands.
        code: what stands in it.
        file: the file that it is, or empty.
        appended: whether it goes to the end of that file.
    """

    language: str
    code: str
    file: str = ""
    appended: bool = False


def blocks_of(page: Path) -> Iterator[Block]:
    """All blocks in their order."""
    for file, appended, language, code in BLOCK.findall(page.read_text("utf-8")):
        yield Block(language, code, file, bool(appended))


@dataclass
class Reader:
    """Somebody who does what a page says, in a folder.

    Attributes:
        folder: where it begins, empty.
        source: the package's sources below it, read in place of an installed copy.
        here: the working folder, which commands change.
        output: what all commands printed.
    """

    folder: Path
    source: str = "harness-spots/src"
    here: Path = field(init=False)
    output: str = ""

    def __post_init__(self) -> None:
        self.here = self.folder
        tools = self.folder / "tools"
        tools.mkdir()
        pip = PIP.format(python=sys.executable, site=self.folder / "site")
        pytest = f'#!/bin/sh\nexec {sys.executable} -m pytest -p no:cacheprovider "$@"\n'
        for name, text in (("harness", HARNESS), ("pip", pip), ("pytest", pytest)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)

    def follow(self, page: Path) -> None:
        """Do all of it; fails where a command does."""
        for block in blocks_of(page):
            if block.file:
                path = self.here / block.file
                before = path.read_text("utf-8") + "\n\n" if block.appended else ""
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(before + block.code, encoding="utf-8")
            else:
                assert block.language == "", f"{page.name}: a block without a file: {block.code}"
                self._run(block.code)

    def _run(self, commands: str) -> None:
        environment = Command(
            self.folder, self.folder / "cache", [self.folder / self.source, self.folder / "site"]
        ).environment()
        tools = f"{self.folder / 'tools'}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-ec", f"{commands}\npwd > {self.folder / 'here'}"],
            cwd=self.here,
            env={**environment, "PATH": tools},
            capture_output=True,
            text=True,
            check=False,
        )
        self.output += done.stdout
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        self.here = Path((self.folder / "here").read_text().strip())


__all__ = ["FENCE", "ROOT", "Block", "Reader", "blocks_of"]
