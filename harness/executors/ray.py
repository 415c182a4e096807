"""Cells on a cluster of Ray, a task each, begun again on another node where a node is lost.

All nodes write into one output folder, which they share at the same path. A cell whose record lies
there is kept, whatever became of the node that ran it; a half-finished one goes on from its last
checkpoint.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

from harness.errors import ConfigError, UserError
from harness.executors.sharing import busy_last
from harness.plan import Cell, RunOptions
from harness.registry import Registry, registry
from harness.runner import Outcome, Runner
from harness.training.machine import pick_device, pick_precision
from harness.watching import CellWatcher

if TYPE_CHECKING:
    from types import ModuleType

#: How often a cell is begun again because its process or node was lost.
RETRIES = 3
#: Tasks that Ray holds at a time, running and waiting; more only make it slower.
IN_FLIGHT = 1000
#: Seconds that running cells have to save themselves when the command is interrupted.
SAVING_SECONDS = 60.0
#: Settings of the machine that tasks take over from the command.
_PASSED_ON = ("HARNESS_CACHE", "HARNESS_DATA", "HARNESS_PLUGINS", "TORCH_HOME")


class Ray:
    """Runs cells on the cluster at `RAY_ADDRESS`, else on one that it starts on this machine.

    A cell takes one core, or as many as `--threads` says, and a GPU where the device asks for one.

    Args:
        workers: cells at a time; `None` for as many as the cluster holds.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = workers

    def run(
        self, cells: Sequence[Cell], options: RunOptions, known: Registry, watcher: CellWatcher
    ) -> Iterator[Outcome]:
        """Outcomes as they come.

        When the caller stops early or is interrupted, the running cells are interrupted, so that
        they can be resumed, and no further one is begun.

        Raises:
            UserError: Ray is not installed, its cluster cannot be reached, or no node has what a
                cell takes; nothing was run.
        """
        ray = _ray()
        connected = _connect(ray)
        with _records_alone_on_stdout():
            try:
                tasks = _Tasks(ray, _sent(options), _versions(known), _resources(ray, options))
                for outcome in tasks.outcomes(cells, self.workers or IN_FLIGHT):
                    yield _told_from_here(outcome, options.output)
            finally:
                if connected:
                    with redirect_stdout(sys.stderr):  # what Ray held back to tell it at once
                        ray.shutdown()


@dataclass
class _Tasks:
    """Cells as tasks.

    Attributes:
        ray: the package.
        options: how cells run, for any node.
        versions: packages that a node must have.
        resources: what a cell takes.
    """

    ray: ModuleType
    options: RunOptions
    versions: Mapping[str, str]
    resources: Mapping[str, float]

    def outcomes(self, cells: Sequence[Cell], at_a_time: int) -> Iterator[Outcome]:
        """Each cell once; those that other commands are running last."""
        return busy_last(cells, lambda some, wait: self._pass(some, at_a_time, wait=wait))

    def _pass(self, cells: Sequence[Cell], at_a_time: int, *, wait: bool) -> Iterator[Outcome]:
        task = self.ray.remote(max_retries=RETRIES, **self.resources)(_run_cell)
        settings = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        shared = self.ray.put((self.options, dict(self.versions), settings))
        left = iter(cells)
        running: dict[Any, Cell] = {}
        try:
            while True:
                for cell in itertools.islice(left, at_a_time - len(running)):
                    running[task.remote(cell, shared, wait)] = cell
                if not running:
                    return
                (done, *_), _rest = self.ray.wait(list(running), num_returns=1)
                cell = running.pop(done)
                yield self._outcome(done, cell)
        finally:
            for reference in running:
                self.ray.cancel(reference)
            if running:
                self.ray.wait(list(running), num_returns=len(running), timeout=SAVING_SECONDS)

    def _outcome(self, done: Any, cell: Cell) -> Outcome:
        """What a task sent, or why it could not."""
        try:
            outcome: Outcome = self.ray.get(done)
            return outcome
        except (self.ray.exceptions.WorkerCrashedError, self.ray.exceptions.NodeDiedError):
            reason = (
                f"its process or node was lost {RETRIES + 1} times (out of memory, or killed); "
                "run again to resume"
            )
        except Exception as error:  # noqa: BLE001 - what a task cannot send or receive
            reason = str(error).strip().splitlines()[-1]  # of the task's traceback
        return Outcome(cell, "failed", error=reason, exit_code=1)


def _ray() -> ModuleType:
    try:
        import ray
    except ImportError:
        raise UserError(
            "The executor 'ray' needs Ray, which is not installed: pip install 'harness[ray]'."
        ) from None
    module: ModuleType = ray
    return module


def _connect(ray: ModuleType) -> bool:
    """Connect to the cluster; whether this call did."""
    if ray.is_initialized():
        return False
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else a new cluster calls home
    try:
        # What tasks print stays in the logs of Ray: there is no knowing which cell it belongs to.
        ray.init(logging_level=logging.ERROR, log_to_driver=False)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = os.environ.get("RAY_ADDRESS", "this machine")
        reason = " ".join(str(error).split())
        raise UserError(
            f"No cluster of Ray answers at {where} (RAY_ADDRESS names another one): {reason}"
        ) from None
    return True


@contextmanager
def _records_alone_on_stdout() -> Iterator[None]:
    """Send to stderr what threads of Ray print, such as that a node is lost."""
    before = sys.stdout
    sys.stdout = cast(TextIO, _ByThread(before))
    try:
        yield
    finally:
        sys.stdout = before


class _ByThread:
    """A stream for all threads but Ray's own, which get stderr."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        of_ray = threading.current_thread().name.startswith("ray_")
        return getattr(sys.stderr if of_ray else self._stream, name)


def _resources(ray: ModuleType, options: RunOptions) -> dict[str, float]:
    """What a cell takes; with the device `auto` it takes a GPU where some node has one.

    Raises:
        UserError: no node has so much, or the device or precision is wrong.
    """
    device = options.device
    if device.startswith("cuda:"):
        raise ConfigError(
            f"--device {device}: Ray chooses the GPU of every cell; give --device cuda."
        )
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    gpus = max((node.get("GPU", 0.0) for node in nodes), default=0.0)
    wants_gpu = device == "cuda" or (device == "auto" and gpus >= 1)
    if device not in ("auto", "cuda"):
        pick_precision(options.precision, pick_device(device))
    cores = float(options.threads or 1)
    fitting = [n for n in nodes if n.get("CPU", 0) >= cores and n.get("GPU", 0) >= wants_gpu]
    if not fitting:
        gpu = " and a GPU" if wants_gpu else ""
        raise UserError(
            f"No node of the cluster has {cores:.0f} cores{gpu} for a cell; change --threads or "
            "--device, or start such a node with 'ray start'."
        )
    return {"num_cpus": cores, "num_gpus": float(wants_gpu)}


def _sent(options: RunOptions) -> RunOptions:
    """The options as they hold on any node: whole paths, and a number of threads."""
    data = None if options.data is None else options.data.absolute()
    output = options.output.absolute()
    return replace(options, output=output, data=data, threads=options.threads or 1)


def _told_from_here(outcome: Outcome, output: Path) -> Outcome:
    """The outcome with its folder as this command names it."""
    if outcome.folder is None:
        return outcome
    return replace(outcome, folder=output / outcome.folder.relative_to(output.absolute()))


def _versions(known: Registry) -> dict[str, str]:
    return {plugin.distribution: plugin.package_version for plugin in known.plugins}


def _run_cell(
    cell: Cell, shared: tuple[RunOptions, Mapping[str, str], Mapping[str, str]], wait: bool
) -> Outcome:
    """One cell in a process of a node, without progress."""
    options, versions, settings = shared
    os.environ.update(settings)
    known = registry()
    if _versions(known) != dict(versions):
        node = os.uname().nodename
        reason = f"the node {node} has {_versions(known)} and the command {dict(versions)}"
        error = f"the packages of all nodes must be the same: {reason}."
        return Outcome(cell, "failed", error=error, exit_code=1)
    return _runner(options).run(cell, wait=wait)


@cache
def _runner(options: RunOptions) -> Runner:
    """What runs the cells of this process, so that the data of a suite are opened once."""
    return Runner(options, registry())
