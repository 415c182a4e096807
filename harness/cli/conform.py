"""`harness conform`: whether plugins keep the contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.examples import examples

if TYPE_CHECKING:
    from harness.conformance.kit import Result

EPILOG = examples("harness conform mean_shape", "harness conform --package harness --json")


def conform(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Methods, metrics, datasets or suites."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Check all that installed plugins bring.")
    ] = False,
    package: Annotated[
        str, typer.Option("--package", help="Check all that this distribution brings.")
    ] = "",
    steps: Annotated[
        int | None,
        typer.Option("--steps", help="Steps of every training loop of a method [default: 2]."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data root of datasets and suites that need files."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Check whether methods, metrics, datasets and suites keep the contract.

    Methods learn a few steps on tiny drawn images. Exit code 1: a check failed.
    """
    from dataclasses import asdict

    from harness.cli import console
    from harness.conformance import conform as kit
    from harness.errors import RunError, UserError

    if bool(names) + everything + bool(package) != 1:
        raise UserError("Name what to check, or give --all, or --package with a distribution.")
    wanted = [one for name in names or () for one in kit.named(name)]
    found: list[Result] = []
    for kind, name in dict.fromkeys(wanted or kit.installed(package)):
        results = kit.results(kind, name, steps=steps, data=data)
        found += results
        if not as_json:
            _show(kind, name, results)
    if as_json:
        console.answer_json([asdict(result) for result in found])
    failed = [result for result in found if result.status == "failed"]
    if failed:
        checks = "1 check" if len(failed) == 1 else f"{len(failed)} checks"
        subjects = dict.fromkeys(f"{one.kind} {one.subject}" for one in failed)
        raise RunError(f"{checks} failed, of {', '.join(subjects)}.")


def _show(kind: str, name: str, results: list[Result]) -> None:
    from harness.cli import console

    console.answer_heading(f"{kind} {name}")
    rows = [(one.check, one.status, one.detail or one.sentence) for one in results]
    console.answer_table(("check", "status", "what is checked, or was seen"), rows, whole=(0, 1))
