"""Edits per second of the whole editing loop, one latent at a time and 64 at once.

    python benchmarks/edit_throughput.py [--edits 16] [--rounds 5] [--threads N]
    python benchmarks/edit_throughput.py --score [--threads N]

An edit is what metrics of editors make of it: a latent is drawn, edited towards one attribute at
full strength, its image is drawn, and both oracles answer it. All goes through what metrics get,
as in a run. The generator is `stylegan2` at 32 pixels, the oracles are `attribute_oracle`, all of
the bundled presets and with random weights, to which time is indifferent; so are the editors, of
which `sgf` and `gradient` go in steps, each with images and answers of its own, and `interfacegan`
in one. Both batch sizes take turns in one run; beside the time that passed stands that of the
processor, which others on the machine change less.

With --score the time of the metrics `mds` and `mds_guide` together is measured instead, for 100
samples of each of four attributes at ten strengths.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tabulate import tabulate

from harness.contract import Editing, Evaluation, Predicted, Samples
from harness.latent_editing import attach, editing
from harness.presets import resolve_config
from harness.registry import registry
from harness.saved import Fitted, construct
from harness.training.machine import free_cores, keep_freed_pages, usable_cores
from harness.training.run import TrainingRun
from harness_metrics.edit_params import MdsParams
from harness_metrics.mds import Mds, MdsGuide

SIDE, ATTRIBUTES, BATCH = 32, 10, 64
EDITORS = {"sgf": "quick", "interfacegan": "quick", "gradient": "default"}
#: What `--score` measures.
SAMPLES, EDITED, LEVELS = 100, 4, 10
CPU = torch.device("cpu")


def untrained(
    name: str, preset: str, folder: Path, assets: dict[str, Fitted] | None = None
) -> Fitted:
    """A method with random weights, an editor with its assets."""
    entry = registry().methods.get(name)
    config = resolve_config(entry, preset, suite="", settings={}, base_preset=preset)
    method = construct(entry, config, 1, SIDE)
    attach(method, assets or {})
    run = TrainingRun(
        folder / name / preset, "none", seed=0, device=CPU, labelled=faces(8), step_limit=0
    )
    unused: Any = None
    if name == "stylegan2":
        method.load_state_dict(construct(entry, config, 1, SIDE).state_dict())
    else:
        method.fit(unused, run)
    return Fitted(method, entry.spec, 1, SIDE, CPU)


def faces(count: int) -> Samples:
    """Noise with attributes."""
    source = np.random.default_rng(0)
    images = source.integers(0, 256, (count, 3, SIDE, SIDE), dtype=np.uint8)
    attributes = source.integers(0, 2, (count, ATTRIBUTES)).astype(np.float32)
    return Samples([str(i) for i in range(count)], images, attributes=attributes)


def worlds(folder: Path) -> dict[str, Editing]:
    """Every editor with the same generator and oracles."""
    assets = {
        "generator": untrained("stylegan2", "quick", folder),
        "guide": untrained("attribute_oracle", "quick", folder),
        "judge": untrained("attribute_oracle", "quick_judge", folder),
    }
    seen = {name: assets[name] for name in ("generator", "guide")}
    return {
        name: editing(untrained(name, preset, folder, seen), assets)
        for name, preset in EDITORS.items()
    }


def edit(world: Editing, count: int, seed: int) -> NDArray[np.float32]:
    """The whole loop on some latents at once; the judge's answers."""
    latents = world.draw(count, seed)
    wanted = np.full((count, ATTRIBUTES), np.nan, np.float32)
    wanted[:, seed % ATTRIBUTES] = 1.0
    (edited,) = world.edit(latents, wanted, [1.0])
    images = world.images(edited)
    world.guide(images)
    return world.judge(images)


def timed(world: Editing, count: int, batches: int) -> NDArray[np.float64]:
    """Seconds of an edit in batches of `count`: passed, and of the processor."""
    begun, worked = time.perf_counter(), time.process_time()
    for seed in range(batches):
        edit(world, count, seed)
    spent = (time.perf_counter() - begun, time.process_time() - worked)
    return np.array(spent) / (batches * count)


def compare(world: Editing, alone: int, rounds: int) -> list[object]:
    """Edits per second one by one and batched, and how many times more; then in processor time."""
    for count in (1, BATCH):
        edit(world, count, 0)
    pairs = [(timed(world, 1, alone), timed(world, BATCH, 1)) for _ in range(rounds)]
    (wall, cpu), (wall_batched, cpu_batched) = np.median(pairs, axis=0)
    return [
        *(1 / wall, 1 / wall_batched, wall / wall_batched),
        *(1000 * cpu, 1000 * cpu_batched, cpu / cpu_batched),
    ]


def score(world: Editing) -> tuple[float, float]:
    """Seconds of both metrics together, passed and of the processor."""
    names = tuple(str(i) for i in range(ATTRIBUTES))
    params = MdsParams(samples=SAMPLES, levels=LEVELS, attributes=names[:EDITED])
    truth = faces(200)
    predicted = Predicted(ids=truth.ids)
    evaluation = Evaluation(predicted, truth, attribute_names=names, editing=world)
    begun, worked = time.perf_counter(), time.process_time()
    for metric in (Mds(params), MdsGuide(params)):
        metric.measure(evaluation)
    return time.perf_counter() - begun, time.process_time() - worked


def main() -> None:
    """The table of throughput, or of the metrics."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=16, help="single edits of a round")
    parser.add_argument("--rounds", type=int, default=5, help="of which the median is shown")
    parser.add_argument("--threads", type=int, help="[default: the cores that are free]")
    parser.add_argument("--score", action="store_true", help="measure mds and mds_guide")
    arguments = parser.parse_args()
    free = free_cores(1.0)
    threads = arguments.threads or free
    torch.set_num_threads(threads)
    keep_freed_pages()
    with tempfile.TemporaryDirectory() as folder:
        found = worlds(Path(folder))
    print(f"{SIDE} px, {threads} thread(s), {free} of {usable_cores()} cores free")
    if arguments.score:
        headers = ["editor", "mds and mds_guide, s", "CPU, s"]
        rows: list[list[object]] = [[name, *score(world)] for name, world in found.items()]
        print(f"{SAMPLES} samples of {EDITED} attributes, {LEVELS} strengths")
    else:
        headers = ["editor", "edits/s at 1", f"at {BATCH}", "times more"]
        headers += ["CPU ms at 1", f"at {BATCH}", "times less"]
        edits, rounds = arguments.edits, arguments.rounds
        rows = [[name, *compare(world, edits, rounds)] for name, world in found.items()]
    print(tabulate(rows, headers, floatfmt=".1f"))


if __name__ == "__main__":
    main()
