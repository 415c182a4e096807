"""What each way of serving a training loop brings on this machine's CPU.

Prints one table of seconds and ratios, all from the same run:

- the allocator that keeps freed pages (`harness.training.machine.keep_freed_pages`), each setting
  in a process of its own;
- convolution weights and images in channels-last order;
- bfloat16 autocast;
- two threads instead of one, on an idle machine and beside one busy core.

    python benchmarks/machine.py
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tabulate import tabulate

if TYPE_CHECKING:
    from torch import nn

#: Numbers in a tensor of 5 MB.
NUMBERS = 5 * 2**20 // 4
#: Images and side in pixels of a training step.
BATCH, SIZE = 16, 64
#: Seconds each thing is measured, after a warm-up of a fifth of it.
SECONDS = 2.5


def measure(act: Callable[[], object], seconds: float = SECONDS) -> float:
    """Median seconds of one call."""
    times: list[float] = []
    begun = time.perf_counter()
    while time.perf_counter() - begun < 1.2 * seconds:
        start = time.perf_counter()
        act()
        if start - begun > 0.2 * seconds:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def elementwise() -> Callable[[], object]:
    """A few element-wise operations on 5 MB, each of which allocates its result."""
    import torch

    values = torch.rand(NUMBERS, generator=torch.Generator().manual_seed(0))
    return lambda: ((values * 2 + 1).relu() - values).square()


def network() -> nn.Module:
    """A small convolutional network."""
    from torch import nn

    widths = (3, 32, 64, 64)
    layers: list[nn.Module] = []
    for before, after in itertools.pairwise(widths):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(widths[-1], 8, 1))


def training_step(*, channels_last: bool = True, bf16: bool = False) -> Callable[[], object]:
    """One step of Adam on the network."""
    import torch

    order = torch.channels_last if channels_last else torch.contiguous_format
    net = network().to(memory_format=order)
    images = torch.rand(BATCH, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    images = images.to(memory_format=order)
    optimizer = torch.optim.Adam(net.parameters())

    def step() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            loss = net(images).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


@contextmanager
def busy_core() -> Iterator[None]:
    """Another process that keeps one core busy."""
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        time.sleep(0.3)
        yield
    finally:
        other.kill()
        other.wait()


def measure_allocator(keep: bool) -> dict[str, float]:
    """Seconds of both tasks in this fresh process."""
    import torch

    from harness.training.machine import keep_freed_pages

    torch.set_num_threads(1)
    if keep and not keep_freed_pages():
        raise SystemExit("This machine's allocator cannot be set (Linux with glibc is needed).")
    return {"element-wise": measure(elementwise()), "training step": measure(training_step())}


def measure_computing() -> dict[str, float]:
    """Seconds of a training step by memory order, precision and threads."""
    import torch

    from harness.training.machine import keep_freed_pages

    keep_freed_pages()
    torch.set_num_threads(1)
    found = {
        "one": measure(training_step()),
        "contiguous": measure(training_step(channels_last=False)),
        "bf16": measure(training_step(bf16=True)),
    }
    with busy_core():
        found["one, busy"] = measure(training_step())
    torch.set_num_threads(2)
    found["two"] = measure(training_step())
    with busy_core():
        found["two, busy"] = measure(training_step())
    return found


def in_new_process(task: str) -> dict[str, float]:
    """The answer of one task, measured in a process of its own."""
    command = [sys.executable, __file__, "--task", task]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """Seconds without and with each thing, and how many times faster it is with it."""
    default, keeping, rest = found["default"], found["keeping"], found["computing"]
    pairs = [
        *((f"freed pages kept: {task}", default[task], keeping[task]) for task in default),
        ("channels-last: training step", rest["contiguous"], rest["one"]),
        ("bf16 autocast: training step", rest["one"], rest["bf16"]),
        ("two threads, idle: training step", rest["one"], rest["two"]),
        ("two threads beside a busy core: training step", rest["one, busy"], rest["two, busy"]),
    ]
    rows = [
        (name, 1000 * without, 1000 * having, without / having) for name, without, having in pairs
    ]
    headers = ["what", "without, ms", "with, ms", "times faster"]
    return tabulate(rows, headers, floatfmt=".2f")


TASKS: dict[str, Callable[[], dict[str, float]]] = {
    "default": lambda: measure_allocator(keep=False),
    "keeping": lambda: measure_allocator(keep=True),
    "computing": measure_computing,
}


def main() -> None:
    """Measure everything and print the table, or one task as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=TASKS, help=argparse.SUPPRESS)
    task = parser.parse_args().task
    if task:
        print(json.dumps(TASKS[task]()))
        return
    from harness.training.machine import free_cores, usable_cores

    free = f"{free_cores(1.0)} of {usable_cores()}"
    found = {name: in_new_process(name) for name in TASKS}
    print(f"{BATCH} images of {SIZE} pixels; medians, each over {SECONDS} s; {free} cores free.")
    print(table(found))


if __name__ == "__main__":
    main()
