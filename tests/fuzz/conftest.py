"""The toy world for damaged input: an earlier record that must survive, and the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from commands import InProcess
from fuzzing import Fuzz
from made_records import keep, protocol, record
from toy_world import Toy

from harness.record import read_record
from harness.registry import registry


@pytest.fixture
def fuzz(
    toy: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., Fuzz]]:
    """Makes a fuzz of the toy world; whatever ran, the earlier record can be read at the end."""
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("HARNESS_PLUGINS", "toy,executors,datasets")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    registry.cache_clear()
    earlier = record(protocol(toy), "toy_net", 0.25)
    keep(toy.folder / "runs" / "earlier", earlier)
    started = []

    def start(*kept: str) -> Fuzz:
        started.append(Fuzz(InProcess(toy.folder, capsys), ["runs/earlier", *kept]))
        return started[-1]

    yield start
    assert read_record(toy.folder / "runs/earlier/cell-0/record.json") == earlier
    assert all(one.done for one in started)
    faults = [fault for one in started for fault in one.faults]
    assert not faults, f"{len(faults)} of {started[0].done} cases:\n" + "\n".join(faults)
