"""Working folders, caches and installed packages for the tests of the whole command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import THIRD_PARTY, Command, Done, pip_install

from harness.registry import registry


@pytest.fixture(scope="session")
def toy_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the foreign package `harness-toy` installed."""
    return _installed(tmp_path_factory, "toy")


@pytest.fixture(scope="session")
def broken_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four packages that each break another rule."""
    return _installed(tmp_path_factory, "raises", "twin", "wrong_type", "other_contract")


def _installed(factory: pytest.TempPathFactory, *names: str) -> Path:
    source = factory.mktemp("source")
    copies = [
        Path(shutil.copytree(THIRD_PARTY / name, source / name), copy_function=shutil.copyfile)
        if False
        else Path(shutil.copytree(THIRD_PARTY / name, source / name))
        for name in names
    ]
    return pip_install(factory.mktemp("site"), *copies)
