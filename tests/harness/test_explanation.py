from __future__ import annotations

from typing import Any

from made_records import record, score

from harness.explanation import explain

HASHED = {"version": 1, "parts": 8, "data": {"test": "d" * 64, "fit": "c" * 64}}


def test_equal_records_differ_in_nothing() -> None:
    found = explain(record(HASHED), record(HASHED))
    assert found.comparable
    fields: list[Any] = [found.protocol, found.metrics, found.method, found.environment]
    assert fields == [{}, {}, {}, {}]


def test_every_group_names_its_fields_with_both_values() -> None:
    left = record(HASHED, config={"steps": 5})
    changed = {**HASHED, "parts": 10, "data": {"test": "e" * 64, "fit": "c" * 64}}
    right = record(
        changed,
        config={"steps": 9},
        seed=3,
        scores=[score(0.1, params={"scale": 2}), score(0.2, "toy_extra")],
        provenance=left.provenance.model_copy(update={"packages": {"numpy": "2.4"}}),
    )
    found = explain(left, right)
    assert not found.comparable
    assert found.protocol == {"data.test": ("d" * 64, "e" * 64), "parts": (8, 10)}
    assert found.metrics == {"toy_spread.params.scale": ("(absent)", 2)}
    assert found.method == {"config.steps": (5, 9), "seed": (0, 3)}
    assert found.environment == {"packages.numpy": ("(absent)", "2.4")}


def test_another_suite_is_a_difference_of_the_protocol() -> None:
    found = explain(record(HASHED), record({**HASHED, "version": 2}, suite="second"))
    assert found.protocol == {"name": ("toy", "second"), "version": (1, 2)}


def test_record_without_cost_has_no_device() -> None:
    found = explain(record(HASHED, cost=None), record(HASHED))
    assert found.environment["device"] == ("(absent)", "cpu")
