"""Sheets as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tabulate import tabulate

from harness.leaderboard.board import Board
from harness.leaderboard.numbers import column_decimals, value_text
from harness.leaderboard.rows import RANKED
from harness.leaderboard.sheet import SHORT, Section, Sheet, header

#: What stands in the first line of every generated page.
MARK = "<!-- Generated from records, do not edit."

_ABOUT = (
    "One page a suite, made from the records in `records/`: one JSON file for every "
    "(method, preset, suite, seed). Rows stand in one table only when their suite fingerprints "
    "are equal. Published numbers, trivial baselines and oracles are marked and never ranked."
)
_HOW_TO_ADD = (
    "To add a row, run the method with `harness run`, or score predictions made elsewhere with "
    "`harness score`; copy `record.json` from the run's folder into `records/` under a name of "
    "its own, and generate the pages again."
)


def page(sheet: Sheet, command: str) -> str:
    """One suite's page.

    Args:
        sheet: the content.
        command: what generates the page, for its first line.
    """
    pieces = [f"{MARK} `{command}` -->", f"# {_plain(sheet.title)}"]
    for section in sheet.sections:
        pieces += _section(section)
    return "\n\n".join(pieces) + "\n"


def index(boards: Sequence[Board], command: str) -> str:
    """The page that lists all leaderboards."""
    rows = [[f"[{board.suite.name}]({board.suite.name}.md)", *_best(board)] for board in boards]
    headers = ["suite", "best measured row", "score", "measured rows", "fingerprint"]
    pieces = [
        f"{MARK} `{command}` -->",
        "# Leaderboards",
        _ABOUT,
        _table(headers, rows) if rows else "No cell has been measured yet.",
        f"Made by `{command}`; with `--check` added, the command fails when a page differs from "
        "its records.",
        _HOW_TO_ADD,
    ]
    return "\n\n".join(pieces) + "\n"


def _best(board: Board) -> list[str]:
    if not board.tables:
        return ["", "", "0", ""]
    table = board.tables[0]
    column = table.columns[0]
    ranked = [row for row in table.rows if row.kind in RANKED]
    measured = [row for row in ranked if row.rank is not None]
    if not measured:
        return ["", "", str(len(ranked)), table.fingerprint[:SHORT]]
    best = measured[0]
    score = value_text(best.cells[column.metric], column_decimals(column, table.rows))
    tied = sum(row.rank == 1 for row in measured) - 1
    name = f"{best.method}, {best.preset}" + (f" and {tied} not worse beyond doubt" if tied else "")
    return [
        _plain(name),
        f"{header(column)} {score}",
        str(len(ranked)),
        table.fingerprint[:SHORT],
    ]


def _section(section: Section) -> list[str]:
    pieces = [f"## {_plain(section.title)}"] if section.title else []
    pieces += [_plain(text) for text in section.text]
    if section.headers:
        rows = [[_plain(cell) for cell in row] for row in section.rows]
        pieces.append(_table([_plain(title) for title in section.headers], rows))
    if section.bullets:
        pieces.append("\n".join(f"- {_plain(bullet)}" for bullet in section.bullets))
    return pieces


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    text: str = tabulate(
        rows, headers=headers, tablefmt="pipe", disable_numparse=True, stralign="left"
    )
    return text


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    one_line = " ".join(text.split()).replace("\\", "\\\\")
    for mark in "|*[]`":
        one_line = one_line.replace(mark, f"\\{mark}")
    return one_line.replace("&", "&amp;").replace("<", "&lt;")
