"""`harness publish`: copies of finished records where others read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples(
    "harness publish runs --to s3://bucket/records",
    "harness publish runs/faces_68/imm-quick-seed0-1a2b3c4d --to /shared/records",
)


def publish(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RUNS...", help="Run folders, folders of them, or records."),
    ],
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="PLACE", help="A folder, or an address such as s3://bucket/records."
        ),
    ],
) -> None:
    """Copy finished records to a folder or an object store.

    A record that is there already is not sent again. Addresses are opened by fsspec, whose packages
    for object stores, such as s3fs or gcsfs, are installed apart.
    """
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.errors import RecordError
    from harness.publishing import publish as published
    from harness.publishing import record_files
    from harness.store import open_store

    store = open_store(to)
    files = record_files(runs)
    sent: list[bool | None] = []
    unsound = 0
    try:
        with Counting() as progress:
            for number, path in enumerate(files):
                try:
                    sent.append(published(path, store))
                except RecordError as error:
                    unsound += 1
                    console.warn(str(error))
                progress.tell("records", number + 1, len(files))
    finally:
        console.answer(
            f"{store.name}: records sent {sent.count(True)}, there already {sent.count(False)}; "
            f"left out: failed cells {sent.count(None)}, unsound files {unsound}"
        )
    if unsound:
        raise RecordError(f"Records that are not sound were left out: {unsound}.")
