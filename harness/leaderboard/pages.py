"""Leaderboards as files of a folder, and whether the files still say what the records say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import RunError
from harness.files import write_text
from harness.leaderboard import data, html, markdown
from harness.leaderboard.board import Board
from harness.leaderboard.sheet import make_sheet

#: File formats of `harness leaderboard --format`.
FORMATS = ("md", "html", "csv", "json")


def text_of(boards: Sequence[Board], form: str, command: str) -> str:
    """All boards as one text, for stdout.

    Args:
        boards: what to show.
        form: one of `FORMATS`.
        command: what generates the text.
    """
    sheets = [make_sheet(board) for board in boards]
    if form == "html":
        return html.page(sheets, command)
    if form == "md":
        return "\n".join(markdown.page(sheet, command) for sheet in sheets)
    return data.as_csv(boards) if form == "csv" else data.as_json(boards)


def files_of(boards: Sequence[Board], form: str, command: str, *, complete: bool) -> dict[str, str]:
    """File names and texts, one file a suite.

    Args:
        boards: what to write.
        form: one of `FORMATS`.
        command: what generates the files.
        complete: these are all boards there are, so Markdown gets its index `README.md`.
    """
    files = {f"{board.suite.name}.{form}": text_of([board], form, command) for board in boards}
    if form == "md" and complete:
        files["README.md"] = markdown.index(boards, command)
    return files


def write_files(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write all files; returns their paths."""
    for name, text in files.items():
        write_text(folder / name, text)
    return [folder / name for name in files]


def check_files(files: Mapping[str, str], folder: Path, command: str) -> None:
    """Compare the files of a folder with what the records say.

    Raises:
        RunError: a file is missing, differs, or is a generated page that no record supports.
    """
    wrong = [str(folder / name) for name, text in files.items() if _read(folder / name) != text]
    if "README.md" in files:
        wrong += [
            str(path)
            for path in sorted(folder.glob("*.md"))
            if path.name not in files and (_read(path) or "").startswith(markdown.MARK)
        ]
    if wrong:
        verb = "does" if len(wrong) == 1 else "do"
        raise RunError(
            f"{', '.join(wrong)} {verb} not say what the records say; run '{command}' and keep "
            "what it writes."
        )


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
