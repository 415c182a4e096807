from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.fingerprint import canonical, differences, fingerprint

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_the_fingerprint_is_the_hash_of_sorted_json() -> None:
    text = '{"a":[1,2.5],"b":{"c":null,"d":true}}'
    value = {"b": {"d": True, "c": None}, "a": [1, 2.5]}
    assert canonical(value) == text
    assert fingerprint(value) == hashlib.sha256(text.encode()).hexdigest()


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_the_order_of_keys_changes_nothing(value: dict[str, object]) -> None:
    assert fingerprint(dict(reversed(value.items()))) == fingerprint(value)


@pytest.mark.parametrize(
    "other",
    [{"a": 2}, {"b": 1}, {"a": 1, "b": None}, {"a": [1]}, {"a": "1"}, {}],
    ids=str,
)
def test_any_change_gives_another_fingerprint(other: dict[str, object]) -> None:
    assert fingerprint(other) != fingerprint({"a": 1})


def test_the_order_of_a_list_counts() -> None:
    assert fingerprint({"a": [1, 2]}) != fingerprint({"a": [2, 1]})


def test_a_value_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"a": float("nan")})


def test_differences_are_named_with_dots() -> None:
    left = {"same": 1, "deep": {"x": 1, "y": 2}, "gone": None, "list": [1, 2]}
    right = {"same": 1, "deep": {"x": 1, "y": 3}, "list": [1, 3], "new": 0}
    assert differences(left, right) == ["deep.y", "gone", "list", "new"]


@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_equal_values_have_no_differences(value: dict[str, object]) -> None:
    assert differences(value, dict(value)) == []
