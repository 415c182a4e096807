from __future__ import annotations

from pathlib import Path

import pytest
from platformdirs import user_cache_path, user_data_path

from harness.environment import allowed_plugins, cache_root, data_folder, default_data_root


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


def test_data_are_found_under_the_suite_s_name_before_the_dataset_s(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HARNESS_DATA", str(tmp_path))
    assert data_folder("faces", "celeba") is None
    (tmp_path / "faces").write_text("a file is no folder")
    (tmp_path / "celeba").mkdir()
    assert data_folder("faces", "celeba") == tmp_path / "celeba"
    (tmp_path / "faces").unlink()
    (tmp_path / "faces").mkdir()
    assert data_folder("faces", "celeba") == tmp_path / "faces"


def test_all_plugins_may_load_unless_they_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert allowed_plugins() is None
    monkeypatch.setenv("HARNESS_PLUGINS", "one, two")
    assert allowed_plugins() == {"one", "two"}
