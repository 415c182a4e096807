"""What a run cost and where its numbers come from, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.fingerprint import canonical
from harness.fit_note import FitNote
from harness.leaderboard.numbers import bytes_text, count_text, seconds_text
from harness.record import Cost, Record

#: A name and what belongs to it, both as text.
Fact = tuple[str, str]


def cost_facts(record: Record | None, note: FitNote | None = None) -> list[Fact]:
    """What a run cost, of one without a record what it has cost so far."""
    if record is not None and record.cost is not None:
        spent = record.cost
        return [
            ("Learning", seconds_text(spent.fit_seconds)),
            ("Predicting", seconds_text(spent.predict_seconds)),
            ("Most memory held", bytes_text(spent.peak_memory_bytes)),
            ("Trained parameters", count_text(spent.parameters)),
            ("Device", _device(spent)),
            ("Resumed", _times(spent.resumed)),
        ]
    if note is None:
        return []
    return [
        ("Learning so far", seconds_text(note.seconds)),
        ("Device", _device(note)),
        ("Resumed", _times(note.resumed)),
    ]


def origin_facts(record: Record) -> list[Fact]:
    """Which suite, method, code, machine and files a record is of."""
    made, method, suite = record.provenance, record.method, record.suite
    package = f"{method.plugin} {method.plugin_version}"
    return [
        ("Record", record.id),
        ("Suite", f"{suite.name}, version {suite.version}"),
        ("Suite fingerprint", suite.fingerprint),
        ("Method", f"{method.name}, version {method.version}, of {package}"),
        ("Method fingerprint", method.fingerprint),
        ("May see", ", ".join(method.sees) or "not stated"),
        ("Capabilities", ", ".join(method.capabilities) or "none stated"),
        ("Started", made.started),
        ("Finished", made.finished),
        ("Code", made.git or "no source checkout"),
        ("Python and torch", f"{made.python}, {made.torch or 'no torch'}"),
        ("Machine", made.platform or "not stated"),
        ("Packages", ", ".join(f"{k} {v}" for k, v in sorted(made.packages.items())) or "none"),
        ("Hash of the record", record.digest or "none: the record is unsigned"),
        *((f"Hash of {name}", value) for name, value in sorted(record.files.items())),
    ]


def flat(values: Mapping[str, Any], prefix: str = "") -> list[Fact]:
    """Nested values by dotted names, as text.

    >>> flat({"roles": {"fit": "train"}, "parts": 8})
    [('roles.fit', 'train'), ('parts', '8')]
    """
    found: list[Fact] = []
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            found += flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", plain_text(value)))
    return found


def plain_text(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    if isinstance(value, str):
        return value
    quick = type(value) in (int, float)  # what most settings are; JSON writes them so, too
    return repr(value) if quick else canonical(value)


def _device(spent: Cost | FitNote) -> str:
    threads = "1 thread" if spent.threads == 1 else f"{spent.threads} threads"
    device = spent.device if spent.devices == 1 else f"{spent.devices} x {spent.device}"
    return f"{device}, {threads}, {spent.precision}"


def _times(count: int) -> str:
    return {0: "never", 1: "once"}.get(count, f"{count} times")
