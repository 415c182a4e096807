"""`harness data`: a suite's data before it is used."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.complete import names
from harness.cli.examples import examples

EPILOG = examples(
    "harness data check synthetic_faces",
    "harness data preview synthetic_faces --out faces.png",
)

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check, show or cache the data of a suite."
)

SuiteName = Annotated[str, typer.Argument(help="Name of a suite.", autocompletion=names("suites"))]
DataRoot = Annotated[
    Path | None,
    typer.Option("--data", help="Data root [default: HARNESS_DATA, else the data folder]."),
]


@app.command(
    epilog=examples(
        "harness data check synthetic_faces", "harness data check synthetic_faces --json"
    )
)
def check(
    suite: SuiteName,
    data: DataRoot = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Count images and look for what is broken."""
    from harness.cli import console
    from harness.errors import RunError
    from harness.inspection import check_data
    from harness.registry import registry
    from harness.suite import load_suite

    known = registry()
    report = check_data(load_suite(known.suites.get(suite).spec), known, data)
    if as_json:
        console.answer_json({**asdict(report), "ok": report.ok})
    else:
        splits = [(one.split, str(one.images), ", ".join(one.roles)) for one in report.splits]
        console.answer_table(("split", "images", "role"), splits)
        checks = [(one.what, "ok" if one.ok else "wrong", one.detail) for one in report.checks]
        console.answer_table(("check", "", "detail"), checks)
    wrong = [one.what for one in report.checks if not one.ok]
    if wrong:
        raise RunError(f"{suite}: {len(wrong)} checks failed: {'; '.join(wrong)}.")


@app.command(
    epilog=examples(
        "harness data preview synthetic_faces --out faces.png",
        "harness data preview synthetic_faces --split regress --count 8",
    )
)
def preview(
    suite: SuiteName,
    data: DataRoot = None,
    split: Annotated[
        str | None, typer.Option(help="Split to show [default: the one of role test].")
    ] = None,
    count: Annotated[int, typer.Option(min=1, max=400, help="Number of samples.")] = 24,
    out: Annotated[
        Path | None, typer.Option("--out", help="PNG to write [default: SUITE.png].")
    ] = None,
) -> None:
    """Draw the first samples with their labels."""
    from harness.cli import console
    from harness.files import replacing
    from harness.inspection import preview as draw
    from harness.registry import registry
    from harness.suite import load_suite

    known = registry()
    protocol = load_suite(known.suites.get(suite).spec)
    sheet = draw(protocol, known, data=data, split=split, count=count)
    path = out or Path(f"{suite}.png")
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG")
    console.answer(str(path))


@app.command(
    epilog=examples(
        "harness data cache synthetic_faces", "harness data cache synthetic_faces --json"
    )
)
def cache(
    suite: SuiteName,
    data: DataRoot = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Read a suite's images into the cache."""
    from harness.cache import load_roles, open_dataset
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.registry import registry
    from harness.suite import load_suite

    known = registry()
    protocol = load_suite(known.suites.get(suite).spec)
    dataset = open_dataset(protocol, known, data)
    with Counting() as progress:
        roles = load_roles(protocol, dataset, known, progress.tell)
    rows = [
        {"role": role, "images": len(split.samples), "folder": str(split.folder)}
        for role, split in roles.items()
    ]
    if as_json:
        console.answer_json(rows)
    else:
        cells = [[str(value) for value in row.values()] for row in rows]
        console.answer_table(("role", "images", "folder"), cells)
