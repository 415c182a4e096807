"""Where text goes: the answer to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def stdout() -> Console:
    """The console of answers; as wide as the terminal, without colour where `NO_COLOR` is set."""
    from rich.console import Console

    return Console(file=sys.stdout, markup=False, highlight=False, emoji=False)


def stderr() -> Console:
    """The console of progress, warnings and errors."""
    from rich.console import Console

    return Console(file=sys.stderr, markup=False, highlight=False, emoji=False)


def warn(sentence: str) -> None:
    """One yellow line on stderr."""
    stderr().print(f"warning: {sentence}", style="yellow", soft_wrap=True)


def say(sentence: str) -> None:
    """One plain line on stderr: what was done, where files lie."""
    stderr().print(sentence, soft_wrap=True)


def answer(text: str) -> None:
    """Text on stdout as it is, without wrapping."""
    sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


def answer_json(value: Any) -> None:
    """One JSON document on stdout; values must be finite."""
    answer(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False))


def answer_table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    title: str = "",
    whole: Sequence[int] = (0,),
) -> None:
    """A table on stdout that folds its cells to the width of the terminal.

    Args:
        headers: one title a column.
        rows: cells, as text.
        title: a line above the table.
        whole: columns that are never folded, such as names to copy.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for index, header in enumerate(headers):
        table.add_column(Text(header), no_wrap=index in whole, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console = stdout()
    if title:
        console.print(title, style="bold")
    console.print(table)
    console.print()


def answer_wide_table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, keys: Sequence[int]
) -> None:
    """A table on stdout, cut into several where it is wider than the terminal.

    Args:
        headers: one title a column.
        rows: cells, as text.
        keys: columns that are repeated in every piece, such as names.
    """
    widths = [
        max(len(header), *(len(row[index]) for row in rows), 1) + 2
        for index, header in enumerate(headers)
    ]
    room = stdout().width - sum(widths[index] for index in keys)
    pieces: list[list[int]] = [[]]
    for index, width in enumerate(widths):
        if index in keys:
            continue
        if pieces[-1] and sum(widths[i] for i in pieces[-1]) + width > room:
            pieces.append([])
        pieces[-1].append(index)
    for piece in pieces:
        shown = sorted([*keys, *piece])
        answer_table(
            [headers[i] for i in shown],
            [[row[i] for i in shown] for row in rows],
            whole=[shown.index(i) for i in keys],
        )


def answer_fields(fields: Sequence[tuple[str, str]]) -> None:
    """Names and values in two columns on stdout; empty values are left out."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style="bold")
    grid.add_column(overflow="fold")
    for name, value in fields:
        if value:
            grid.add_row(Text(name), Text(value))
    stdout().print(grid)


def answer_heading(text: str, *, level: int = 1) -> None:
    """A heading on stdout."""
    stdout().print(text, style="bold underline" if level == 1 else "bold")


def answer_wrapped(text: str) -> None:
    """A paragraph on stdout, wrapped at the width of the terminal."""
    stdout().print(text)
