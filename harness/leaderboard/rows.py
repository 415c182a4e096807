"""Records of one protocol to rows: seeds of one configuration become one row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.fingerprint import differences
from harness.record import MethodRef, Record, Score

#: Kinds of rows that are measured methods, and therefore ranked.
RANKED = ("learned", "external")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A metric of a table.

    Attributes:
        metric: its name.
        unit: unit of the values.
        direction: `higher` or `lower`, whichever is better.
        version: the metric's version; scores of another one are not shown.
        params: its parameters; scores with others are not shown.
        newer: the version that is installed, where it is a newer one.
    """

    metric: str
    unit: str
    direction: str
    version: int
    params: dict[str, Any]
    newer: int | None = None

    @property
    def sign(self) -> int:
        """1 when higher is better, else -1."""
        return 1 if self.direction == "higher" else -1

    def refusal(self, score: Score) -> str:
        """Why a score may not stand in this column; empty when it may."""
        if score.version < self.version:
            return (
                f"superseded: measured by version {score.version} of the metric, now {self.version}"
            )
        if score.version > self.version:
            return f"measured by version {score.version} of the metric"
        return "" if score.params == self.params else "measured with other parameters"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One metric of one row.

    Attributes:
        value: mean over seeds; `None` when undefined for any seed.
        runs: the value of every seed, in the order of the row's seeds.
        std: standard deviation over seeds (n - 1); `None` for one seed.
        low: lower end of the 95 % interval, see `harness.leaderboard.rows.aggregate`.
        high: upper end.
        also: the value under other conventions, by name.
        details: the numbers behind the value, by name.
        excluded: what was left out, by reason, summed over seeds.
        missing: why there is no value.
    """

    value: float | None = None
    runs: tuple[float, ...] = ()
    std: float | None = None
    low: float | None = None
    high: float | None = None
    also: dict[str, float | None] = field(default_factory=dict)
    details: dict[str, float | None] = field(default_factory=dict)
    excluded: dict[str, int] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One configuration of one method, all seeds together.

    Attributes:
        method: the method's name.
        preset: its preset, with what sets it apart from another row of the same preset.
        kind: `learned`, `external`, `trivial` or `oracle`.
        package: distribution and version that brought the method.
        sees: what it was allowed to look at.
        seeds: seeds that were run.
        parameters: number of trained parameters; `None` when not known.
        fit_seconds: mean over seeds; `None` when not known.
        predict_seconds: mean over seeds; `None` when not known.
        peak_memory_bytes: largest over seeds, of the process that fitted; `None` when not known.
        device: where it was fitted.
        notes: what a reader must know.
        cells: scores by metric.
        rank: best place among ranked rows that noise allows; `None` for rows that are not ranked.
        worst_rank: worst place that noise allows.
        fronts: costs (fields of this class) for which no cheaper row is as good.
        places: by metric, 0 = best trivial row, 1 = best oracle.
        fingerprint: of the method with its configuration.
    """

    method: str
    preset: str
    kind: str
    package: str
    sees: tuple[str, ...]
    seeds: tuple[int, ...]
    parameters: int | None
    fit_seconds: float | None
    predict_seconds: float | None
    peak_memory_bytes: int | None
    device: str
    notes: tuple[str, ...]
    cells: dict[str, Cell]
    rank: int | None = None
    worst_rank: int | None = None
    fronts: tuple[str, ...] = ()
    places: dict[str, float | None] = field(default_factory=dict)
    fingerprint: str = ""


def make_rows(records: Sequence[Record], columns: Sequence[Column]) -> list[Row]:
    """Rows of finished records of one protocol, best first by the first column.

    Args:
        records: at most one record a method fingerprint and seed.
        columns: metrics of the table.
    """
    groups: dict[tuple[str, str, str, str], list[Record]] = {}
    for record in sorted(records, key=lambda r: (r.seed, r.id)):
        method = record.method
        key = (method.plugin, method.name, method.preset, method.fingerprint)
        groups.setdefault(key, []).append(record)
    apart = _apart([group[0].method for group in groups.values()])
    rows = [_row(group, columns, text) for group, text in zip(groups.values(), apart, strict=True)]
    first = columns[0]
    return sorted(rows, key=lambda row: (_order(row, first), row.method, row.preset, row.package))


def aggregate(scores: Sequence[Score | None]) -> Cell:
    """The scores of one metric over the seeds of a row.

    The interval of several seeds is Student's t over the seeds with the noise of the test images
    added (`harness.replicates.mean_interval`); of one seed it is the record's bootstrap over test
    images. A metric that is undefined for one seed is undefined for the row, so that a failed seed
    never helps.
    """
    from harness.replicates import deviation, mean_interval

    known = [score for score in scores if score is not None]
    if len(known) < len(scores) or not known:
        return Cell(missing="not measured for every seed" if known else "not measured")
    excluded: dict[str, int] = {}
    for score in known:
        for reason, count in score.excluded.items():
            excluded[reason] = excluded.get(reason, 0) + count
    values = [score.value for score in known if score.value is not None]
    if len(values) < len(known):
        reasons = {score.missing or "undefined" for score in known if score.value is None}
        return Cell(excluded=excluded, missing="; ".join(sorted(reasons)))
    low, high = mean_interval(values, [score.ci95 for score in known]) or (None, None)
    return Cell(
        value=_mean(values),
        runs=tuple(values),
        std=deviation(values) if len(values) > 1 else None,
        low=low,
        high=high,
        also=_means([score.also for score in known]),
        details=_means([score.details for score in known]),
        excluded=excluded,
    )


def _means(numbers: Sequence[dict[str, float | None]]) -> dict[str, float | None]:
    """The mean of every number of the first one."""
    return {name: _mean([some.get(name) for some in numbers]) for name in numbers[0]}


def _cell(scores: Sequence[Score | None], column: Column) -> Cell:
    """The scores of a row in a column; undefined when one of them is not comparable with it."""
    refusals = {column.refusal(score) for score in scores if score is not None} - {""}
    return Cell(missing="; ".join(sorted(refusals))) if refusals else aggregate(scores)


def _row(group: Sequence[Record], columns: Sequence[Column], apart: str) -> Row:
    method = group[0].method
    costs = [record.cost for record in group if record.cost is not None]
    notes = dict.fromkeys(note for record in group for note in record.notes)
    devices = dict.fromkeys(cost.device for cost in costs)
    scores = [{score.metric: score for score in reversed(record.scores)} for record in group]
    return Row(
        method=method.name,
        preset=f"{method.preset} ({apart})" if apart else method.preset,
        kind=method.kind,
        package=f"{method.plugin} {method.plugin_version}",
        sees=tuple(method.sees),
        seeds=tuple(record.seed for record in group),
        parameters=costs[0].parameters if costs else None,
        fit_seconds=_mean([cost.fit_seconds for cost in costs]),
        predict_seconds=_mean([cost.predict_seconds for cost in costs]),
        peak_memory_bytes=max((cost.peak_memory_bytes for cost in costs), default=None),
        device=", ".join(devices),
        notes=tuple(notes),
        cells={c.metric: _cell([some.get(c.metric) for some in scores], c) for c in columns},
        fingerprint=method.fingerprint,
    )


def _apart(methods: Sequence[MethodRef]) -> list[str]:
    """What sets each one apart from others of its name and preset; empty where it is alone."""
    alike: dict[tuple[str, str, str], list[MethodRef]] = {}
    for method in methods:
        alike.setdefault((method.plugin, method.name, method.preset), []).append(method)
    varying = {
        key: sorted({f for other in group[1:] for f in differences(group[0].config, other.config)})
        for key, group in alike.items()
    }
    versions = {key: len({method.version for method in group}) for key, group in alike.items()}

    def text(method: MethodRef) -> str:
        key = (method.plugin, method.name, method.preset)
        if len(alike[key]) == 1:
            return ""
        fields = varying[key]
        texts = [f"{name}={method.config.get(name, 'default')}" for name in fields]
        if versions[key] > 1:
            texts.append(f"version {method.version}")
        readable = 0 < len(texts) <= 3 and all("." not in name for name in fields)
        return ", ".join(texts) if readable else method.fingerprint[:8]

    return [text(method) for method in methods]


def _order(row: Row, column: Column) -> tuple[bool, float]:
    value = row.cells[column.metric].value
    return (value is None, 0.0 if value is None else -column.sign * value)


def _mean(values: Sequence[float | None]) -> float | None:
    """What `statistics.fmean` gives, in half the time; `None` where one is not known, or none."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known and len(known) == len(values) else None
