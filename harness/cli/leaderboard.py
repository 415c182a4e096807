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

#: Rows and columns of a table that a terminal gets; files have all.
_SHOWN = 100

if TYPE_CHECKING:
    from harness.leaderboard.board import Board
    from harness.leaderboard.sheet import Section
    from harness.record import Record

EPILOG = examples(
    "harness leaderboard --records leaderboards/records --out leaderboards --check",
    "harness leaderboard --explain runs/faces_68/imm-quick-seed0-1a2b3c4d theirs/record.json",
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
        list[str] | None,
        typer.Option("--records", help="Folder or address of records; repeatable [default: runs]."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="md, html (a site), csv or json [default: md with --out, else plain tables].",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write one file a suite into this folder.")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            help="Data root for the test images of a site's reports "
            "[default: HARNESS_DATA, else the data folder].",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail when a file in --out differs.")
    ] = False,
    explain: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            "--explain",
            metavar="RECORD RECORD",
            help="Say in which fields two records (or run folders) differ, and make no tables.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Make leaderboards from records.

    --format html makes a site: an index of all suites, a page for each with sortable tables and the
    picture of score against cost, and a page for every row with all its records; a record whose
    run's folder is at hand has the run's whole report.
    """
    from harness.errors import UserError
    from harness.leaderboard.pages import FORMATS, SITE
    from harness.names import unknown_name

    if explain is not None:
        _explain(*explain, as_json=as_json)
        return
    form = "json" if as_json else form
    if form is not None and form not in FORMATS:
        raise unknown_name("format", form, FORMATS)
    if check and out is None:
        raise UserError("--check needs --out, the folder whose files are checked.")
    if form == SITE and out is None:
        raise UserError("--format html makes a site of several files: name its folder with --out.")
    from harness.leaderboard.garbage import rare_collection

    with rare_collection():
        _make(suites or (), records or ("runs",), form, out=out, check=check, data=data)


def _make(
    suites: Sequence[str],
    folders: Sequence[str],
    form: str | None,
    *,
    out: Path | None,
    check: bool,
    data: Path | None,
) -> None:
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.leaderboard.board import load_boards
    from harness.leaderboard.pages import SITE, check_files, files_of, text_of, write_files
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
    if form == SITE:
        from harness.leaderboard.site.files import remove_gone_rows, site_files
    with Counting() as progress:
        if form == SITE:
            files = site_files(
                found, registry(), command, complete=not suites, data=data, progress=progress.tell
            )
        else:
            files = iter(files_of(found.boards, form or "md", command, complete=not suites))
        if check:
            count = check_files(files, out, command)
        else:
            written = write_files(files, out)
    if check:
        console.say(f"{out}: files checked: {count}; they say what the records say.")
        return
    pages = [path for path in written if path.parent == out]
    for path in pages:
        console.answer(str(path))
    if len(written) > len(pages):
        console.say(f"and {len(written) - len(pages)} pages of records below {out / 'records'}")
    if form == SITE:
        gone = remove_gone_rows(written, out)
        if gone:
            console.say(f"removed pages of rows that are gone: {gone}")


def _explain(left: Path, right: Path, *, as_json: bool) -> None:
    from dataclasses import asdict

    from harness.cli import console
    from harness.explanation import explain
    from harness.fingerprint import short

    one, two = _record(left), _record(right)
    found = explain(one, two)
    if as_json:
        console.answer_json(asdict(found))
        return
    console.answer_fields([("A", str(left)), ("B", str(right))])
    console.answer_wrapped(
        "Comparable: both have one suite fingerprint and share a table."
        if found.comparable
        else "Not comparable: the suite fingerprints differ, so the records never share a table."
    )
    for title, fields in (
        ("Protocol, which the fingerprint hashes", found.protocol),
        ("Metrics, whose scores share a column only where these are equal", found.metrics),
        ("Method", found.method),
        ("Code, packages and machine", found.environment),
    ):
        rows = [(name, short(a), short(b)) for name, (a, b) in fields.items()]
        if rows:
            console.answer_table(("field", "A", "B"), rows, title=title)
        else:
            console.answer_wrapped(f"{title}: no difference.")


def _record(path: Path) -> Record:
    from harness.record import read_record

    return read_record(path / "record.json" if path.is_dir() else path)


def _command(
    suites: Sequence[str], folders: Sequence[str], form: str | None, out: Path | None
) -> str:
    """The command as it stands in the files: `--check` writes the same text."""
    words = ["harness", "leaderboard", *suites]
    for folder in folders:
        words += ["--records", _without_user(folder) if "://" in folder else _shown(Path(folder))]
    if form not in (None, "md"):
        words += ["--format", str(form)]
    if out is not None:
        words += ["--out", _shown(out)]
    return shlex.join(words)


def _without_user(address: str) -> str:
    """An address without the name and password that it may hold."""
    protocol, rest = address.split("://", 1)
    host, slash, path = rest.partition("/")
    return f"{protocol}://{host.rpartition('@')[2]}{slash}{path}"


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
                _show_table(section)
            for bullet in section.bullets:
                console.answer_wrapped(f"- {bullet}")


def _show_table(section: Section) -> None:
    """The table of a section, as much of it as a terminal gets; in some, methods are columns."""
    from harness.cli import console

    headers = section.headers[:_SHOWN]
    rows = [row[:_SHOWN] for row in section.rows[:_SHOWN]]
    keys = [i for i, title in enumerate(headers) if title in _KEYS]
    console.answer_wide_table(headers, rows, keys=keys)
    for what, count in (("rows", len(section.rows)), ("columns", len(section.headers))):
        if count > _SHOWN:
            console.answer_wrapped(f"and {count - _SHOWN} more {what}; --format csv has them.")
