from __future__ import annotations

import pytest
from commands import InProcess
from toy_world import Toy


@pytest.fixture
def cli(toy: Toy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> InProcess:
    """The command in this process, in a folder of its own, with the toy plugin only."""
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("NO_COLOR", "1")
    return InProcess(toy.folder, capsys)
