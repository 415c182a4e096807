"""The command `harness`: global flags and the list of subcommands."""

from __future__ import annotations

import sys
import warnings
from io import TextIOWrapper
from typing import Annotated

import typer

from harness.cli import compare as compare_command
from harness.cli import conform as conform_command
from harness.cli import data as data_command
from harness.cli import doctor as doctor_command
from harness.cli import edit as edit_command
from harness.cli import index as index_command
from harness.cli import leaderboard as leaderboard_command
from harness.cli import list as list_command
from harness.cli import new as new_command
from harness.cli import predict as predict_command
from harness.cli import publish as publish_command
from harness.cli import report as report_command
from harness.cli import run as run_command
from harness.cli import sample as sample_command
from harness.cli import score as score_command
from harness.cli import show as show_command
from harness.cli import verify as verify_command
from harness.cli.examples import examples
from harness.cli.group import TRACEBACK, Commands

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Benchmark unsupervised keypoints, parts and controllable image generation.",
)
app.command("run", epilog=run_command.EPILOG)(run_command.run)
app.command("list", epilog=list_command.EPILOG)(list_command.list_things)
app.command("show", epilog=show_command.EPILOG)(show_command.show)
app.add_typer(data_command.app, name="data", epilog=data_command.EPILOG)
app.command("score", epilog=score_command.EPILOG)(score_command.score)
app.command("leaderboard", epilog=leaderboard_command.EPILOG)(leaderboard_command.leaderboard)
app.command("report", epilog=report_command.EPILOG)(report_command.report)
app.command("publish", epilog=publish_command.EPILOG)(publish_command.publish)
app.command("index", epilog=index_command.EPILOG)(index_command.index)
app.command("compare", epilog=compare_command.EPILOG)(compare_command.compare)
app.command("verify", epilog=verify_command.EPILOG)(verify_command.verify)
app.command("predict", epilog=predict_command.EPILOG)(predict_command.predict)
app.command("sample", epilog=sample_command.EPILOG)(sample_command.sample)
app.command("edit", epilog=edit_command.EPILOG)(edit_command.edit)
app.add_typer(new_command.app, name="new", epilog=new_command.EPILOG)
app.command("conform", epilog=conform_command.EPILOG)(conform_command.conform)
app.command("doctor", epilog=doctor_command.EPILOG)(doctor_command.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("harness"))
        raise typer.Exit


@app.callback(
    epilog=examples("harness list", "harness run --method mean_shape --suite synthetic_faces")
)
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # an arrow must not fail a finished run
    warnings.showwarning = _show_warning
    app(prog_name="harness")


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    from harness.cli.console import warn

    warn(str(message))
