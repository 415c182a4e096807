"""The only place that reads environment variables and platform folders."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path, user_data_path


def cache_root() -> Path:
    """Where caches go: `HARNESS_CACHE`, else the platform's cache folder."""
    named = os.environ.get("HARNESS_CACHE")
    return Path(named).expanduser() if named else user_cache_path("harness")


def asset_root() -> Path:
    """Where what editors share is fitted: a folder of the cache."""
    return cache_root() / "assets"


def default_data_root() -> Path:
    """Where datasets are looked for without `--data`: `HARNESS_DATA`, else the data folder."""
    named = os.environ.get("HARNESS_DATA")
    return Path(named).expanduser() if named else user_data_path("harness")


def data_folder(suite: str, dataset: str) -> Path | None:
    """The folder of a suite's data below the default data root, `None` where there is none.

    It is named like the suite or, shared with others, like the dataset. Nothing in it is looked at.
    """
    base = default_data_root()
    return next((path for path in (base / suite, base / dataset) if path.is_dir()), None)


def allowed_plugins() -> set[str] | None:
    """Entry points that may load: `HARNESS_PLUGINS=a,b`; `None` means all."""
    named = os.environ.get("HARNESS_PLUGINS")
    return None if named is None else {name.strip() for name in named.split(",")}
