"""The toy plugin installed as a package, with suites that a test writes."""

from __future__ import annotations

import json
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from harness.plan import Cell, RunOptions
    from harness.registry import Registry
    from harness.runner import Runner

#: A small suite; a test changes what it needs.
SUITE: dict[str, Any] = {
    "version": 1,
    "summary": "A toy.",
    "dataset": "toy_data",
    "image_size": 16,
    "parts": 2,
    "roles": {
        "fit": {"split": "train"},
        "regress": {"split": "labelled"},
        "test": {"split": "test"},
    },
    "metrics": [{"name": "toy_spread"}, {"name": "toy_distance"}, {"name": "toy_overlap"}],
}


def install(folder: Path, name: str, entries: dict[str, str]) -> list[EntryPoint]:
    """Metadata of an installed package in a folder, and its entry points of the harness."""
    info = folder / f"{name.replace('-', '_')}-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    lines = [f"{entry} = {module}\n" for entry, module in entries.items()]
    (info / "entry_points.txt").write_text("[harness]\n" + "".join(lines))
    found = next(d for d in distributions(path=[str(folder)]) if d.name == name)
    return list(found.entry_points)


def inline(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


class Toy:
    """The toy plugin, installed as a package, with suites that a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suites = folder / "suites"
        self.output = folder / "runs"

    @property
    def known(self) -> Registry:
        from harness.registry import registry

        return registry()

    def suite(self, name: str = "toy", **changes: Any) -> str:
        """Write a suite file; a change to `None` drops a key."""
        from harness.registry import registry

        values = {k: v for k, v in {**SUITE, **changes}.items() if v is not None}
        text = "".join(f"{key} = {inline(value)}\n" for key, value in values.items())
        self.suites.mkdir(exist_ok=True)
        (self.suites / f"{name}.toml").write_text(text)
        registry.cache_clear()
        return name

    def raise_version(self, metric: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Install version 2 of one of the plugin's metrics."""
        from harness.contract import MetricSpec
        from harness.registry import registry

        def made(*, name: str, **values: Any) -> MetricSpec:
            return MetricSpec(name=name, version=2 if name == metric else 1, **values)

        monkeypatch.setattr("toy_plugin.plugin.MetricSpec", made)
        registry.cache_clear()

    def cells(
        self, *methods: str, suites: tuple[str, ...] = ("toy",), **request: Any
    ) -> list[Cell]:
        from harness.plan import Request, make_plan

        wanted = Request(methods=methods or ("toy_net",), suites=suites, **request)
        return make_plan(wanted, self.known)

    def cell(self, *methods: str, **request: Any) -> Cell:
        return self.cells(*methods, baselines=False, **request)[0]

    def options(self, **changes: Any) -> RunOptions:
        from harness.plan import RunOptions

        given = {"output": self.output, "device": "cpu", "precision": "fp32", "threads": 1}
        return RunOptions(**{**given, **changes})

    def runner(self, **changes: Any) -> Runner:
        from harness.runner import Runner

        return Runner(self.options(**changes), self.known)
