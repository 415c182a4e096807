"""`harness list`: what is installed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from harness.cli.complete import kinds
from harness.cli.examples import examples

EPILOG = examples("harness list", "harness list suites --json")

Row = dict[str, Any]


def list_things(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]",
            help="methods, suites, datasets, metrics, executors, trackers or plugins; "
            "without: all.",
            show_default=False,
            autocompletion=kinds,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """List what is installed."""
    from harness.cli import console
    from harness.listing import KINDS, list_kind, problems
    from harness.registry import registry

    known = registry()
    chosen = [kind] if kind else list(KINDS)
    rows = {one: list_kind(one, known) for one in chosen}
    for sentence in problems(known):
        console.warn(sentence)
    if as_json:
        console.answer_json(rows[kind] if kind else rows)
    elif kind:
        _print_table(kind, rows[kind])
    else:
        for one in chosen:
            _print_short(one, rows[one])


def _print_table(kind: str, rows: list[Row]) -> None:
    from harness.cli import console

    columns = COLUMNS[kind]
    cells = [[show(row) for show in columns.values()] for row in rows]
    console.answer_table(list(columns), cells)


def _print_short(kind: str, rows: list[Row]) -> None:
    from harness.cli import console

    cells = [[row["name"], row.get("error") or _gist(row)] for row in rows]
    console.answer_table([kind, ""], cells or [["none", ""]])


def _gist(row: Row) -> str:
    return str(row.get("summary") or "") or f"{len(row.get('offers', ()))} offers"


def _text(key: str) -> Callable[[Row], str]:
    return lambda row: str(row.get(key, ""))


def _suite(row: Row) -> str:
    if row["error"]:
        return str(row["name"])
    size = f"K = {row['parts']}, {row['image_size']} px"
    return f"{row['name']}\n  {row['dataset']}, {size}\n  data {row['data']}"


def _measures(row: Row) -> str:
    if row["error"]:
        return str(row["error"])
    lines = [row["summary"], f"by {', '.join(row['metrics'])}"]
    if row["published"]:
        lines.append(f"{row['published']} published rows")
    return "\n".join(lines)


COLUMNS: dict[str, dict[str, Callable[[Row], str]]] = {
    "methods": {
        "method": _text("name"),
        "kind": _text("kind"),
        "what": lambda row: (
            f"{row['summary']}\n{', '.join(row['capabilities'])}; sees {', '.join(row['sees'])}"
        ),
    },
    "suites": {"suite": _suite, "measures": _measures},
    "datasets": {
        "dataset": _text("name"),
        "data": lambda row: "embedded" if row["embedded"] else row["home"] or "own files",
        "summary": _text("summary"),
    },
    "metrics": {
        "metric": _text("name"),
        "better": _text("direction"),
        "unit": _text("unit"),
        "summary": _text("summary"),
    },
    "executors": {"executor": _text("name"), "summary": _text("summary")},
    "trackers": {"tracker": _text("name"), "summary": _text("summary")},
    "plugins": {
        "plugin": _text("name"),
        "package": lambda row: f"{row['distribution']} {row['version']}",
        "ms": lambda row: f"{row['milliseconds']:.0f}",
        "offers": lambda row: str(len(row["offers"])),
        "error": _text("error"),
    },
}
