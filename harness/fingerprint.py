"""Fingerprints: one hash of all that must be equal where things are compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


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


def differences(left: Mapping[str, Any], right: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Dotted names of the fields in which two nested mappings differ, sorted.

    >>> differences({"a": {"b": 1}, "c": 2}, {"a": {"b": 3}, "c": 2})
    ['a.b']
    """
    found: list[str] = []
    for key in sorted(set(left) | set(right)):
        name = f"{prefix}{key}"
        one, two = left.get(key), right.get(key)
        if isinstance(one, Mapping) and isinstance(two, Mapping):
            found += differences(one, two, f"{name}.")
        elif one != two or (key in left) != (key in right):
            found.append(name)
    return found
