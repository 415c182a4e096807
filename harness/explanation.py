"""Whether two records are comparable, and in which fields they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.fingerprint import changes
from harness.record import Record

#: Differing fields by dotted name, with the values of both records.
Fields = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What two records differ in.

    Attributes:
        comparable: they have one suite fingerprint, so that they share a table.
        protocol: fields that the fingerprint hashes; any difference keeps the records apart.
        metrics: versions and parameters of the scores that both have; a difference keeps a score
            out of the other's column.
        method: fields of what was measured; they set rows apart within a table.
        environment: code, packages and machine, which may move a score a little.
    """

    comparable: bool
    protocol: Fields
    metrics: Fields
    method: Fields
    environment: Fields


def explain(left: Record, right: Record) -> Explanation:
    """Compare two records field by field."""
    return Explanation(
        comparable=left.suite.fingerprint == right.suite.fingerprint,
        protocol=changes(_protocol(left), _protocol(right)),
        metrics=_metrics(left, right),
        method=changes(_method(left), _method(right)),
        environment=changes(_environment(left), _environment(right)),
    )


def _protocol(record: Record) -> dict[str, Any]:
    return {"name": record.suite.name, **record.suite.protocol}


def _metrics(left: Record, right: Record) -> dict[str, tuple[Any, Any]]:
    one, two = ({s.metric: s.settings for s in record.scores} for record in (left, right))
    shared = [name for name in one if name in two]
    return changes({n: one[n] for n in shared}, {n: two[n] for n in shared})


def _method(record: Record) -> dict[str, Any]:
    method = record.method
    named = method.model_dump(include={"name", "plugin", "version", "preset", "config", "sees"})
    return {**named, "seed": record.seed}


def _environment(record: Record) -> dict[str, Any]:
    made, cost = record.provenance, record.cost
    found: dict[str, Any] = made.model_dump(
        include={"harness", "git", "python", "torch", "platform", "packages"}
    )
    if cost is not None:
        found |= cost.model_dump(include={"device", "devices", "threads", "precision"})
    return {**found, "plugin_version": record.method.plugin_version}
