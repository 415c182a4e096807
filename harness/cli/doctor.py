"""`harness doctor`: what this machine and this installation offer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples("harness doctor", "harness doctor --json")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Show devices, extras, weights, data, cache and plugins.

    Exits with 1 when something stops work.
    """
    from harness.cli import console
    from harness.doctor import examine, is_usable
    from harness.registry import registry

    findings = examine(registry())
    if as_json:
        console.answer_json([asdict(finding) for finding in findings])
    else:
        rows = [(one.topic, one.status, one.what, one.detail) for one in findings]
        console.answer_table(("topic", "", "what", "detail"), rows, whole=(0, 1))
    if not is_usable(findings):
        raise typer.Exit(1)
