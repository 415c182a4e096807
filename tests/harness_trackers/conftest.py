"""The toy world with the bundled trackers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from toy_world import Toy
from tracked_run import Tracked

from harness.registry import registry


@pytest.fixture
def tracked(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    """The toy world in which trackers can be asked for."""
    monkeypatch.setenv("HARNESS_PLUGINS", "toy,executors,trackers")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(toy.folder)
    registry.cache_clear()
    yield toy
    registry.cache_clear()


@pytest.fixture
def run(tracked: Toy) -> Tracked:
    """Runs toy cells that are tracked."""
    return Tracked(tracked)


@pytest.fixture
def store(tracked: Toy, empty_store: Path) -> str:
    """The tracker's own store beside the runs, empty; its URI."""
    path = tracked.output / "mlflow.db"
    path.parent.mkdir(parents=True)
    shutil.copy(empty_store, path)
    return f"sqlite:///{path}"
