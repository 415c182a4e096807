"""Leaderboards as files of a folder, and whether the files still say what the records say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from harness.errors import RunError
from harness.files import write_text
from harness.leaderboard import data, markdown
from harness.leaderboard.board import Board
from harness.leaderboard.sheet import make_sheet

#: File formats of `harness leaderboard --format`; `html` is a site of many files, for which see
#: `harness.leaderboard.site`.
FORMATS = ("md", "html", "csv", "json")
SITE = "html"


def text_of(boards: Sequence[Board], form: str, command: str) -> str:
    """All boards as one text, for stdout.

    Args:
        boards: what to show.
        form: one of `FORMATS`, but not the site.
        command: what generates the text.
    """
    if form == "md":
        return "\n".join(markdown.page(make_sheet(board), command) for board in boards)
    return data.as_csv(boards) if form == "csv" else data.as_json(boards)


def files_of(
    boards: Sequence[Board], form: str, command: str, *, complete: bool
) -> list[tuple[str, str]]:
    """File names and texts, one file a suite.

    Args:
        boards: what to write.
        form: one of `FORMATS`, but not the site.
        command: what generates the files.
        complete: these are all boards there are, so Markdown gets its index `README.md`.
    """
    files = [(f"{board.suite.name}.{form}", text_of([board], form, command)) for board in boards]
    if form == "md" and complete:
        files.append(("README.md", markdown.index(boards, command)))
    return files


def write_files(files: Iterable[tuple[str, str]], folder: Path) -> list[Path]:
    """Write all files, which the same command makes again; returns their paths.

    Those that have their text already are left as they are: most pages of a site that grows.
    """
    written = []
    for name, text in files:
        path = folder / name
        if not _has(path, text):
            write_text(path, text, sync=False)
        written.append(path)
    return written


def check_files(files: Iterable[tuple[str, str]], folder: Path, command: str) -> int:
    """Compare the files of a folder with what the records say; returns how many they are.

    Raises:
        RunError: a file is missing, differs, or is a generated page that no record supports.
    """
    wrong, names = [], set()
    for name, text in files:
        names.add(name)
        if _read(folder / name) != text:
            wrong.append(str(folder / name))
    if "README.md" in names:
        gone = [
            str(path)
            for path in sorted(folder.glob("*.md"))
            if path.name not in names and (_read(path) or "").startswith(markdown.MARK)
        ]
        if gone and not wrong:
            raise RunError(f"{', '.join(gone)}: no record supports this any longer; delete it.")
        wrong += gone
    if wrong:
        verb = "does" if len(wrong) == 1 else "do"
        raise RunError(
            f"{', '.join(wrong)} {verb} not say what the records say; run '{command}' and keep "
            "what it writes."
        )
    return len(names)


def _has(path: Path, text: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read() == text.encode("utf-8")
    except OSError:
        return False


def _read(path: Path) -> str | None:
    try:
        with path.open(encoding="utf-8", newline="") as file:  # as it stands, whatever ends a line
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None
