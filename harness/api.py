"""The Python call behind `harness run`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import OutOfTime, RunError, UserError
from harness.fellows import check_devices
from harness.plan import Cell, Request, RunOptions, deadline_in, make_plan
from harness.record import Record
from harness.registry import Registry, registry
from harness.runner import Outcome
from harness.toml import as_toml
from harness.tracking import opened_trackers
from harness.watching import CellWatcher


def run(
    method: str,
    suite: str,
    preset: str | None = None,
    seed: int = 0,
    *,
    settings: Mapping[str, Any] | None = None,
    data: str | Path | None = None,
    output: str | Path = "runs",
    device: str = "auto",
    precision: str = "auto",
    devices: int = 1,
    fresh: bool = False,
    max_minutes: float | None = None,
    track: Sequence[str] = (),
) -> Record:
    """Run one cell, or read it back when it is finished already.

    Args:
        method: name of the method.
        suite: name of the suite.
        preset: a preset of the method; the suite's default when `None`.
        seed: fixes everything random.
        settings: fields of the method's configuration; `suite.<key>` for the suite's.
        data: the data root; the default root when `None`.
        output: folder for runs.
        device: `auto`, `cpu`, `cuda` or `cuda:N`.
        precision: `auto`, `fp32` or `bf16`.
        devices: processes that fit the cell together, on GPUs one each; with more than one, a
            script calls this below `if __name__ == "__main__":`, since they import it.
        fresh: run it again even when it is finished.
        max_minutes: stop after so long; what is learned is saved, and the same call goes on.
        track: trackers that listen, such as `["tensorboard", "mlflow=http://localhost:5000"]`.

    Returns:
        The record; its files lie below `output`.

    Raises:
        UserError: a name, a value or the data are wrong.
        RunError: the cell failed.
        OutOfTime: `max_minutes` have passed.
    """
    request = Request(
        methods=[method],
        suites=[suite],
        preset=preset,
        seeds=[seed],
        settings=[f"{key}={as_toml(value)}" for key, value in (settings or {}).items()],
        baselines=False,
    )
    options = RunOptions(
        output=Path(output),
        data=None if data is None else Path(data),
        device=device,
        precision=precision,
        devices=devices,
        fresh=fresh,
        deadline=deadline_in(max_minutes),
        track=tuple(track),
    )
    known = registry()
    (outcome,) = execute(make_plan(request, known), options, known)
    if outcome.status == "stopped":
        raise OutOfTime(
            f"{outcome.cell.label}: time is up: {outcome.error}; the same call goes on."
        )
    if outcome.record is None or outcome.status == "failed":
        raise (UserError if outcome.exit_code == UserError.exit_code else RunError)(outcome.error)
    return outcome.record


def execute(
    cells: Sequence[Cell],
    options: RunOptions,
    known: Registry,
    *,
    watcher: CellWatcher | None = None,
    executor: str = "local",
    workers: int | None = None,
) -> Iterator[Outcome]:
    """Run cells by an executor; a failing cell does not stop the others.

    `workers` are the cells at a time; with `None` the executor decides.

    Raises:
        UnknownName: there is no such executor.
        UserError: a tracker lacks a package, or its place is impossible, or so many processes
            cannot fit a cell together; nothing was run.
    """
    entry = known.executors.get(executor)
    check_devices(cells, options, known, executor=entry.spec.name, workers=workers or 1)
    for _, tracker in opened_trackers(options.track, known):
        tracker.close()
    made = entry.load(entry.spec.target)
    runs = made() if workers is None else made(workers=workers)
    yield from runs.run(cells, options, known, watcher or CellWatcher())
