"""What is installed, as plain rows: the content of `harness list`.

Nothing here loads a plugin's targets, so listing stays fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from harness.contract.specs import Spec
from harness.environment import data_folder
from harness.errors import HarnessError
from harness.names import unknown_name
from harness.registry import Catalogue, Entry, Registry
from harness.suite import Suite, load_protocol

Row = dict[str, Any]


def list_kind(kind: str, known: Registry) -> list[Row]:
    """One row for everything of a kind, sorted by name.

    Args:
        kind: one of `KINDS`.
        known: the installed plugins.

    Raises:
        UnknownName: there is no such kind; the nearest one is offered.
    """
    if kind not in KINDS:
        raise unknown_name("kind", kind, KINDS)
    return KINDS[kind](known)


def list_methods(known: Registry) -> list[Row]:
    """Name, kind, capabilities and what each method is allowed to see."""
    return [
        _common(known.methods, entry)
        | {
            "kind": entry.spec.kind,
            "capabilities": list(entry.spec.capabilities),
            "sees": list(entry.spec.sees),
            "paper": entry.spec.paper,
            "extra": entry.spec.extra,
        }
        for entry in known.methods
    ]


def list_datasets(known: Registry) -> list[Row]:
    """Name, home and licence of each dataset; embedded ones need no files."""
    return [
        _common(known.datasets, entry)
        | {
            "embedded": entry.spec.embedded,
            "home": entry.spec.home,
            "licence": entry.spec.licence,
        }
        for entry in known.datasets
    ]


def list_metrics(known: Registry) -> list[Row]:
    """Name, unit, direction and needs of each metric."""
    return [
        _common(known.metrics, entry)
        | {
            "unit": entry.spec.unit,
            "direction": entry.spec.direction,
            "needs": list(entry.spec.needs),
        }
        for entry in known.metrics
    ]


def list_suites(known: Registry) -> list[Row]:
    """The protocol of each suite in short; a file that cannot be read has its reason in `error`.

    `data` is `embedded` where nothing must be fetched, else `present` or `missing`, by whether the
    default data root has a folder for the suite; `folder` is that folder.
    """
    return [_common(known.suites, entry) | _suite_row(entry, known) for entry in known.suites]


def list_executors(known: Registry) -> list[Row]:
    """Name and summary of each executor."""
    return [_common(known.executors, entry) for entry in known.executors]


def list_trackers(known: Registry) -> list[Row]:
    """Name and summary of each tracker."""
    return [_common(known.trackers, entry) for entry in known.trackers]


def list_plugins(known: Registry) -> list[Row]:
    """Each entry point with its package, import time in milliseconds, offers and error."""
    return [
        {
            "name": plugin.name,
            "module": plugin.module,
            "distribution": plugin.distribution,
            "version": plugin.package_version,
            "milliseconds": round(1000 * plugin.seconds, 1),
            "offers": list(plugin.offers),
            "error": plugin.error,
        }
        for plugin in known.plugins
    ]


#: The kinds of `harness list`, in the order of its help.
KINDS: dict[str, Callable[[Registry], list[Row]]] = {
    "methods": list_methods,
    "suites": list_suites,
    "datasets": list_datasets,
    "metrics": list_metrics,
    "executors": list_executors,
    "trackers": list_trackers,
    "plugins": list_plugins,
}


def problems(known: Registry) -> list[str]:
    """One sentence for each plugin that failed to load and each name with two owners."""
    broken = [
        f"plugin {plugin.name!r} ({plugin.distribution} {plugin.package_version}) "
        f"failed to load: {plugin.error}"
        for plugin in known.plugins
        if plugin.error
    ]
    return broken + [f"two owners of the {sentence}" for sentence in known.duplicates()]


def _common(catalogue: Catalogue[Any], entry: Entry[Any]) -> Row:
    """The columns of every kind; a name with two owners is given in full."""
    spec: Spec = entry.spec
    unique = len(catalogue.entries[spec.name]) == 1
    return {
        "name": spec.name if unique else entry.full_name,
        "summary": spec.summary,
        "distribution": entry.distribution,
        "version": spec.version,
    }


def _suite_row(entry: Entry[Any], known: Registry) -> Row:
    try:
        suite, rows = load_protocol(entry.spec)
    except HarnessError as error:
        return {"error": str(error)}
    return {
        "summary": suite.summary,
        "version": suite.version,
        "dataset": suite.dataset,
        "parts": suite.parts,
        "image_size": suite.image_size,
        "metrics": [use.name for use in suite.metrics],
        "published": rows,
        **_data_row(suite, known),
        "error": "",
    }


def _data_row(suite: Suite, known: Registry) -> Row:
    """Whether a suite's data are where runs look for them without `--data`."""
    try:
        embedded = known.datasets.get(suite.dataset).spec.embedded
    except HarnessError:
        embedded = False
    if embedded:
        return {"data": "embedded", "folder": ""}
    folder = data_folder(suite.name, suite.dataset)
    return {"data": "missing" if folder is None else "present", "folder": str(folder or "")}
