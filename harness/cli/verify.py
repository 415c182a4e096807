"""`harness verify`: whether records still hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli.examples import examples

if TYPE_CHECKING:
    from harness.verification import Verification

EPILOG = examples(
    "harness verify runs/synthetic_faces/imm-quick-seed0-1a2b3c4d",
    "harness verify runs/faces_68/imm-quick-seed0-5e6f7a8b --data path/to/faces_68 --json",
)


def verify(
    runs: Annotated[
        list[Path],
        typer.Argument(metavar="RECORD...", help="Run folders, or records with files beside them."),
    ],
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data root [default: HARNESS_DATA, else the data folder]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Score stored predictions again and say whether the numbers of a record still hold.

    The hashes of the record and of its files are checked too. Exit code 1: something was changed or
    differs; 2: nothing could be scored again.
    """
    from harness.cli import console
    from harness.cli.progress import Counting
    from harness.errors import DataError, RunError
    from harness.registry import registry
    from harness.verification import verify as verified

    with Counting() as progress:
        found = [verified(run, registry(), data=data, progress=progress.tell) for run in runs]
    if as_json:
        console.answer_json([_as_json(one) for one in found])
    else:
        for one in found:
            _show(one)
    wrong = [str(one.path) for one in found if not one.holds]
    unscored = [one.unscored for one in found if one.unscored]
    if wrong:
        verb = "does" if len(wrong) == 1 else "do"
        raise RunError(f"{', '.join(wrong)} {verb} not hold: see what was changed or differs.")
    if unscored:
        raise DataError(unscored[0])


def _show(found: Verification) -> None:
    from harness.cli import console
    from harness.leaderboard.numbers import decimals, number_text

    record = found.record
    console.answer_heading(str(found.path))
    console.answer_fields(
        [
            ("cell", f"{record.method.name}, {record.method.preset}, seed {record.seed}"),
            ("suite", f"{record.suite.name}, fingerprint {record.suite.fingerprint[:12]}"),
            ("superseded", found.superseded),
            ("hash", _hash_text(found)),
            ("not scored", found.unscored),
        ]
    )
    rows = []
    for one in found.scores:
        score = record.score(one.metric)
        digits = decimals(score.unit if score else "", [one.recorded, one.found])
        numbers = (number_text(one.recorded, digits), number_text(one.found, digits))
        rows.append((one.metric, one.status, *numbers, one.reason))
    if rows:
        headers = ("metric", "status", "recorded", "scored again", "what differs, or why not")
        console.answer_table(headers, rows)


def _hash_text(found: Verification) -> str:
    if found.problems:
        return " ".join(found.problems)
    files = " and ".join(found.record.files)
    if not found.signed:
        return "unsigned: written before records named the hash of their content"
    return f"content{' and ' if files else ''}{files} as they were written".replace(
        "content and predictions.npz and", "content, predictions.npz and"
    )


def _as_json(found: Verification) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "record": str(found.path),
        "id": found.record.id,
        "holds": found.holds,
        "signed": found.signed,
        "problems": list(found.problems),
        "superseded": found.superseded,
        "unscored": found.unscored,
        "scores": [asdict(one) for one in found.scores],
    }
