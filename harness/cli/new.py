"""`harness new plugin`: a package to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from harness.cli.examples import examples

EPILOG = examples("harness new plugin my-spots", "harness new plugin harness-spots --out spots")

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Write a package of your own to begin with.",
)


@app.callback()
def new() -> None:
    """Only groups the commands below it."""


@app.command("plugin", epilog=EPILOG)
def plugin(
    name: Annotated[
        str, typer.Argument(help="Name of the package, such as my-spots.", show_default=False)
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for it, new or empty [default: the package's name]."),
    ] = None,
) -> None:
    """Write a package with a method, a metric, a dataset, a suite, tests and a workflow.

    It installs, passes its tests and the conformance kit, and runs as it is.
    """
    from harness.cli import console
    from harness.registry import registry
    from harness.scaffold.package import names_for, new_package

    names = names_for(name, registry())
    folder = out or Path(names.distribution)
    for path in new_package(names, folder):
        console.answer(str(path))
    console.say(
        f"Next: pip install -e '{folder}[test]' && pytest {folder} && "
        f"harness run --method {names.short} --suite {names.short}_discs"
    )
