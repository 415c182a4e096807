from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from typing import Any

import pytest
from commands import InProcess
from typer.main import get_command

from harness.cli.main import app
from harness.errors import ConfigError, RunError

#: Imports that cost more than a listing may take.
HEAVY = ("torch", "torchvision", "numpy", "scipy", "sklearn", "pandas", "matplotlib")

_PROBE = """
import sys
import {module}
try:
    {call}
finally:
    loaded = sorted(set({heavy}) & set(sys.modules))
    print("HEAVY", *loaded, file=sys.stderr)
"""


def commands() -> dict[str, Any]:
    """Every command by its words, such as `data check`."""
    top = get_command(app).commands  # type: ignore[attr-defined]
    found = {name: one for name, one in top.items() if not hasattr(one, "commands")}
    inner = {n: one for n, one in top.items() if hasattr(one, "commands")}
    for name, group in inner.items():
        found |= {f"{name} {word}": one for word, one in group.commands.items()}
    return found


def raising(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(kind: str, known: object) -> None:
        raise error

    monkeypatch.setattr("harness.listing.list_kind", fail)


@pytest.mark.parametrize(
    "arguments",
    [
        None,
        ["--help"],
        ["--version"],
        ["list"],
        ["list", "suites", "--json"],
        ["list", "plugins"],
        ["show", "suite", "synthetic_faces"],
        ["show", "method", "gan_seg"],
        ["show", "metric", "inter_ocular_error"],
        ["show", "dataset", "celeba"],
        ["show", "record-schema"],
        ["run", "--help"],
        ["leaderboard", "--help"],
    ],
    ids=lambda arguments: " ".join(arguments) if arguments else "import harness",
)
def test_light_commands_import_nothing_heavy(arguments: list[str] | None) -> None:
    code = _PROBE.format(
        module="harness.cli.main" if arguments else "harness",
        call=f"harness.cli.main.app({arguments!r})" if arguments else "pass",
        heavy=HEAVY,
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "HEAVY"


def test_version_is_the_packages(cli: InProcess) -> None:
    assert cli("--version").out.strip() == version("harness")


def test_module_and_command_are_the_same() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "harness", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == version("harness")


@pytest.mark.parametrize("words", sorted(commands()))
def test_help_ends_with_two_examples_of_the_command(cli: InProcess, words: str) -> None:
    done = cli(*words.split(), "--help")
    assert done.code == 0
    lines = done.out.rstrip().splitlines()
    start = max(i for i, line in enumerate(lines) if line.strip() == "Examples:")
    examples = [line.strip() for line in lines[start + 1 :] if line.strip()]
    assert len([line for line in examples if line.startswith(f"harness {words} ".rstrip())]) == 2


@pytest.mark.parametrize("words", sorted(commands()))
def test_every_option_has_a_help_text(words: str) -> None:
    for parameter in commands()[words].params:
        assert getattr(parameter, "help", None), f"{words}: {parameter.name}"


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (ConfigError("steps: expected a number."), 2, "steps: expected a number."),
        (RunError("the disk is full."), 1, "the disk is full."),
        (
            ValueError("two\nlines"),
            1,
            "unexpected ValueError: two lines. Run again with --traceback for the place.",
        ),
        (
            KeyError(),
            1,
            "unexpected KeyError: no message. Run again with --traceback for the place.",
        ),
        (KeyboardInterrupt(), 130, "interrupted."),
    ],
    ids=["user", "run", "unforeseen", "without message", "interrupt"],
)
def test_errors_are_one_sentence_and_an_exit_code(
    cli: InProcess,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    sentence: str,
) -> None:
    raising(monkeypatch, error)
    done = cli("list", "methods")
    assert (done.code, done.out, done.error) == (code, "", sentence)


@pytest.mark.parametrize("place", ["before", "after"])
def test_traceback_flag_may_stand_anywhere(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    raising(monkeypatch, ValueError("deep"))
    words = ["--traceback", "list", "methods"] if place == "before" else ["list", "--traceback"]
    done = cli(*words)
    assert done.code == 1
    assert "Traceback (most recent call last)" in done.err
    assert done.err.rstrip().splitlines()[-1].startswith("error: unexpected ValueError: deep")


def test_error_in_a_plugin_names_its_package(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toy_plugin.data.np", None)
    done = cli("data", "check", "toy")
    assert "(in toy_plugin.data, package toy-package 1.2)" in done.error


def test_closed_pipe_is_no_error() -> None:
    code = (
        "import os, sys, harness.cli.main as m; os.close(1); os.open(os.devnull, os.O_RDONLY);"
        "m.app(['list'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "offer"),
    [
        (["lsit"], "Did you mean 'list'?"),
        (["list", "--jsn"], "--json"),
        (["data", "chek", "toy"], "Did you mean 'check'"),
        (["show", "metod", "x"], "Did you mean 'method'?"),
        (["list", "metrisc"], "Did you mean 'metrics'?"),
        (["leaderboard", "--format", "htm"], "Did you mean 'html'?"),
    ],
    ids=["command", "option", "inner command", "kind", "listing", "format"],
)
def test_mistyped_words_are_answered_with_the_nearest(
    cli: InProcess, words: list[str], offer: str
) -> None:
    done = cli(*words)
    assert done.code == 2
    assert done.out == ""
    assert offer in done.err


def test_colour_appears_only_where_it_is_wanted(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b" not in cli("show", "suite", "toi").err
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[31merror" in cli("show", "suite", "toi").err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in cli("show", "suite", "toi").err


def test_warnings_leave_stdout_to_the_answer(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.listing.problems", lambda known: ["a plugin is broken"])
    done = cli("list", "methods", "--json")
    assert {row["name"] for row in json.loads(done.out)} >= {"toy_net"}
    assert done.err == "warning: a plugin is broken\n"
