"""Running the pages of the documentation: their commands, and the files that they show."""

from __future__ import annotations

import glob
import importlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from commands import SMALL_FACES, Command, InProcess

from harness.registry import registry

#: A fenced block with its language.
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: The same with the line before it, where that names a file.
BLOCK = re.compile(
    r"(?:^`([\w./]+)`(, at the end)?:\n\n)?^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE
)
#: `pip install` of the folder one is in: its metadata; code is read from its sources.
PIP = (
    "-m pip install --quiet --no-deps --no-build-isolation --no-index "
    "--disable-pip-version-check . --target"
)


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

    `harness` runs in this process, which has imported all of it already.

    Attributes:
        folder: where it begins, empty.
        patch: undoes what it changes of the process.
        captured: what commands print.
        package: whose sources are read in place of an installed copy, below the folder.
        output: what all commands printed.
    """

    folder: Path
    patch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[str]
    package: str = "harness_spots"
    output: str = ""
    paths: list[Path] = field(default_factory=list)

    def follow(self, page: Path) -> None:
        """Do all of it; fails where a command does."""
        self.paths = [self.folder / "harness-spots" / "src", self.folder / "site"]
        for name, value in self._command().settings_of_test().items():
            self.patch.setenv(name, value)
        for path in self.paths[::-1]:
            self.patch.syspath_prepend(str(path))
        self.patch.chdir(self.folder)
        for block in blocks_of(page):
            if block.file:
                self._write(Path(block.file), block)
                continue
            assert block.language == "", f"{page.name}: a block without a file: {block.code}"
            if "\n  " in block.code:
                self._shell(block.code)
                continue
            for line in block.code.splitlines():
                self._line(line)

    def _write(self, path: Path, block: Block) -> None:
        before = path.read_text("utf-8") + "\n\n" if block.appended else ""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(before + block.code, encoding="utf-8")

    def _line(self, line: str) -> None:
        words = shlex.split(line, comments=True)
        if words[0] == "harness":
            self._harness([w for word in words[1:] for w in self._expanded(word, line)])
        elif words[0] == "cd":
            os.chdir(words[1])
        elif words[:2] == ["pip", "install"]:
            self._shell(f"{sys.executable} {PIP} {self.folder / 'site'}")
        elif words[0] == "pytest":
            self._shell(f"{sys.executable} -m pytest -p no:cacheprovider {' '.join(words[1:])}")
        else:
            self._shell(line)

    def _expanded(self, word: str, line: str) -> list[str]:
        """What a shell makes of `*` outside of quotes."""
        return [word] if f"'{word}'" in line else sorted(glob.glob(word)) or [word]

    def _harness(self, words: list[str]) -> None:
        """The command, where the bundled faces are small and without baselines."""
        for name in [name for name in sys.modules if name.partition(".")[0] == self.package]:
            del sys.modules[name]
        importlib.invalidate_caches()
        registry.cache_clear()
        given = list(words)
        if words[0] == "run" and "synthetic_faces" in words:
            given += [*SMALL_FACES[2:], "--no-baselines"]
        done = InProcess(self.folder, self.captured)(*given)
        self.output += done.out
        assert done.code == 0, f"harness {' '.join(words)}\n{done.out}\n{done.err}"

    def _shell(self, commands: str) -> None:
        here = "harness() { " + f'{sys.executable} -m harness "$@"; ' + "}\n"
        done = subprocess.run(
            ["bash", "-ec", here + commands],
            env=self._command().environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.output += done.stdout
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"

    def _command(self) -> Command:
        return Command(self.folder, self.folder / "cache", self.paths)
