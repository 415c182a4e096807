"""Writes the tables of methods and suites into README.md from the registry.

python docs/readme_tables.py          # rewrite
python docs/readme_tables.py --check  # exit 1 when the committed text is stale
"""

from __future__ import annotations

import sys
from pathlib import Path

from tabulate import tabulate

from harness.listing import Row, list_methods, list_suites
from harness.registry import registry

README = Path(__file__).resolve().parent.parent / "README.md"
#: The package whose plugins the README lists.
OWN = "harness"


def methods_table() -> str:
    """Bundled methods as a markdown table."""
    rows = [row for row in list_methods(registry()) if row["distribution"] == OWN]
    order = ("learned", "trivial", "oracle")
    rows.sort(key=lambda row: (order.index(row["kind"]), row["name"]))
    cells = [[f"`{r['name']}`", r["kind"], ", ".join(r["sees"]), r["summary"]] for r in rows]
    return _table(["method", "kind", "may see", "what it is"], cells)


def suites_table() -> str:
    """Bundled suites as a markdown table."""
    rows = [row for row in list_suites(registry()) if row["distribution"] == OWN]
    return _table(["suite", "K", "px", "ranked by", "what it is"], [_suite(row) for row in rows])


def _suite(row: Row) -> list[str]:
    first = f"`{row['metrics'][0]}`"
    return [f"`{row['name']}`", row["parts"], row["image_size"], first, row["summary"]]


def _table(headers: list[str], cells: list[list[str]]) -> str:
    return tabulate(cells, headers=headers, tablefmt="github")


def rewritten(text: str) -> str:
    """The README with both tables as the registry has them now."""
    for name, table in (("methods", methods_table()), ("suites", suites_table())):
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, rest = text.split(start)
        text = before + start + table + "\n" + end + rest.split(end)[1]
    return text


def main() -> int:
    """Rewrite or check the README."""
    old = README.read_text(encoding="utf-8")
    new = rewritten(old)
    if "--check" in sys.argv:
        if old != new:
            print("README.md is stale: run python docs/readme_tables.py")
        return int(old != new)
    README.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
