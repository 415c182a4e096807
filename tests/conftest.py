from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy_world import Toy, install


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills the caches and data folders of the person who runs it."""
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path / "no data"))
    monkeypatch.delenv("HARNESS_PLUGINS", raising=False)


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    """Draws without a source of their own are the same in every run of a test."""
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    """Ctrl-C works as in a terminal, also where a background shell has the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables, which take seconds to make."""
    from harness_trackers.mlflow import MLflow

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MLflow(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toy]:
    import toy_plugin.data
    import toy_plugin.methods
    import toy_plugin.plugin

    from harness.registry import registry

    install(tmp_path / "site", "toy-package", {"toy": "toy_plugin.plugin"})
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("HARNESS_PLUGINS", "toy,executors")
    monkeypatch.setenv("TOY_SUITES", str(tmp_path / "suites"))
    monkeypatch.setattr("harness.cache._workers", lambda: 2)
    for heard in (
        toy_plugin.plugin.HEARD,
        toy_plugin.methods.FITS,
        toy_plugin.methods.BEFORE_FIT,
        toy_plugin.data.READS,
    ):
        heard.clear()
    world = Toy(tmp_path)
    world.suite()
    yield world
    registry.cache_clear()


@pytest.fixture
def memory() -> Iterator[Any]:
    """fsspec's file system in memory, empty."""
    import fsspec  # here, as few tests need it

    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()
