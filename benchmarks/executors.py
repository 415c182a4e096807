"""Cells per hour against workers, on this machine and on a cluster of Ray that it holds.

Runs the same cells (short fits of `thewlis` on drawn faces, one thread each) with every number of
workers, each time in a new process and a new folder, and prints one table: the wall seconds of the
command, cells per hour, the CPU seconds of a cell (not known for Ray, whose processes are no
children of the command), and what a cell leaves on the disk.

    python benchmarks/executors.py --cells 8 --workers 1,2
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tabulate import tabulate

CELL = ("run", "--method", "thewlis", "--suite", "synthetic_faces", "--preset", "smoke")
PLAIN = ("--no-baselines", "--device", "cpu", "--threads", "1", "--quiet", "--json")


def measured(executor: str, workers: int, cells: int, steps: int, cache: Path) -> dict[str, object]:
    """One row: a command that runs so many cells."""
    seeds = ",".join(map(str, range(cells)))
    with tempfile.TemporaryDirectory() as output:
        words = [*CELL, *PLAIN, "--seed", seeds, "--set", f"steps={steps}", "--output", output]
        words += ["--executor", executor, "--workers", str(workers)]
        environment = {**os.environ, "HARNESS_CACHE": str(cache), "OMP_NUM_THREADS": "1"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "harness", *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        wall = time.perf_counter() - begun
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode or len(done.stdout.splitlines()) != cells:
            raise SystemExit(done.stderr)
        files = [path for path in Path(output, "synthetic_faces").rglob("*") if path.is_file()]
        records = [path for path in files if path.name == "record.json"]
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return {
            "executor": executor,
            "workers": workers,
            "wall s": wall,
            "cells an hour": 3600 * cells / wall,
            "CPU s a cell": cpu / cells if executor == "local" else None,
            "files a cell": len(files) / cells,
            "kB a cell": sum(path.stat().st_size for path in files) / cells / 1e3,
            "kB a record": sum(path.stat().st_size for path in records) / cells / 1e3,
        }


def main() -> None:
    """Measure every executor with every number of workers."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=8)
    parser.add_argument("--steps", type=int, default=300, help="of a cell's training")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--executors", default="local,ray")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        measured("local", 1, 1, 1, Path(cache))  # reads the data into the cache
        rows = [
            measured(executor, int(workers), given.cells, given.steps, Path(cache))
            for executor in given.executors.split(",")
            for workers in given.workers.split(",")
        ]
    print(f"{given.cells} cells of {given.steps} steps")
    print(tabulate(rows, headers="keys", floatfmt=".1f"))


if __name__ == "__main__":
    main()
