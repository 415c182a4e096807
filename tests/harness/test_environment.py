from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path, user_data_path

from harness.environment import allowed_plugins, cache_root, default_data_root


def test_variables_name_the_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", "~/my cache")
    monkeypatch.setenv("HARNESS_DATA", "/my/data")
    assert cache_root() == Path.home() / "my cache"
    assert default_data_root() == Path("/my/data")


@pytest.mark.parametrize("empty", [True, False], ids=["empty", "absent"])
def test_the_platforms_folders_stand_in(monkeypatch: pytest.MonkeyPatch, empty: bool) -> None:
    for name in ("HARNESS_CACHE", "HARNESS_DATA"):
        if empty:
            monkeypatch.setenv(name, "")
        else:
            monkeypatch.delenv(name)
    assert cache_root() == user_cache_path("harness")
    assert default_data_root() == user_data_path("harness")


def test_all_plugins_may_load_unless_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert allowed_plugins() is None
    monkeypatch.setenv("HARNESS_PLUGINS", "one, two")
    assert allowed_plugins() == {"one", "two"}
