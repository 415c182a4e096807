"""Writes docs/suites.md from the registry: every suite with its data, splits, metrics and rows.

python docs/suites_page.py          # rewrite
python docs/suites_page.py --check  # exit 1 when the committed text is stale
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from harness.contract import DatasetSpec
from harness.registry import Entry, registry
from harness.suite import Suite, dataset_options, load_suite

PAGE = Path(__file__).resolve().parent / "suites.md"
#: The package whose suites the page lists.
OWN = "harness"

HEAD = """\
# Suites and their data

What every suite measures, on which images, and how many numbers of papers stand beside the measured
ones. A suite looks for its data below `HARNESS_DATA`, in a folder named like the suite or the
dataset, or where `--data` says; `harness list suites` tells which are there, `harness data check
SUITE` compares counts with the official ones, and `harness data preview SUITE` draws samples with
their truth. Nothing is downloaded: where to get a set and under which terms stands here, and the
harness ships none of it.

Counts are those of the whole sets as their makers or the papers state them; "?" means that nobody
states one. Metrics are in the order of the suite, and the first one ranks. This page is written by
`python docs/suites_page.py`.
"""


def suites() -> list[Suite]:
    """The bundled suites, by name."""
    entries = [entry for entry in registry().suites if entry.distribution == OWN]
    return [load_suite(entry.spec) for entry in sorted(entries, key=lambda one: one.spec.name)]


def dataset_of(suite: Suite) -> Entry[DatasetSpec]:
    """The dataset that a suite names."""
    return registry().datasets.get(suite.dataset)


def suites_table() -> str:
    """One row for every suite, without padding: the longest cell would fill every line."""
    headers = [
        "suite",
        "data, home and licence",
        "learnt from",
        "labels of the regressor",
        "tested on",
        "K",
        "px",
        "metrics",
        "published rows",
    ]
    rows = [headers, ["---"] * len(headers), *(suite_cells(suite) for suite in suites())]
    return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


def suite_cells(suite: Suite) -> list[object]:
    """A suite's row."""
    counts = counts_of(suite)
    roles = [suite.roles.fit, suite.roles.regress, suite.roles.test]
    splits = ["" if role is None else split_text(role.split, counts) for role in roles]
    rows = Counter(row.source for row in suite.published)
    published = "<br>".join(f"{count}: {source}" for source, count in rows.items()) or "none"
    metrics = ", ".join(f"`{use.name}`" for use in suite.metrics)
    spec = dataset_of(suite).spec
    home = f" ([home]({spec.home}))" if spec.home else ""
    data = f"[{suite.dataset}](#{suite.dataset}){home}<br>{spec.licence}"
    return [f"`{suite.name}`", data, *splits, suite.parts, suite.image_size, metrics, published]


def split_text(split: str, counts: Mapping[str, int]) -> str:
    """A split with its number of images."""
    return f"`{split}` {counts[split]:,}" if split in counts else f"`{split}` ?"


def counts_of(suite: Suite) -> Mapping[str, int]:
    """Images of the splits under the suite's options."""
    entry = dataset_of(suite)
    options = dataset_options(suite, registry())
    counts: Mapping[str, int] = entry.load(entry.spec.target).official_counts(options)
    return counts


def dataset_sections() -> str:
    """Home, licence, layout, and all splits of every dataset that a suite names."""
    by_dataset: dict[str, list[Suite]] = {}
    for suite in suites():
        by_dataset.setdefault(suite.dataset, []).append(suite)
    return "\n".join(section(name, used) for name, used in sorted(by_dataset.items()))


def section(name: str, used: list[Suite]) -> str:
    """One dataset."""
    spec = dataset_of(used[0]).spec
    home = f"<{spec.home}>" if spec.home else "your own files"
    lines = [
        f"### {name}\n",
        f"{spec.summary}\n",
        f"- Home: {'made by code, needs no files' if spec.embedded else home}",
        f"- Licence: {spec.licence}",
    ]
    told: dict[str, list[str]] = {}
    for suite in used:
        counts = counts_of(suite)
        text = ", ".join(split_text(split, counts) for split in counts) or "not stated"
        told.setdefault(text, []).append(f"`{suite.name}`")
    lines += [f"- Images of {', '.join(names)}: {text}" for text, names in told.items()]
    if spec.layout:
        lines += ["\n```text", spec.layout.rstrip(), "```"]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The whole text."""
    return f"{HEAD}\n{suites_table()}\n\n## Data\n\n{dataset_sections()}"


def main() -> int:
    """Rewrite or check the page."""
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    new = page()
    if "--check" in sys.argv:
        if old != new:
            print("docs/suites.md is stale: run python docs/suites_page.py")
        return int(old != new)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
