"""Seconds of a step of SGF's field by both ways of multiplying Jacobians with vectors.

    python benchmarks/sgf_jvp.py [--samples 64] [--order 1] [--seconds 5] [--threads 1]

Both sides take the same auxiliary mapping F with random weights, to which time is indifferent, and
take turns in one run: forward-mode differentiation (`torch.func.jvp`), and the reverse mode twice.
Rows are the mapping of the preset `quick`, that of `paper`, and that of six layers for Z. Beside
the times stands the largest difference of both results, as a share of the largest value. The last
line is what the first step of each costs in a fresh process, where forward mode loads a part of
torch.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from tabulate import tabulate
from torch import Tensor

from harness.training.machine import keep_freed_pages
from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.field import PRODUCTS, displacement
from harness_editing.sgf.mapping import AuxiliaryMapping

#: Layers, D and C of each row.
ROWS = {"quick": (15, 128, 10), "paper": (15, 512, 48), "Z": (6, 512, 48)}


def field_step(way: str, row: str, samples: int, order: int) -> Callable[[], Tensor]:
    """A step of the field at random latents, always the same."""
    blocks, size, conditions = ROWS[row]
    source = torch.Generator().manual_seed(0)
    mapping = AuxiliaryMapping(SgfConfig(blocks=blocks), size, conditions)
    mapping.draw(source)
    mapping.eval().requires_grad_(requires_grad=False)
    latents = torch.randn(samples, size, generator=source)
    present, change = torch.randn(2, samples, conditions, generator=source).unbind()
    make = PRODUCTS[way]

    @torch.no_grad()
    def step() -> Tensor:
        return displacement(make(mapping, latents, present), change, order)

    return step


def compare(row: str, arguments: argparse.Namespace) -> list[object]:
    """Median milliseconds of both ways, and their largest relative difference."""
    steps = {way: field_step(way, row, arguments.samples, arguments.order) for way in PRODUCTS}
    results = {way: step() for way, step in steps.items()}
    first, second = results.values()
    difference = float((first - second).abs().max() / first.abs().max())
    times: dict[str, list[float]] = {way: [] for way in steps}
    began = time.perf_counter()
    while time.perf_counter() - began < arguments.seconds:
        for way, step in steps.items():
            start = time.perf_counter()
            step()
            times[way].append(time.perf_counter() - start)
    medians = [1000 * statistics.median(times[way]) for way in steps]
    return [row, *ROWS[row], *medians, medians[0] / medians[1], difference]


def first_step(way: str, threads: int) -> float:
    """Seconds of the first step in a process of its own."""
    command = [sys.executable, __file__, "--first", way, "--threads", str(threads)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> None:
    """Both tables, or the first step of one way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=64, help="latents at once")
    parser.add_argument("--order", type=int, default=1, help="m of the Neumann series")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each row")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--first", choices=PRODUCTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_freed_pages()
    if arguments.first:
        step = field_step(arguments.first, "quick", 64, 1)
        start = time.perf_counter()
        step()
        print(time.perf_counter() - start)
        return
    ways = list(PRODUCTS)
    headers = ["mapping", "layers", "D", "C", *(f"{way}, ms" for way in ways)]
    headers += [" / ".join(ways), "difference"]
    rows = [compare(row, arguments) for row in ROWS]
    print(f"{arguments.samples} latents, m = {arguments.order}, {arguments.threads} thread(s)")
    print(tabulate(rows, headers, floatfmt=("", "", "", "", ".1f", ".1f", ".2f", ".1e")))
    firsts = ", ".join(f"{way} {first_step(way, arguments.threads):.2f} s" for way in ways)
    print(f"first step of a process: {firsts}")


if __name__ == "__main__":
    main()
