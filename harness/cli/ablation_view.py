"""What `harness run --ablation` says in the end: one table a suite, printed and written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.ablations import named_ablation
from harness.cli import console
from harness.files import write_text
from harness.leaderboard.ablation import ablation_sheet
from harness.leaderboard.markdown import page
from harness.suite import load_suite

if TYPE_CHECKING:
    from harness.registry import Registry
    from harness.runner import Outcome


def show_ablation(
    text: str, outcomes: Sequence[Outcome], output: Path, known: Registry, *, to_stderr: bool
) -> None:
    """The table of every suite, written below `output/ablations` and printed.

    Args:
        text: METHOD:ABLATION.
        outcomes: of all cells of the ablation.
        output: folder of runs.
        known: the registry.
        to_stderr: print no table, since stdout is for records.
    """
    entry, ablation = named_ablation(text, known)
    for suite in dict.fromkeys(outcome.cell.suite.name for outcome in outcomes):
        done = [o for o in outcomes if o.cell.suite.name == suite and o.status != "failed"]
        records = {
            variant.name: [o.record for o in done if o.record and o.cell.variant == variant.name]
            for variant in ablation.variants
        }
        plain = load_suite(known.suites.get(suite).spec, {})
        sheet = ablation_sheet(ablation, entry.spec.name, plain, records)
        if not to_stderr:
            for section in sheet.sections:
                console.answer_heading(sheet.title)
                console.answer_wrapped("\n".join(section.text))
                console.answer_wide_table(section.headers, section.rows, keys=[0])
                console.answer_wrapped("\n".join(f"- {bullet}" for bullet in section.bullets))
        command = f"harness run --ablation {text} --suite {suite}"
        path = output / "ablations" / f"{text.replace(':', '-')}-{suite}.md"
        write_text(path, page(sheet, command))
        console.say(f"ablation  {path}")
