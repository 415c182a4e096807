"""What the harness itself costs a cell: fingerprints, files, syncs, record.

Two hundred cells of a method that does nothing (every keypoint at the image centre), on a few small
drawn faces with one metric, in one process; then the same command again, which skips them all. The
method's own time (fit and predict, as the record has them) is taken off. CPU time stands beside wall
time, because a busy machine and a slow disk change the latter alone.

    python benchmarks/cell_cost.py [--cells 200] [--profile]
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import tempfile
import time
from pathlib import Path

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
    parser.add_argument("--profile", action="store_true", help="show where new cells spend it")
    parser.add_argument("--folder", type=Path, help="where runs go [default: the temporary folder]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        os.environ["HARNESS_CACHE"] = f"{folder}/cache"
        rows = [measured(Path(folder), given.cells, given.profile)]
        rows.append(measured(Path(folder), given.cells, False))
        rows.append({"cells": "a sync of 4 kB alone", "wall ms": synced(Path(folder))})
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
    profile = cProfile.Profile()
    wall, cpu = time.perf_counter(), time.process_time()
    if profiled:
        profile.enable()
    done = list(outcomes)
    profile.disable()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    if profiled:
        pstats.Stats(profile).sort_stats("cumtime").print_stats(SHOWN)
    (status,) = {outcome.status for outcome in done}
    costs = [outcome.record.cost for outcome in done if outcome.record and outcome.record.cost]
    own = sum(cost.fit_seconds + cost.predict_seconds for cost in costs)
    method = own if status == "finished" else 0.0
    return {
        "cells": f"{len(done)} {status}",
        "wall ms": 1000 * (wall - method) / len(done),
        "CPU ms": 1000 * (cpu - method) / len(done),
        "the method's own ms": 1000 * method / len(done),
    }


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
