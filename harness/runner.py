"""Running cells: idempotent, locked, with whatever goes wrong contained.

A cell's folder is locked while it runs, so that several processes on one output folder share the
cells. The system takes the lock of a process that dies, and the next one goes on from there.
"""

from __future__ import annotations

import shutil
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from filelock import Timeout

from harness.assets import planned_assets, seen_owners
from harness.cache import load_roles, open_dataset
from harness.contract.events import RunFailed, RunFinished, RunStarted
from harness.errors import DiskFull, HarnessError, OutOfTime, RunError
from harness.files import remove_unfinished
from harness.identity import fit_owner, method_ref, record_id, repeat_command
from harness.locking import locked
from harness.plan import Cell, RunOptions
from harness.protocol import Prepared, overlap_note, suite_ref
from harness.provenance import now, provenance
from harness.record import Record, put_aside, read_finished, write_record
from harness.registry import Registry
from harness.scoring import metric_settings
from harness.seal import sealed
from harness.suite import Suite
from harness.tracking import tracking
from harness.watching import CellWatcher, tell
from harness.work import Work, finished_record


@dataclass(frozen=True)
class Outcome:
    """What became of a cell.

    Attributes:
        cell: the cell.
        status: `finished` now, `kept` from an earlier run, `failed`, `stopped` because time is up,
            or `busy`: another process runs it.
        folder: the run folder; `None` when the data could not even be opened.
        record: the record; of a failed cell too, once it had started.
        error: the reason of a failure, one sentence; of a stop, what is saved.
        exit_code: 0, 1 for a failed run, 2 for a user's mistake, 3 where time is up.
        trace: the traceback of an unforeseen error.
    """

    cell: Cell
    status: Literal["finished", "kept", "failed", "stopped", "busy"]
    folder: Path | None = None
    record: Record | None = None
    error: str = ""
    exit_code: int = 0
    trace: str = ""


@dataclass
class Runner:
    """Runs cells one after the other in this process.

    Attributes:
        options: how.
        known: the registry.
        watcher: who is told.
    """

    options: RunOptions
    known: Registry
    watcher: CellWatcher = field(default_factory=CellWatcher)
    _prepared: list[tuple[Suite, Prepared | HarnessError]] = field(default_factory=list)

    def run(self, cell: Cell, *, wait: bool = True) -> Outcome:
        """Run a cell; whatever goes wrong is contained in the outcome.

        Args:
            cell: the cell.
            wait: wait for another process that runs it; else it is `busy` at once.
        """
        folder: Path | None = None
        try:
            if self.options.out_of_time() and not self._is_prepared(cell):
                raise OutOfTime("it was not begun")
            prepared = self.prepare(cell)
            folder = self.folder(cell, prepared)
            if kept := self._kept(cell, prepared, folder):
                return kept
            with tracking(self.options.track, self.known):
                return self._locked(cell, prepared, folder, wait=wait)
        except OutOfTime as stop:
            return Outcome(cell, "stopped", folder, None, str(stop), stop.exit_code)
        except Exception as error:  # noqa: BLE001 - a dataset of anyone's
            return self._failed(cell, folder, error)

    def _is_prepared(self, cell: Cell) -> bool:
        return self._found(cell.suite) is not None

    def _found(self, suite: Suite) -> Prepared | HarnessError | None:
        """What became of a suite's data, where it was opened; cells of one plan share the suite."""
        same = (found for other, found in self._prepared if other is suite or other == suite)
        return next(same, None)

    def prepare(self, cell: Cell) -> Prepared:
        """Open the suite's data, reading it into the cache first where needed.

        Data that were refused once are refused again without being read again.
        """
        found = self._found(cell.suite)
        if found is None:
            try:
                found = self._open(cell.suite)
            except HarnessError as error:
                found = error
            self._prepared.append((cell.suite, found))
        if isinstance(found, HarnessError):
            raise found
        return found

    def _open(self, suite: Suite) -> Prepared:
        options = self.options
        dataset = open_dataset(suite, self.known, options.data, skip_broken=options.skip_broken)
        roles = load_roles(suite, dataset, self.known, self.watcher.data_progress)
        assets = planned_assets(suite, roles, self.known)
        ref = suite_ref(suite, roles, self.known, assets)
        metrics = metric_settings(suite, self.known)
        return Prepared(dataset, roles, ref, overlap_note(suite, roles), metrics, assets)

    def folder(self, cell: Cell, prepared: Prepared) -> Path:
        """The cell's run folder; its name ends with the fingerprint of the fit."""
        owner = fit_owner(cell, prepared.roles, seen_owners(prepared.assets))
        name = f"{cell.entry.spec.name}-{cell.preset}-seed{cell.seed}-{owner[:8]}"
        return self.options.output / cell.suite.name / name

    def _locked(self, cell: Cell, prepared: Prepared, folder: Path, *, wait: bool) -> Outcome:
        def waiting() -> None:
            self.watcher.waiting(cell, folder)

        seconds = self.options.seconds_left() if wait else 0.0
        try:
            with locked(folder, seconds, waiting if wait else None):
                return self._run_or_keep(cell, prepared, folder)
        except Timeout:
            if not wait:
                return Outcome(cell, "busy", folder)
            raise OutOfTime("another process is running it") from None

    def _kept(self, cell: Cell, prepared: Prepared, folder: Path) -> Outcome | None:
        """The outcome of a cell that is finished and not to be run again."""
        record = None if self.options.fresh else finished_record(folder, prepared.ref)
        if record is None or not _has_all(record, cell, prepared.metrics):
            return None
        return Outcome(cell, "kept", folder, record)

    def _run_or_keep(self, cell: Cell, prepared: Prepared, folder: Path) -> Outcome:
        if self.options.fresh:
            _clear(folder)
        elif kept := self._kept(cell, prepared, folder):  # by another process, a moment ago
            return kept
        if self.options.out_of_time():
            raise OutOfTime("it was not begun")
        remove_unfinished(folder)
        started = now()
        self.watcher.cell_started(cell, folder)
        config = cell.config.model_dump(mode="json")
        begun = RunStarted(cell=cell.label, folder=folder, config=config)
        tell(self.known, "harness_run_started", begun)
        try:
            work = Work(cell, prepared, folder, self.options, self.known, self.watcher, started)
            record = sealed(work.record(), folder)
            put_aside(folder / "record.json", record)
            write_record(record, folder / "record.json")
        except OutOfTime:
            raise
        except Exception as error:  # noqa: BLE001 - a method or metric of anyone's
            return self._give_up(cell, prepared, folder, error, started=started)
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)
        scores = {s.metric: s.value for s in record.scores if s.value is not None}
        done = RunFinished(cell=cell.label, record=folder / "record.json", scores=scores)
        tell(self.known, "harness_run_finished", done)
        return Outcome(cell, "finished", folder, record)

    def _give_up(
        self, cell: Cell, prepared: Prepared, folder: Path, error: Exception, *, started: str
    ) -> Outcome:
        """Write the failed record where the disk still allows it, and tell the listeners.

        A finished record in the folder, of other metrics or parameters, is left as it is.
        """
        failed = self._failed(cell, folder, error)
        record = Record(
            id=record_id(cell, prepared.ref),
            status="failed",
            error=failed.error,
            suite=prepared.ref,
            method=method_ref(cell),
            seed=cell.seed,
            provenance=provenance(started, repeat_command(cell), cell.entry.distribution),
        )
        try:
            if read_finished(folder / "record.json") is None:
                record = sealed(record, folder)
                write_record(record, folder / "record.json")
        except DiskFull as full:
            if not isinstance(error, DiskFull):
                failed = replace(failed, error=f"{failed.error} ({full})")
        except RunError as other:
            failed = replace(failed, error=f"{failed.error} ({other})")
        event = RunFailed(cell=cell.label, record=folder / "record.json", error=failed.error)
        tell(self.known, "harness_run_failed", event)
        return replace(failed, record=record)

    def _failed(self, cell: Cell, folder: Path | None, error: Exception) -> Outcome:
        """The outcome of an error: a sentence, and the place where it was not foreseen."""
        if isinstance(error, HarnessError):
            return Outcome(cell, "failed", folder, None, str(error), error.exit_code)
        found = self.known.plugin_of(error)
        if found is not None:
            plugin, module = found
            where = f"in {module}, package {plugin.distribution} {plugin.package_version}"
        else:
            where = f"while running {cell.entry.full_name} {cell.entry.package_version}"
        sentence = f"{type(error).__name__}: {error} ({where})"
        trace = "".join(traceback.format_exception(error))
        return Outcome(cell, "failed", folder, None, sentence, 1, trace)


def _has_all(record: Record, cell: Cell, settings: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether a record has every metric that is asked for, as it would be measured now."""
    found = {score.metric: score.settings for score in record.scores}
    return all(found.get(name) == settings[name] for name in cell.metrics or settings)


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.name == ".lock":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
