"""The hooks of a plugin. A plugin module implements some of them with `@harness.contract.hook`.

Hooks that list things return light specs and must not import torch, numpy or pandas.
Events receive one frozen dataclass and may import what they like.
"""

from __future__ import annotations

import pluggy

from harness.contract.events import RunFailed, RunFinished, RunStarted, ScalarsLogged
from harness.contract.specs import (
    DatasetSpec,
    ExecutorSpec,
    MethodSpec,
    MetricSpec,
    SuiteSpec,
    TrackerSpec,
)

PROJECT = "harness"
hookspec = pluggy.HookspecMarker(PROJECT)
hook = pluggy.HookimplMarker(PROJECT)


@hookspec
def harness_methods() -> list[MethodSpec]:
    """Methods of this plugin."""
    raise NotImplementedError


@hookspec
def harness_datasets() -> list[DatasetSpec]:
    """Datasets of this plugin."""
    raise NotImplementedError


@hookspec
def harness_metrics() -> list[MetricSpec]:
    """Metrics of this plugin."""
    raise NotImplementedError


@hookspec
def harness_suites() -> list[SuiteSpec]:
    """Suites of this plugin; `harness.contract.suites_in(folder)` lists a folder of TOML files."""
    raise NotImplementedError


@hookspec
def harness_executors() -> list[ExecutorSpec]:
    """Executors of this plugin."""
    raise NotImplementedError


@hookspec
def harness_trackers() -> list[TrackerSpec]:
    """Trackers of this plugin: listeners that hear only of the runs that ask for them."""
    raise NotImplementedError


@hookspec
def harness_run_started(event: RunStarted) -> None:
    """A cell begins to run (not called for cells that are finished already)."""


@hookspec
def harness_scalars_logged(event: ScalarsLogged) -> None:
    """A method's curve got new values."""


@hookspec
def harness_run_finished(event: RunFinished) -> None:
    """A cell is finished and its record is on disk."""


@hookspec
def harness_run_failed(event: RunFailed) -> None:
    """A cell failed; the record with the reason is on disk."""
