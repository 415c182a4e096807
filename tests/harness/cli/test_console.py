from __future__ import annotations

import math

import pytest

from harness.cli import console
from harness.cli.examples import examples
from harness.cli.progress import Counting


def test_json_answers_refuse_values_that_are_no_json() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        console.answer_json({"value": math.nan})


def test_text_with_markup_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    console.answer_fields([("a", "[red]b[/red]"), ("empty", "")])
    console.answer_wrapped("[bold]c[/bold] :smile:")
    console.warn("[x]")
    out, err = capsys.readouterr()
    assert "[red]b[/red]" in out
    assert "empty" not in out
    assert "[bold]c[/bold] :smile:" in out
    assert err == "warning: [x]\n"


def test_long_sentences_on_stderr_stay_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.warn("word " * 60)
    assert capsys.readouterr().err.count("\n") == 1


def test_examples_are_kept_on_lines_of_their_own() -> None:
    assert examples("a", "b").splitlines() == ["\b", "Examples:", "  a", "  b"]


def test_progress_is_silent_where_stderr_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Counting() as bars:
        bars.tell("images", 1, 2)
        bars.tell("images", 2, 2)
    assert capsys.readouterr().err.strip() == ""
