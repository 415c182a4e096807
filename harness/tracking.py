"""Trackers: listeners that hear only of the runs that ask for them by `--track`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

from harness.contract.specs import TrackerSpec
from harness.contract.tracker import Tracker
from harness.errors import ConfigError
from harness.registry import Entry, Registry


def wanted_trackers(texts: Sequence[str], known: Registry) -> list[tuple[Entry[TrackerSpec], str]]:
    """What `NAME` and `NAME=PLACE` ask for: trackers with their places; nothing heavy is loaded.

    Raises:
        UnknownName: there is no such tracker; the nearest one is offered.
        ConfigError: a tracker is named twice.
    """
    wanted: dict[str, tuple[Entry[TrackerSpec], str]] = {}
    for text in texts:
        name, _, place = (part.strip() for part in text.partition("="))
        entry = known.trackers.get(name)
        if entry.full_name in wanted:
            raise ConfigError(f"--track names {name} twice; a run is tracked in one place.")
        wanted[entry.full_name] = entry, place
    return list(wanted.values())


def opened_trackers(texts: Sequence[str], known: Registry) -> list[tuple[str, Tracker]]:
    """The trackers that are asked for, by name, ready to listen.

    Raises:
        UserError: there is no such tracker, it lacks a package, or its place is impossible.
    """
    return [
        (entry.full_name, entry.load(entry.spec.target)(place))
        for entry, place in wanted_trackers(texts, known)
    ]


@contextmanager
def tracking(texts: Sequence[str], known: Registry) -> Iterator[None]:
    """Let trackers listen while one cell runs; whatever happens they are closed.

    Raises:
        UserError: as `opened_trackers`.
    """
    with ExitStack() as closing:
        for name, tracker in opened_trackers(texts, known):
            known.manager.register(tracker, name=name)
            closing.callback(_close, name, tracker, known)
        yield


def _close(name: str, tracker: Tracker, known: Registry) -> None:
    """Close a tracker; one that raises then is a warning, where there was none of it before."""
    listened = known.manager.is_registered(tracker)
    if listened:
        known.manager.unregister(tracker)
    try:
        tracker.close()
    except Exception as error:  # noqa: BLE001 - a tracker of anyone's must not fail a run
        if listened:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            warnings.warn(f"The tracker {name} failed as it was closed: {reason}", stacklevel=2)
