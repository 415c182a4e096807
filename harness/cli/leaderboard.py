"""`harness leaderboard`: records to tables."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.complete import names
from harness.cli.examples import examples

#: Columns that are repeated where a table is wider than the terminal.
_KEYS = ("method", "preset")

if TYPE_CHECKING:
    from harness.leaderboard.board import Board

EPILOG = examples(
    "harness leaderboard",
    "harness leaderboard --records leaderboards/records --out leaderboards --check",
)


def leaderboard(
    suites: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUITE]...",
            help="Suites; without: all that have records.",
            show_default=False,
            autocompletion=names("suites"),
        ),
    ] = None,
    records: Annotated[
        list[Path] | None,
        typer.Option("--records", help="Folder of records; repeatable [default: runs]."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", help="md, html, csv or json [default: md with --out, else plain tables]."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write one file a suite into this folder.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file in --out differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Make leaderboards from records."""
    from harness.errors import UserError
    from harness.leaderboard.pages import FORMATS
    from harness.names import unknown_name

    form = "json" if as_json else form
    if form is not None and form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    if check and out is None:
        raise UserError("--check needs --out, the folder whose files are checked.")
    _make(suites or (), records or (Path("runs"),), form, out=out, check=check)


def _make(
    suites: Sequence[str],
    folders: Sequence[Path],
    form: str | None,
    *,
    out: Path | None,
    check: bool,
) -> None:
    from harness.cli import console
    from harness.leaderboard.board import load_boards
    from harness.leaderboard.pages import check_files, files_of, text_of, write_files
    from harness.registry import registry

    command = _command(suites, folders, form, out)
    found = load_boards(folders, suites, registry())
    for sentence in found.warnings:
        console.warn(sentence)
    if out is None:
        if form is None:
            _show(found.boards)
        else:
            console.answer(text_of(found.boards, form, command))
        return
    files = files_of(found.boards, form or "md", command, complete=not suites)
    if check:
        check_files(files, out, command)
        console.say(f"{out}: files checked: {len(files)}; they say what the records say.")
        return
    for path in write_files(files, out):
        console.answer(str(path))


def _command(
    suites: Sequence[str], folders: Sequence[Path], form: str | None, out: Path | None
) -> str:
    """The command as it stands in the files: `--check` writes the same text."""
    words = ["harness", "leaderboard", *suites]
    for folder in folders:
        words += ["--records", _shown(folder)]
    if form not in (None, "md"):
        words += ["--format", str(form)]
    if out is not None:
        words += ["--out", _shown(out)]
    return shlex.join(words)


def _shown(folder: Path) -> str:
    """A folder relative to where we are, or only its name, so that no file tells of a machine."""
    if not folder.is_absolute():
        return folder.as_posix()
    here = Path.cwd()
    return folder.relative_to(here).as_posix() if folder.is_relative_to(here) else folder.name


def _show(boards: Sequence[Board]) -> None:
    from harness.cli import console
    from harness.leaderboard.sheet import make_sheet

    if not boards:
        console.say("No records yet: 'harness run' writes them.")
    for board in boards:
        sheet = make_sheet(board)
        console.answer_heading(sheet.title)
        for section in sheet.sections:
            if section.title:
                console.answer_heading(section.title, level=2)
            for text in section.text:
                console.answer_wrapped(text)
            if section.headers:
                keys = [i for i, title in enumerate(section.headers) if title in _KEYS]
                console.answer_wide_table(section.headers, section.rows, keys=keys)
            for bullet in section.bullets:
                console.answer_wrapped(f"- {bullet}")
