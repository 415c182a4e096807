"""Milliseconds from a drop on the page of `harness edit` to its picture, beside drawing all anew.

    python benchmarks/edit_latency.py [--edits 60] [--threads N]

The networks are those of the preset `quick`, enlarged to 64 pixels, with random weights: time does
not depend on them. Every edit moves another keypoint of one image. The page's request goes through
a real connection on this machine and ends with its PNG; the naive sides do with the same edit what
`harness sample` does: the draw, the changed image and the sheet, with the method kept in memory or
loaded for each edit. All sides take turns in one run.
"""

from __future__ import annotations

import argparse
import base64
import json
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tabulate import tabulate

from harness.drawing.draw_request import DrawRequest
from harness.drawing.operations import Move
from harness.drawing.sampling import draw
from harness.edit.server import HOST, bound_socket, server
from harness.edit.session import EditSession
from harness.fit_note import FitNote, write_note
from harness.registry import registry
from harness.saved import construct, load_fitted, save_weights
from harness.training.machine import free_cores, usable_cores

#: Side in pixels, K, and images of a draw.
SIDE, PARTS, COUNT = 64, 10, 8
#: What makes the networks of `quick` draw 64 pixels: one more block of the last one's kind.
ENLARGED: Mapping[str, dict[str, Any]] = {
    "gan_seg": {
        "image_size": SIDE,
        "block_sides": [8, 16, 32, 64],
        "image_channels": [32, 32, 32, 32],
        "discriminator_channels": [32, 64, 128, 128, 128],
    },
    "latent_keypoint_gan": {
        "image_size": SIDE,
        "stage_sides": [64],
        "image_channels": [64, 64, 64, 32, 32],
        "block_convolutions": [1, 1, 2, 2, 2],
        "discriminator_channels": [128, 128, 64, 32, 32],
    },
}
#: Edits of each side that are not timed.
WARM = 3


def random_run(name: str, folder: Path) -> Path:
    """A run's folder with random weights."""
    preset = files("harness_gans") / name / "presets" / "quick.toml"
    values = tomllib.loads(preset.read_text(encoding="utf-8"))
    values = {key: value for key, value in values.items() if not isinstance(value, dict)}
    entry = registry().methods.get(name)
    model = entry.load(entry.spec.config)
    known = set(model.model_fields)
    wanted = {key: value for key, value in (values | ENLARGED[name]).items() if key in known}
    config = model.model_validate(wanted)
    folder.mkdir()
    note = FitNote(
        method=name,
        preset="quick",
        config=config.model_dump(mode="json"),
        parts=PARTS,
        image_size=SIDE,
        suite="none",
        suite_image_size=SIDE,
        seed=0,
        owner="random",
        threads=torch.get_num_threads(),
        precision="fp32",
        device="cpu",
        finished=True,
    )
    write_note(note, folder)
    save_weights(construct(entry, config, PARTS, SIDE), folder)
    return folder


@contextmanager
def page(run: Path) -> Iterator[Callable[[Move], bytes]]:
    """Asks the page's server for an edit; the PNG."""
    with bound_socket(0) as bound:
        running = server(EditSession(load_fitted(run, "cpu"), run, COUNT))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [bound]})
        thread.start()

        def ask(move: Move) -> bytes:
            wanted = {"seed": "0", "image": 2, "operations": [str(move)]}
            kind = {"Content-Type": "application/json"}
            with closing(HTTPConnection(HOST, bound.getsockname()[1])) as connection:
                connection.request("POST", "/api/edit", json.dumps(wanted), kind)
                answer = json.loads(connection.getresponse().read())
            return base64.b64decode(answer["picture"].partition(",")[2])

        try:
            yield ask
        finally:
            running.should_exit = True
            thread.join()


def naive(run: Path, *, kept: bool) -> Callable[[Move], object]:
    """Does for an edit what `harness sample` does, with the method in memory or loaded again."""
    fitted = load_fitted(run, "cpu")

    def act(move: Move) -> object:
        request = DrawRequest(count=COUNT, seed=0, operations=(move,), only=2)
        return draw(fitted if kept else load_fitted(run, "cpu"), request, run, run / "samples")

    return act


def measure(name: str, edits: int, folder: Path) -> Iterator[tuple[str, str, float, float, float]]:
    """Median and 95th percentile of each side, and its median CPU time, in milliseconds."""
    run = random_run(name, folder / name)
    with page(run) as ask:
        sides: dict[str, Callable[[Move], object]] = {
            "page": ask,
            "naive, method kept": naive(run, kept=True),
            "naive, method loaded": naive(run, kept=False),
        }
        times: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
        for index in range(WARM + edits):
            move = Move((index % PARTS,), 0.001 * (index + 1), -0.002 * (index + 1))
            for side, act in sides.items():
                start, worked = time.perf_counter(), time.process_time()
                act(move)
                both = (time.perf_counter() - start, time.process_time() - worked)
                times[side].append(both)
    for side, all_times in times.items():
        wall, cpu = 1000 * np.array(all_times[WARM:]).T
        yield name, side, float(np.median(wall)), float(np.percentile(wall, 95)), np.median(cpu)


def main() -> None:
    """Both generators, and how many times quicker the page is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=60, help="timed edits of each side")
    parser.add_argument("--threads", type=int, help="[default: the cores that are free]")
    arguments = parser.parse_args()
    free = free_cores(1.0)
    threads = arguments.threads or free
    torch.set_num_threads(threads)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ENLARGED:
            found = list(measure(name, arguments.edits, Path(folder)))
            rows += [(*row, row[2] / found[0][2]) for row in found]
    print(
        f"{SIDE} px, batch 1, {threads} thread(s), {free} of {usable_cores()} cores free, "
        f"{arguments.edits} edits"
    )
    headers = ["method", "side", "median, ms", "95 %, ms", "CPU, ms", "times the page's"]
    print(tabulate(rows, headers, floatfmt=".1f"))


if __name__ == "__main__":
    main()
