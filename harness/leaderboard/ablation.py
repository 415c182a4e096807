"""The table of an ablation: one row a variant, the paper's numbers in columns of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.ablations import Ablation
from harness.leaderboard.numbers import MISSING, column_decimals, value_text
from harness.leaderboard.rows import Column, Row, make_rows
from harness.leaderboard.sheet import Section, Sheet, header
from harness.record import Record
from harness.suite import Suite

#: How a number of the paper is printed: as it stands in the ablation's file.
_AS_WRITTEN = "{:g}"


def ablation_sheet(
    ablation: Ablation, method: str, suite: Suite, records: Mapping[str, Sequence[Record]]
) -> Sheet:
    """Measured and published numbers of an ablation on one suite.

    Args:
        ablation: the ablation.
        method: its method's name.
        suite: the suite, as it is without the ablation's own K.
        records: finished records by the variant's name, all seeds of one preset; a variant without
            records has an empty row.
    """
    columns = _columns([record for found in records.values() for record in found])
    rows = {name: _row(found, columns) for name, found in records.items() if found}
    measured = list(rows.values())
    digits = {c.metric: column_decimals(c, measured) for c in columns}
    values = [value for variant in ablation.variants for value in variant.published]
    printed = list(dict.fromkeys((value.suite, value.metric) for value in values))
    lines = []
    for variant in ablation.variants:
        row = rows.get(variant.name)
        own = [
            MISSING if row is None else value_text(row.cells[c.metric], digits[c.metric])
            for c in columns
        ]
        theirs = {(p.suite, p.metric): _AS_WRITTEN.format(p.value) for p in variant.published}
        lines.append((variant.name, *own, *(theirs.get(key, MISSING) for key in printed)))
    titles = ["variant", *map(header, columns)]
    titles += [f"published: {metric}, {name}" for name, metric in printed]
    text = [f"Method {method}, {_ran(measured)}, suite {suite.name} (K = {suite.parts})."]
    text.append(f"After {ablation.source}. Measured: mean and deviation over the seeds.")
    if printed:
        text.append("Published numbers are of the suites named above them, never ranked with ours.")
    return Sheet(
        title=ablation.title,
        sections=(
            Section(
                text=tuple(text),
                headers=tuple(titles),
                rows=tuple(lines),
                bullets=(*ablation.notes, *_changed_protocols(ablation)),
            ),
        ),
    )


def _columns(records: Sequence[Record]) -> list[Column]:
    """The metrics for which some record has a value, in the suite's order."""
    found: dict[str, Column] = {}
    for record in records:
        for score in record.scores:
            if score.value is not None:
                column = Column(
                    metric=score.metric,
                    unit=score.unit,
                    direction=score.direction,
                    version=score.version,
                    params=score.params,
                )
                found.setdefault(score.metric, column)
    order = [score.metric for record in records for score in record.scores]
    return [found[name] for name in dict.fromkeys(order) if name in found]


def _row(records: Sequence[Record], columns: Sequence[Column]) -> Row:
    """The seeds of one variant as one row."""
    return make_rows(records, columns)[0]


def _ran(rows: Sequence[Row]) -> str:
    if not rows:
        return "nothing finished"
    presets = ", ".join(dict.fromkeys(row.preset for row in rows))
    seeds = sorted({seed for row in rows for seed in row.seeds})
    return f"preset {presets}, seeds {', '.join(map(str, seeds))}"


def _changed_protocols(ablation: Ablation) -> list[str]:
    counts = [f"{v.name}: K = {v.parts}" for v in ablation.variants if v.parts is not None]
    if not counts:
        return []
    return [f"Rows of other K have another suite fingerprint ({'; '.join(counts)})."]
