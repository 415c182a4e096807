"""The command `harness`: global flags and the list of subcommands."""

from __future__ import annotations

from typing import Annotated

import typer

from harness.cli.group import TRACEBACK, Commands
from harness.cli.list import EPILOG as list_epilog
from harness.cli.list import list_things

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Benchmark unsupervised keypoints, parts and controllable image generation.",
)
app.command("list", epilog=list_epilog)(list_things)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("harness"))
        raise typer.Exit


@app.callback()
def options(
    show_traceback: Annotated[
        bool, typer.Option(TRACEBACK, help="Show where an error happened; may stand anywhere.")
    ] = False,
    show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Flags before the subcommand; the group reads them from its context."""


def main() -> None:
    """Entry point of the installed command."""
    app(prog_name="harness")
