"""Entry points to lazy specs: what is installed, who brought it, and what is broken.

Loading is our own loop instead of pluggy's, because a plugin that fails to import must be contained
and a second owner of a name must be reported.
"""

from __future__ import annotations

import importlib
import re
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

import pluggy

from harness.contract import hooks
from harness.contract.specs import (
    CAPABILITIES,
    CONTRACT,
    NEEDS,
    SEES,
    DatasetSpec,
    ExecutorSpec,
    MethodSpec,
    MetricSpec,
    Spec,
    SuiteSpec,
    TrackerSpec,
)
from harness.environment import allowed_plugins
from harness.errors import ContractError, UnknownName
from harness.names import unknown_name

#: The entry-point group of all plugins, bundled ones included.
GROUP = "harness"

S = TypeVar("S", bound=Spec)


@dataclass(frozen=True)
class Entry(Generic[S]):
    """A spec with its owner.

    Attributes:
        spec: what the plugin declared.
        distribution: the package that brought it.
        package_version: the package's version.
    """

    spec: S
    distribution: str
    package_version: str

    @property
    def full_name(self) -> str:
        """`distribution/name`, which always works, even when two packages share a name."""
        return f"{self.distribution}/{self.spec.name}"

    def load(self, target: str) -> Any:
        """Import `package.module:Attribute` named by the spec.

        Raises:
            ContractError: the target does not exist or fails to import.
        """
        module, _, attribute = target.partition(":")
        try:
            return getattr(importlib.import_module(module), attribute)
        except Exception as error:
            raise ContractError(
                f"{self.full_name}: cannot load {target!r}: {type(error).__name__}: {error} "
                f"(package {self.distribution} {self.package_version})."
            ) from error


@dataclass(frozen=True)
class Plugin:
    """One entry point and how loading it went; `error` is empty when it is fine."""

    name: str
    module: str
    distribution: str
    package_version: str
    seconds: float
    error: str = ""
    offers: tuple[str, ...] = ()


@dataclass
class Catalogue(Generic[S]):
    """All specs of one kind, by name; two owners of one name are kept and reported."""

    kind: str
    entries: dict[str, list[Entry[S]]] = field(default_factory=dict)

    def add(self, entry: Entry[S]) -> None:
        """Register one spec under its short name."""
        self.entries.setdefault(entry.spec.name, []).append(entry)

    def names(self) -> list[str]:
        """All short names, sorted."""
        return sorted(self.entries)

    def __iter__(self) -> Iterator[Entry[S]]:
        for name in self.names():
            yield from self.entries[name]

    def get(self, name: str, where: str = "") -> Entry[S]:
        """The entry of this name, short or `distribution/name`.

        Args:
            name: the name.
            where: the suite that asks for it, for the message; empty for the command line.

        Raises:
            UnknownName: no such name; the nearest one is offered.
            ContractError: two packages own the name.
        """
        distribution, slash, short = name.rpartition("/")
        found = self.entries.get(short, [])
        if slash:
            found = [entry for entry in found if entry.distribution == distribution]
        if not found:
            plural = f"{self.kind}s"
            hint = f"'harness list {plural}' shows all {len(self.entries)}."
            unknown = unknown_name(self.kind, name, self.names(), hint)
            raise UnknownName(f"{where}: {unknown}") if where else unknown
        if len(found) > 1:
            owners = " and ".join(entry.full_name for entry in found)
            raise ContractError(
                f"The {self.kind} name {name!r} has two owners: {owners}. "
                "Use the full name, or uninstall one of the packages."
            )
        return found[0]


@dataclass
class Registry:
    """Everything the installed plugins offer."""

    methods: Catalogue[MethodSpec] = field(default_factory=lambda: Catalogue("method"))
    datasets: Catalogue[DatasetSpec] = field(default_factory=lambda: Catalogue("dataset"))
    metrics: Catalogue[MetricSpec] = field(default_factory=lambda: Catalogue("metric"))
    suites: Catalogue[SuiteSpec] = field(default_factory=lambda: Catalogue("suite"))
    executors: Catalogue[ExecutorSpec] = field(default_factory=lambda: Catalogue("executor"))
    trackers: Catalogue[TrackerSpec] = field(default_factory=lambda: Catalogue("tracker"))
    plugins: list[Plugin] = field(default_factory=list)
    manager: pluggy.PluginManager = field(default_factory=lambda: _manager())

    def duplicates(self) -> list[str]:
        """One sentence for every name with two owners."""
        catalogues: list[Catalogue[Any]] = [
            self.methods,
            self.datasets,
            self.metrics,
            self.suites,
            self.executors,
            self.trackers,
        ]
        return [
            f"{catalogue.kind} {name!r}: " + " and ".join(entry.full_name for entry in found)
            for catalogue in catalogues
            for name, found in catalogue.entries.items()
            if len(found) > 1
        ]

    def plugin_of(self, error: BaseException) -> tuple[Plugin, str] | None:
        """The plugin in whose code an error happened, and the module; `None` for the core's."""
        owners = {plugin.module.partition(".")[0]: plugin for plugin in self.plugins}
        owners.pop(__name__.partition(".")[0], None)
        for frame, _ in reversed(list(traceback.walk_tb(error.__traceback__))):
            module = frame.f_globals.get("__name__", "")
            plugin = owners.get(module.partition(".")[0])
            if plugin is not None:
                return plugin, module
        return None


_KINDS: dict[str, tuple[str, type[Spec]]] = {
    "harness_methods": ("methods", MethodSpec),
    "harness_datasets": ("datasets", DatasetSpec),
    "harness_metrics": ("metrics", MetricSpec),
    "harness_suites": ("suites", SuiteSpec),
    "harness_executors": ("executors", ExecutorSpec),
    "harness_trackers": ("trackers", TrackerSpec),
}


@cache
def registry() -> Registry:
    """The registry of this process, scanned once.

    The environment variable `HARNESS_PLUGINS=a,b` limits loading to these entry points.
    """
    allowed = allowed_plugins()
    return load(
        point for point in entry_points(group=GROUP) if allowed is None or point.name in allowed
    )


def load(points: Iterable[EntryPoint]) -> Registry:
    """Load entry points one by one, containing whatever goes wrong."""
    found = Registry()
    for point in sorted(points, key=lambda p: (p.dist.name if p.dist else "", p.name)):
        distribution = point.dist.name if point.dist else "unknown"
        version = point.dist.version if point.dist else "0"
        start = time.perf_counter()
        error = ""
        offers: tuple[str, ...] = ()
        try:
            offers = _register(found, point, distribution, version)
        except (Exception, SystemExit) as problem:  # noqa: BLE001 - foreign code
            error = f"{type(problem).__name__}: {problem}"
        found.plugins.append(
            Plugin(
                name=point.name,
                module=point.value,
                distribution=distribution,
                package_version=version,
                seconds=time.perf_counter() - start,
                error=error,
                offers=offers,
            )
        )
    return found


def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hooks.PROJECT)
    manager.add_hookspecs(hooks)
    return manager


def _register(
    found: Registry, point: EntryPoint, distribution: str, version: str
) -> tuple[str, ...]:
    """Import one plugin and add its specs; a plugin is taken whole or not at all."""
    module = point.load()
    probe = _manager()
    probe.register(module)
    probe.check_pending()
    specs: list[tuple[str, Spec]] = []
    for hook_name, (catalogue, kind) in _KINDS.items():
        for answer in getattr(probe.hook, hook_name)():
            specs += [(catalogue, spec) for spec in _checked(answer, kind, hook_name)]
    found.manager.register(module, name=f"{distribution}:{point.name}")
    for catalogue, spec in specs:
        getattr(found, catalogue).add(Entry(spec, distribution, version))
    return tuple(spec.name for _, spec in specs)


def _checked(answer: object, kind: type[Spec], hook_name: str) -> list[Spec]:
    """The specs a hook returned.

    Raises:
        ContractError: it is no list of specs of this kind, or a spec breaks the contract.
    """
    if not isinstance(answer, list | tuple):
        raise ContractError(
            f"hook {hook_name!r} must return a list of {kind.__name__} objects, "
            f"got {type(answer).__name__}"
        )
    for spec in answer:
        if not isinstance(spec, kind):
            raise ContractError(
                f"hook {hook_name!r} must return {kind.__name__} objects, got {type(spec).__name__}"
            )
        if spec.contract != CONTRACT:
            raise ContractError(
                f"{spec.name!r} was built for contract {spec.contract}, this harness has {CONTRACT}"
            )
        _check_fields(spec)
        _check_words(spec)
    return list(answer)


def _check_fields(spec: Spec) -> None:
    """Refuse names that cannot be asked for, and fields that are no text or no path."""
    if not isinstance(spec.name, str) or not re.fullmatch(r"[^\s/,=]+", spec.name):
        raise ContractError(f"a name must be one word without '/', ',' and '=', got {spec.name!r}")
    kinds: dict[str, type] = {"summary": str, "target": str, "path": Path}
    for attribute, kind in kinds.items():
        value = getattr(spec, attribute, None)
        if hasattr(spec, attribute) and not isinstance(value, kind):
            raise ContractError(
                f"{spec.name!r}: {attribute} must be a {kind.__name__}, got {value!r}"
            )


def _check_words(spec: Spec) -> None:
    """Refuse capabilities, inputs and needs that the contract does not know."""
    lists: list[tuple[str, Sequence[str], Sequence[str]]] = []
    if isinstance(spec, MethodSpec):
        lists = [
            ("capabilities", spec.capabilities, CAPABILITIES),
            ("sees", spec.sees, SEES),
        ]
    elif isinstance(spec, MetricSpec):
        lists = [("needs", spec.needs, NEEDS)]
    for attribute, words, known in lists:
        for word in words:
            if word not in known:
                raise ContractError(
                    f"{spec.name!r}: {attribute} has {word!r}; the contract knows "
                    f"{', '.join(known)}"
                )
