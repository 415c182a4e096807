"""The one place where errors become a sentence and an exit code."""

from __future__ import annotations

import errno
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from harness.errors import HarnessError

#: The flag that may stand anywhere on the command line.
TRACEBACK = "--traceback"


class Commands(TyperGroup):
    """The top command: runs a subcommand and turns whatever it raises into an exit code.

    0 success; 1 something failed after it had started, or unforeseen; 2 the user's mistake;
    3 time is up; 130 interrupted.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Let `--traceback` stand after the subcommand as well as before it."""
        end = args.index("--") if "--" in args else len(args)
        if TRACEBACK in args[:end]:
            args = [TRACEBACK, *(arg for arg in args[:end] if arg != TRACEBACK), *args[end:]]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            _fail("interrupted.")
            raise typer.Exit(130) from None
        except HarnessError as error:
            _show_traceback(ctx, error)
            _fail(str(error))
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            if _is_foreseen(error):
                raise
            _show_traceback(ctx, error)
            _fail(_unforeseen(error))
            raise typer.Exit(1) from None


def _is_foreseen(error: Exception) -> bool:
    """Whether typer deals with it: usage errors, exits, and a closed pipe."""
    own = type(error).__module__.partition(".")[0] in {"typer", "click"}
    return own or (isinstance(error, OSError) and error.errno == errno.EPIPE)


def _show_traceback(ctx: Any, error: Exception) -> None:
    if ctx.params.get("show_traceback"):
        from harness.cli.console import stderr

        text = "".join(traceback.format_exception(error))
        stderr().print(text.rstrip(), soft_wrap=True)


def _fail(sentence: str) -> None:
    from harness.cli.console import stderr

    stderr().print(f"error: {sentence}", style="red", soft_wrap=True)


def _unforeseen(error: Exception) -> str:
    """Type and message in one line, with the plugin in whose code it happened."""
    message = " ".join(str(error).split()) or "no message"
    return (
        f"unexpected {type(error).__name__}: {message}{_plugin_of(error)}. "
        f"Run again with {TRACEBACK} for the place."
    )


def _plugin_of(error: Exception) -> str:
    from harness.registry import registry

    found = registry().plugin_of(error)
    if found is None:
        return ""
    plugin, module = found
    return f" (in {module}, package {plugin.distribution} {plugin.package_version})"
