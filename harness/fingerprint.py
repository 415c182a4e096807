"""Fingerprints: one hash of all that must be equal where things are compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

#: Stands for a field that one of two mappings lacks.
ABSENT = "(absent)"
#: Characters of a value that are shown.
LONG = 60


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values: sorted keys, no spaces, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinite number.
        TypeError: the value cannot be written as JSON.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(value: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON, as 64 hexadecimal digits.

    >>> fingerprint({"b": 1, "a": 2}) == fingerprint({"a": 2, "b": 1})
    True
    """
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[str]:
    """Dotted names of the fields in which two nested mappings differ, sorted.

    >>> differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2})
    ['a.b']
    """
    return list(changes(left, right))


def changes(
    left: Mapping[str, Any], right: Mapping[str, Any], prefix: str = ""
) -> dict[str, tuple[Any, Any]]:
    """The fields in which two nested mappings differ, by dotted name, with both values.

    >>> changes({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}})
    {'a.b': (1, 3), 'c': (2, '(absent)')}
    """
    found: dict[str, tuple[Any, Any]] = {}
    for key in sorted(set(left) | set(right)):
        name = f"{prefix}{key}"
        one, two = left.get(key, ABSENT), right.get(key, ABSENT)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            found |= changes(one, two, f"{name}.")
        elif one != two:
            found[name] = (one, two)
    return found


def short(value: Any) -> str:
    """A value of a field as short text: a hash by its first digits, long text by its beginning.

    >>> short("f" * 64), short({"limit": None}), short(ABSENT)
    ('ffffffffffff', '{"limit":null}', '(absent)')
    """
    if isinstance(value, str):
        is_hash = len(value) in (40, 64) and set(value) <= set("0123456789abcdef")
        return value[:12] if is_hash else _cut(value)
    return _cut(canonical(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONG else f"{text[: LONG - 3]}..."
