"""Training steps a second of one process with two threads and of two processes with one each.

Whole commands fit one cell of `imm` on drawn faces, which are in the cache beforehand. The seconds
are those of the fit in the record, so that the start of the second process counts in neither. The
load of the machine is printed beside, because on a busy one neither has two cores.

    python benchmarks/parallel_fit.py [--steps 200] [--image-size 64]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile

from tabulate import tabulate

#: The suite, small enough that a command is its fit.
SUITE = ("--suite", "synthetic_faces", "--no-baselines", "--metrics", "inter_ocular_error")
METHOD = ("--method", "imm", "--preset", "quick", "--device", "cpu", "--precision", "fp32")
SMALL = ("perceptual=pixels", "suite.dataset_options={fit=256,regress=64,test=64}")
#: Processes, and threads of each.
WAYS = ((1, 2), (2, 1))


def main() -> None:
    """Print one table: steps a second, and the load before."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--image-size", type=int, default=64)
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        fit_seconds(folder, devices=1, threads=1, steps=1, size=given.image_size)
        for devices, threads in WAYS:
            load = os.getloadavg()[0]
            seconds = fit_seconds(
                folder, devices=devices, threads=threads, steps=given.steps, size=given.image_size
            )
            rows.append([devices, threads, given.steps / seconds, load])
    heads = ["processes", "threads of each", "steps a second", "load before"]
    print(tabulate(rows, heads, floatfmt=".2f"))


def fit_seconds(folder: str, *, devices: int, threads: int, steps: int, size: int) -> float:
    """Seconds that one cell's fit takes."""
    command = [sys.executable, "-m", "harness", "run", *SUITE, *METHOD, "--json", "--quiet"]
    for setting in (*SMALL, f"steps={steps}", f"image_size={size}"):
        command += ["--set", setting]
    command += ["--devices", str(devices), "--threads", str(threads)]
    command += ["--output", f"{folder}/{devices}-{steps}"]
    environment = {**os.environ, "HARNESS_CACHE": f"{folder}/cache"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(done.stdout)["cost"]["fit_seconds"])


if __name__ == "__main__":
    main()
