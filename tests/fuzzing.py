"""Cases of a fuzz run: a command on damaged input, and what must hold whatever the damage is."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from commands import Done, InProcess

#: An error that nobody foresaw, as the top command, a failed cell or Python itself shows it.
UNFORESEEN = re.compile(
    r"Traceback|unexpected \w+: |\w+(Error|Exception|Warning)\b.*\((in|while running) "
    r"|object at 0x|Run again with --traceback"
)
#: Characters of the longest sentence; one may quote what the user wrote.
LONGEST = 6000


class Fuzz:
    """Runs cases in a folder; what lies below its inputs must stay as it is.

    Args:
        cli: the command.
        kept: folders and files, relative to the command's, that no command may change.
    """

    def __init__(self, cli: InProcess, kept: Iterable[str]) -> None:
        self.cli = cli
        self.kept = [cli.folder / name for name in kept]
        self.done = 0
        #: What is wrong, one text for each case that failed.
        self.faults: list[str] = []

    def __call__(
        self,
        case: str,
        *arguments: str,
        names: Sequence[str] = (),
        codes: Sequence[int] = (0, 2),
    ) -> Done:
        """Run one case.

        Args:
            case: its name and number, by which it can be repeated.
            arguments: of the command.
            names: one of these must be named by a refused or failed command.
            codes: the exit codes that are in order.
        """
        before = self._content()
        done = self.cli(*arguments)
        wrong = list(_wrong(done, names, codes))
        if self._content() != before:
            wrong.append("files were changed or lost")
        if wrong:
            command = f"harness {' '.join(arguments)}"[:300]
            said = f"{done.code}: {done.err[-1500:]}"
            self.faults.append(f"case {case}: {', '.join(wrong)}\n  {command}\n  {said}")
        self.done += 1
        return done

    def _content(self) -> Mapping[Path, bytes | str]:
        found: dict[Path, bytes | str] = {}
        for root in self.kept:
            for path in [root, *(root.rglob("*") if root.is_dir() else ())]:
                if path.is_symlink():
                    found[path] = f"-> {path.readlink()}"
                else:
                    found[path] = path.read_bytes() if path.is_file() else "folder"
        return found


def _wrong(done: Done, names: Sequence[str], codes: Sequence[int]) -> Iterator[str]:
    if UNFORESEEN.search(done.err + done.out):
        yield "unforeseen error"
    if done.code not in codes:
        yield f"exit code {done.code}"
    if done.code:
        sentences = re.findall(r"^(?:error|failed|refused)\b.*$", done.err, re.MULTILINE)
        if not sentences:
            yield "no sentence"
        if names and not any(name in done.err + done.out for name in names):
            yield f"none of {', '.join(names)} is named"
        if max(map(len, sentences), default=0) > LONGEST:
            yield "a very long sentence"


def seeded(case: str) -> random.Random:
    """The random numbers of a case, from its name alone; `FUZZ_SALT` draws others."""
    return random.Random(os.environ.get("FUZZ_SALT", "") + case)
