"""What both trackers read of events and of the record beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from harness.contract import RunStarted, ScalarsLogged
from harness.errors import UserError


def missing(tracker: str, package: str) -> UserError:
    """The error of a tracker whose package is not installed."""
    return UserError(
        f"--track {tracker} needs {package}, not installed here: pip install 'harness[trackers]'."
    )


def loop_name(started: RunStarted, event: ScalarsLogged) -> str:
    """The training loop, with its method in front where it is of an asset that editors share.

    >>> begun = RunStarted(cell="faces/sgf/quick/seed-0", folder=Path(), config={})
    >>> loop_name(begun, ScalarsLogged(cell=begun.cell, loop="train", step=0, scalars={}))
    'train'
    >>> asset = "faces/stylegan2/quick/seed-0"
    >>> loop_name(begun, ScalarsLogged(cell=asset, loop="gan", step=0, scalars={}))
    'stylegan2-quick-gan'
    """
    if event.cell == started.cell:
        return event.loop
    _, method, preset, *_ = event.cell.split("/")
    return f"{method}-{preset}-{event.loop}"


def record_at(path: Path) -> Mapping[str, Any]:
    """The record of a cell as JSON; empty where the disk did not take it."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def pictures_of(record: Path) -> Iterator[Path]:
    """The PNG files of a run, sorted by name."""
    yield from sorted((record.parent / "pictures").glob("*.png"))


def flat(config: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys.

    >>> flat({"a": 1, "b": {"c": [2, 3]}})
    {'a': 1, 'b.c': [2, 3]}
    """
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{before}{key}.")
        else:
            found[f"{before}{key}"] = value
    return found
