from __future__ import annotations

import json

import pytest
from commands import InProcess

from harness.doctor import Finding


def test_report_and_json_tell_the_same(cli: InProcess) -> None:
    done = cli("doctor")
    assert done.code == 0, done.err
    rows = json.loads(cli("doctor", "--json").out)
    assert {row["topic"] for row in rows} >= {"device", "cache", "plugin"}
    assert all(row["topic"] in done.out for row in rows)


def test_what_stops_work_exits_with_one(cli: InProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = [Finding("device", "torch", "wrong", "cannot be imported")]
    monkeypatch.setattr("harness.doctor.examine", lambda known: broken)
    done = cli("doctor")
    assert (done.code, "cannot be imported" in done.out) == (1, True)
