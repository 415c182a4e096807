"""Cells an hour with one worker and with two, by the same command on the same cells.

Every cell is a real one, `thewlis` at its smoke preset with one thread, on drawn faces that are in
the cache beforehand. Both commands are whole ones, with the start of Python and of the workers. On
two idle cores two workers should make at least 1.7 times as many cells an hour; the load of the
machine is printed beside, because on a busy one they cannot.

    python benchmarks/workers.py [--cells 16] [--steps 400]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time

from tabulate import tabulate

#: The suite, small enough that a cell is its training.
SUITE = (
    *("--suite", "synthetic_faces", "--no-baselines", "--metrics", "inter_ocular_error"),
    *("--set", "suite.image_size=32", "--set", "suite.dataset_options={fit=64,regress=64,test=64}"),
)
METHOD = ("--method", "thewlis", "--preset", "smoke", "--threads", "1", "--quiet")
#: What two workers on two idle cores should reach.
WANTED = 1.7


def main() -> None:
    """Print one table: seconds, cells an hour and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--steps", type=int, default=400, help="training steps of a cell")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        timed(folder, workers=1, cells=1, steps=1)  # the data are drawn, and files are in memory
        rows = []
        for workers in (1, 2):
            load = os.getloadavg()[0]
            seconds = timed(folder, workers=workers, cells=given.cells, steps=given.steps)
            rows.append([workers, seconds, 3600 * given.cells / seconds, load])
    ratio = rows[1][2] / rows[0][2]
    print(tabulate(rows, ["workers", "seconds", "cells an hour", "load before"], floatfmt=".1f"))
    print(f"two workers: {ratio:.2f} times the cells an hour of one (at least {WANTED} is wanted)")


def timed(folder: str, *, workers: int, cells: int, steps: int) -> float:
    """Seconds of one whole command."""
    seeds = ",".join(map(str, range(cells)))
    command = [sys.executable, "-m", "harness", "run", *SUITE, *METHOD, "--seed", seeds]
    command += ["--set", f"steps={steps}", "--workers", str(workers)]
    command += ["--output", f"{folder}/{workers}-{cells}"]
    environment = {**os.environ, "HARNESS_CACHE": f"{folder}/cache", "OMP_NUM_THREADS": "1"}
    begun = time.perf_counter()
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
