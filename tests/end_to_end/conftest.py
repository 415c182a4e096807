"""Working folders, caches and installed packages for the tests of the whole command."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import THIRD_PARTY, Command, InProcess, pip_install
from warm_process import Warm

from harness.registry import registry


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the foreign package `harness-toy` installed."""
    return pip_install(tmp_path_factory.mktemp("toy"), THIRD_PARTY / "toy")


@pytest.fixture(scope="session")
def broken_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four packages that each break another rule."""
    names = ("raises", "twin", "wrong_type", "other_contract")
    return pip_install(tmp_path_factory.mktemp("broken"), *(THIRD_PARTY / name for name in names))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache of decoded images for all tests of this process."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def warm(toy_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """The command in children of one process that has imported everything."""
    folder = tmp_path_factory.mktemp("warm")
    process = Warm(Command(folder, folder / "cache", [toy_site]).environment())
    yield process
    process.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, where it is installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    binary = next(filter(None, map(shutil.which, names)), None)
    if binary is None:
        pytest.skip("Chromium is not installed")
    with playwright.sync_playwright() as started:
        launched = started.chromium.launch(executable_path=binary, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def command(tmp_path: Path, cache: Path, toy_site: Path) -> Command:
    """The command in a process of its own, with the toy package installed."""
    return Command(tmp_path, cache, [toy_site])


@pytest.fixture
def cli(
    tmp_path: Path,
    cache: Path,
    toy_site: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[InProcess]:
    """The same command within this process: for the many cases that need no process."""
    monkeypatch.chdir(tmp_path)
    for name, value in Command(tmp_path, cache).settings_of_test().items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(str(toy_site))
    registry.cache_clear()
    yield InProcess(tmp_path, capsys)
    registry.cache_clear()
