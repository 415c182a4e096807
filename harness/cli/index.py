"""`harness index`: all records of a folder in one parquet file."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness index --records runs",
    "harness index --records s3://bucket/records",
)


def index(
    records: Annotated[
        list[str] | None,
        typer.Option(
            "--records",
            metavar="PLACE",
            help="Folder or address of records; repeatable [default: runs].",
        ),
    ] = None,
) -> None:
    """Make or renew the index of a folder of records, from which leaderboards are made fast.

    Only records that are new or were changed are read. The index is the file index.parquet beside
    them, one row for every record and metric; 'harness leaderboard' uses it and reads what it
    lacks.
    """
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.record_index import INDEX
    from harness.stored import make_index

    for place in records or ["runs"]:
        with Counting() as progress:
            made = make_index(place, progress.tell)
        for sentence in made.notes:
            console.warn(sentence)
        console.answer(
            f"{place.rstrip('/')}/{INDEX}: files {made.records}, read {made.read}, "
            f"gone {made.removed}"
        )
