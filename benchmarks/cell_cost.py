"""What the harness itself costs a cell: fingerprints, files, syncs, record.

Two hundred cells of a method that does nothing (every keypoint at the image centre), on a few small
drawn faces with one metric, in one process; then the same command again, which skips them all. What
the method, the metric with its interval, and the pictures take is shown apart. CPU time stands
beside wall time, because a busy machine and a slow disk change the latter alone.

    python benchmarks/cell_cost.py [--cells 200] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tabulate import tabulate

#: The suite, as small as its metric allows.
SETTINGS = (
    "suite.image_size=16",
    "suite.dataset_options={fit=16,regress=16,test=16}",
)
#: Functions that a profile shows.
SHOWN = 45


def main() -> None:
    """Print one table: seconds a cell, new and skipped, and what a sync alone takes here."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=200)
    parser.add_argument("--profile", action="store_true", help="show where the time goes")
    parser.add_argument("--folder", type=Path, help="where runs go [default: the temporary folder]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        os.environ["HARNESS_CACHE"] = f"{folder}/cache"
        rows = [measured(Path(folder), given.cells, given.profile) for _ in range(2)]
        rows.append({"cells": "a sync of 4 kB alone", "harness wall ms": synced(Path(folder))})
    print(tabulate(rows, headers="keys", floatfmt=".2f"))


def measured(output: Path, count: int, profiled: bool) -> dict[str, object]:
    """Milliseconds a cell of all cells of the benchmark, new or kept."""
    from harness.executors.local import Local
    from harness.plan import Request, RunOptions, make_plan
    from harness.registry import registry
    from harness.watching import CellWatcher

    request = Request(
        methods=["image_centre"],
        suites=["synthetic_faces"],
        seeds=range(count + 1),
        settings=SETTINGS,
        metrics=["inter_ocular_error"],
        baselines=False,
    )
    options = RunOptions(output=output, device="cpu")
    outcomes = Local(1).run(make_plan(request, registry()), options, registry(), CellWatcher())
    next(outcomes)  # the first cell imports, and reads the data
    profile = cProfile.Profile(time.process_time)
    spent = {name: Spent() for name in ("method", "scores", "pictures")}
    whole = Spent()
    if profiled:
        profile.enable()
    with timed_stages(spent, request.methods[0]), whole:
        done = list(outcomes)
    profile.disable()
    if profiled:
        pstats.Stats(profile).sort_stats("cumtime").print_stats(SHOWN)
    (status,) = {outcome.status for outcome in done}
    each = 1000 / len(done)
    parts = list(spent.values())
    return {
        "cells": f"{len(done)} {status}",
        "harness wall ms": each * (whole.wall - sum(part.wall for part in parts)),
        "harness CPU ms": each * (whole.cpu - sum(part.cpu for part in parts)),
        **{f"{name} CPU ms": each * part.cpu for name, part in spent.items()},
    }


@dataclass
class Spent:
    """Time spent within a block, each time it is entered."""

    wall: float = 0.0
    cpu: float = 0.0

    def __enter__(self) -> Spent:
        self.wall -= time.perf_counter()
        self.cpu -= time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter()
        self.cpu += time.process_time()


@contextmanager
def timed_stages(spent: dict[str, Spent], method: str) -> Iterator[None]:
    """Count what a method's fit and predictions, scoring and drawing take."""
    from harness import work
    from harness.registry import registry
    from harness.saved import Fitted

    entry = registry().methods.get(method)
    stages = [
        (entry.load(entry.spec.target), "fit", "method"),
        (Fitted, "predict", "method"),
        (work, "score_evaluation", "scores"),
        (work.Work, "_pictures", "pictures"),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in stages]
    for (owner, name, act), (*_, stage) in zip(before, stages, strict=True):
        setattr(owner, name, within(spent[stage], act))
    try:
        yield
    finally:
        for owner, name, act in before:
            setattr(owner, name, act)


def within(spent: Spent, act: Callable[..., Any]) -> Callable[..., Any]:
    """The call, with its time counted."""

    def timed(*given: Any, **named: Any) -> Any:
        with spent:
            return act(*given, **named)

    return timed


def synced(folder: Path, times: int = 50) -> float:
    """Milliseconds to write and sync one small file."""
    begun = time.perf_counter()
    for number in range(times):
        with (folder / f"synced-{number}").open("wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    return 1000 * (time.perf_counter() - begun) / times


if __name__ == "__main__":
    main()
