"""Checking installed things by name, for the command and for the tests of other packages.

In a package's own tests:

    import pytest
    from harness.conformance import conform

    @pytest.mark.parametrize(("kind", "name"), conform.installed("harness-mine"))
    def test_keeps_the_contract(kind, name):
        conform.thing(kind, name)
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.conformance.kit import KINDS, Result, examine
from harness.errors import UserError
from harness.names import unknown_name
from harness.registry import Catalogue, Registry, registry


def method(name: str, *, steps: int | None = None) -> list[Result]:
    """Check a method.

    Args:
        name: short, or `distribution/name`.
        steps: of every training loop; at least 2, so that a fit can be interrupted.

    Returns:
        What the checks found.

    Raises:
        AssertionError: one failed; the message has all that failed.
        UnknownName: no such method is installed.
    """
    return _asserted(results("method", name, steps=steps))


def metric(name: str, *, params: Mapping[str, Any] | None = None) -> list[Result]:
    """Check a metric.

    Args:
        name: short, or `distribution/name`.
        params: parameters in place of its defaults.

    Returns:
        What the checks found.

    Raises:
        AssertionError: one failed; the message has all that failed.
        UnknownName: no such metric is installed.
    """
    return _asserted(results("metric", name, options=params))


def dataset(
    name: str, *, data: Path | None = None, options: Mapping[str, Any] | None = None
) -> list[Result]:
    """Check a dataset.

    Args:
        name: short, or `distribution/name`.
        data: its root; without it only embedded data are read.
        options: options in place of its defaults.

    Returns:
        What the checks found.

    Raises:
        AssertionError: one failed; the message has all that failed.
        UnknownName: no such dataset is installed.
    """
    return _asserted(results("dataset", name, data=data, options=options))


def suite(name: str, *, data: Path | None = None) -> list[Result]:
    """Check a suite.

    Args:
        name: short, or `distribution/name`.
        data: the root of its data; without it the default data root is searched.

    Returns:
        What the checks found.

    Raises:
        AssertionError: one failed; the message has all that failed.
        UnknownName: no such suite is installed.
    """
    return _asserted(results("suite", name, data=data))


def thing(kind: str, name: str) -> list[Result]:
    """Check a method, metric, dataset or suite.

    Raises:
        AssertionError: one check failed; the message has all that failed.
        UnknownName: no such thing is installed.
    """
    return _asserted(results(kind, name))


def installed(package: str = "", known: Registry | None = None) -> list[tuple[str, str]]:
    """Kinds and full names of all that installed plugins bring.

    Args:
        package: only what this distribution brings; empty for all.
        known: the registry; the installed plugins by default.

    Raises:
        UnknownName: no such distribution has a plugin.
        UserError: a plugin of it cannot be loaded.
    """
    known = known or registry()
    if package:
        owners = {plugin.distribution for plugin in known.plugins}
        if package not in owners:
            raise unknown_name("package with plugins", package, owners)
    for plugin in known.plugins:
        if plugin.error and package == plugin.distribution:
            raise UserError(f"The plugin {plugin.name!r} cannot be loaded: {plugin.error}")
    return [
        (kind, entry.full_name)
        for kind in KINDS
        for entry in _catalogue(kind, known)
        if package in ("", entry.distribution)
    ]


def named(name: str, known: Registry | None = None) -> list[tuple[str, str]]:
    """Kinds and full names of all that have a name: a dataset and a suite may share one.

    Args:
        name: short, or `distribution/name`.
        known: the registry; the installed plugins by default.

    Raises:
        UnknownName: nothing has this name; the nearest one is offered.
    """
    known = known or registry()
    found = [one for one in installed(known=known) if name in (one[1], one[1].rpartition("/")[2])]
    if not found:
        names = {one[1].rpartition("/")[2] for one in installed(known=known)}
        raise unknown_name("name", name, names, "'harness list' shows all.")
    return found


def results(
    kind: str,
    name: str,
    *,
    steps: int | None = None,
    data: Path | None = None,
    options: Mapping[str, Any] | None = None,
    known: Registry | None = None,
) -> list[Result]:
    """What all checks of a kind find, whether they pass or not.

    Args:
        kind: `method`, `metric`, `dataset` or `suite`.
        name: short, or `distribution/name`.
        steps: of every training loop of a method.
        data: the root of a dataset's or suite's data.
        options: parameters of a metric or options of a dataset.
        known: the registry; the installed plugins by default.

    Raises:
        UnknownName: there is no such kind or name.
        UserError: fewer than two steps are asked for.
    """
    if kind not in KINDS:
        raise unknown_name("kind", kind, KINDS)
    known = known or registry()
    entry = _catalogue(kind, known).get(name)
    if kind == "method":
        from harness.conformance.methods import checks as of_methods
        from harness.conformance.methods.subject import STEPS, method_subject

        count = STEPS if steps is None else steps
        if count < STEPS:
            raise UserError(f"--steps {count}: expected at least {STEPS}.")
        with method_subject(entry, count) as learner:
            return examine(kind, entry.full_name, learner, of_methods.CHECKS)
    if kind == "metric":
        from harness.conformance.metrics import checks as of_metrics
        from harness.conformance.metrics.subject import metric_subject

        with metric_subject(entry, options) as judge:
            return examine(kind, entry.full_name, judge, of_metrics.CHECKS)
    if kind == "dataset":
        from harness.conformance import datasets

        with datasets.dataset_subject(entry, known, data, options) as images:
            return examine(kind, entry.full_name, images, datasets.CHECKS)
    from harness.conformance import suites

    with suites.suite_subject(entry, known, data) as protocol:
        return examine(kind, entry.full_name, protocol, suites.CHECKS)


def _catalogue(kind: str, known: Registry) -> Catalogue[Any]:
    catalogue: Catalogue[Any] = getattr(known, f"{kind}s")
    return catalogue


def _asserted(found: list[Result]) -> list[Result]:
    wrong = [str(result) for result in found if result.status == "failed"]
    if wrong:
        raise AssertionError("\n".join(wrong))
    return found
