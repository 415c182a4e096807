"""`harness report`: a run as one page that needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.examples import examples

if TYPE_CHECKING:
    from harness.report.run_folder import RunFolder

EPILOG = examples(
    "harness report runs/synthetic_faces/imm-quick-seed0-1a2b3c4d --open",
    "harness report 'runs/synthetic_faces/gan_seg-quick-seed*' --records leaderboards/records",
)


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Run folders, finished or not; several as a,b,c or 'quoted*'.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="The page of one run [default: RUN/report.html].")
    ] = None,
    records: Annotated[
        list[Path] | None,
        typer.Option(
            "--records",
            help="Folder of further records to stand beside the scores; repeatable "
            "[default: only the runs beside RUN].",
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data root [default: HARNESS_DATA, else the data folder]."),
    ] = None,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Write a run as one HTML page: scores, curves, pictures, best and worst images, settings.

    The page holds all it shows and asks no network for anything. A run that failed or has not
    finished has a page too, which says so.
    """
    from harness.cli import console
    from harness.errors import DataError, UserError
    from harness.finished import find_runs
    from harness.report.run_folder import open_folder

    folders = [open_folder(path) for words in runs for path in find_runs(words)]
    if out is not None and len(folders) > 1:
        raise UserError(
            f"--out names the page of one run, and there are {len(folders)}; without it every page "
            "goes into its run's folder."
        )
    for place in records or ():
        if not place.is_dir():
            raise DataError(f"{place}: no such folder; name the folder of records with --records.")
    pages = []
    for folder in folders:
        path = out or folder.path / "report.html"
        _write(folder, path, records or [], data)
        pages.append(_as_json(folder, path))
        if not as_json:
            console.answer(str(path))
        if open_page:
            import webbrowser

            webbrowser.open(path.resolve().as_uri())
    if as_json:
        console.answer_json(pages)


def _write(folder: RunFolder, path: Path, records: list[Path], data: Path | None) -> None:
    from harness.cli.progress import Counting
    from harness.files import write_text
    from harness.registry import registry
    from harness.report.page import records_beside, report

    others = records_beside(folder, records)
    with Counting() as progress:
        text = report(folder, registry(), others=others, data=data, progress=progress.tell)
    write_text(path, text)


def _as_json(folder: RunFolder, path: Path) -> dict[str, Any]:
    return {
        "run": str(folder.path),
        "status": folder.status,
        "page": str(path),
        "bytes": path.stat().st_size,
    }
