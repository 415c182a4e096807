"""Seconds and memory of official lists, of cached images and of the list of suites.

    python benchmarks/datasets.py [--repeats 3] [--busy]

- The largest official list, CelebA's 40 attributes of 202,599 images, written in its format with
  random values, against torchvision's reader of the same file; each in a process of its own.
- Batches of 64 images of 128 pixels from the cache, as methods get them, against decoding the same
  photos (178 x 218 pixels, JPEG, drawn by code) through the reader.
- The cache of 20,000 images of 64 pixels, built from such photos by `harness data cache`'s function
  on all cores, against decoding, cropping and resizing them with PIL alone on as many threads.
- `harness list suites --json` in a new process, which also says whether the data are there, against
  importing what any such command needs (typer, pydantic and pluggy).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Rows and columns of the list.
ROWS, COLUMNS = 202_599, 40
#: Photos of the cache, and images of a batch with their side in pixels.
PHOTOS, BATCH, SIZE = 1024, 64, 128
#: Photos of the cache that is built, and their side in pixels there.
BUILT, BUILT_SIZE = 20_000, 64
ALIGNED = (178, 218)

#: Reads the list, and prints seconds, CPU seconds, and how many MB the process had at most.
READ = """
import json, resource, sys, time
from pathlib import Path
from types import SimpleNamespace
path = Path(sys.argv[1])
{imports}
start, worked = time.perf_counter(), time.process_time()
values = {read}
taken = time.perf_counter() - start, time.process_time() - worked
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([*taken, peak, list(values.shape)]))
"""
READERS = {
    "harness": READ.format(
        imports="from harness_datasets.celeba.listing import Listing",
        read="Listing(path).rows[1]",
    ),
    "torchvision": READ.format(
        imports="from torchvision.datasets import CelebA\n"
        "where = SimpleNamespace(root=path.parent, base_folder='')",
        read="CelebA._load_csv(where, path.name, header=1).data",
    ),
}

#: What a command of this kind imports at the least.
NEEDED = "import pluggy, pydantic, typer, typer.main"


def write_list(path: Path) -> None:
    """The list of attributes in its official format, with random values."""
    import numpy as np

    words = np.array(["-1", " 1"])
    values = np.random.default_rng(0).integers(0, 2, (ROWS, COLUMNS))
    names = " ".join(f"Attribute_{column}" for column in range(COLUMNS))
    with path.open("w") as file:
        file.write(f"{ROWS}\n{names} \n")
        for number, row in enumerate(values, start=1):
            file.write(f"{number:06d}.jpg {' '.join(words[row])}\n")


def read_list(path: Path, reader: str) -> dict[str, float]:
    """Seconds and peak MB of a process that reads the list."""
    done = run([sys.executable, "-c", READERS[reader], str(path)])
    seconds, worked, peak, shape = json.loads(done)
    if shape != [ROWS, COLUMNS]:
        raise SystemExit(f"{reader} read {shape}, expected {[ROWS, COLUMNS]}.")
    return {"seconds": seconds, "cpu": worked, "peak": peak}


def run(command: list[str]) -> str:
    """What a command prints; its error output is shown where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def new_process(command: list[str]) -> dict[str, float]:
    """Seconds and CPU seconds of a process that has nothing in common with this one."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run(command)
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu}


def photos(folder: Path, count: int) -> Any:
    """CelebA's reader on so many drawn photos, 1,024 of them different, with its lists."""
    import numpy as np
    from PIL import Image

    from harness_datasets.celeba.dataset import LANDMARK_COLUMNS, CelebA
    from harness_datasets.celeba.options import CelebAOptions

    images = folder / "celeba/img_align_celeba"
    images.mkdir(parents=True)
    random = np.random.default_rng(0)
    names = [f"{number:06d}.jpg" for number in range(1, count + 1)]
    for place, name in enumerate(names):
        if place < PHOTOS:
            small = random.integers(0, 256, (14, 11, 3), dtype=np.uint8)
            smooth = Image.fromarray(small).resize(ALIGNED, Image.Resampling.BICUBIC)
            smooth.save(images / name, quality=90)
        else:
            shutil.copyfile(images / names[place % PHOTOS], images / name)
    points = " ".join(str(50 + place) for place in range(len(LANDMARK_COLUMNS)))
    marks = [f"{name} {points}" for name in names]
    head = [str(count), " ".join(LANDMARK_COLUMNS)]
    lists = {
        "list_landmarks_align_celeba.txt": [*head, *marks],
        "list_eval_partition.txt": [f"{name} 0" for name in names],
    }
    for name, lines in lists.items():
        (folder / "celeba" / name).write_text("\n".join(lines) + "\n")
    return CelebA(folder, CelebAOptions(crop="aligned"))


def image_ways(dataset: Any, folder: Path) -> dict[str, Callable[[], object]]:
    """Serving one epoch of batches by decoding, and from the cache that was built before."""
    import numpy as np

    from harness.cache import load_split
    from harness.registry import registry
    from harness.training.images import FitImages

    os.environ["HARNESS_CACHE"] = str(folder / "cache")
    cached = load_split("celeba", dataset, "train", SIZE, registry())
    order = np.random.default_rng(1).permutation(PHOTOS).reshape(-1, BATCH)
    served = FitImages(cached.samples.images, seed=0)
    same = served.take(order[0]).numpy()
    if not np.array_equal(same, decoded(dataset, order[0])):
        raise SystemExit("The cache does not hold the decoded pixels.")
    return {
        "decoding": lambda: [decoded(dataset, batch) for batch in order],
        "cache": lambda: [served.take(batch) for batch in order],
    }


def building_ways(dataset: Any, folder: Path) -> dict[str, Callable[[], object]]:
    """Building the cache of all photos, and decoding them without keeping anything."""
    from harness.cache import load_split
    from harness.registry import registry

    cache = folder / "built"
    os.environ["HARNESS_CACHE"] = str(cache)

    def build() -> None:
        shutil.rmtree(cache, ignore_errors=True)
        load_split("celeba", dataset, "train", BUILT_SIZE, registry())

    paths = sorted((folder / "celeba/img_align_celeba").iterdir())
    chunks = [paths[start : start + BATCH] for start in range(0, len(paths), BATCH)]

    def decode() -> None:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for _ in pool.map(plainly_decoded, chunks):
                pass

    return {"harness": build, "PIL alone": decode}


def plainly_decoded(paths: list[Path]) -> list[NDArray[np.uint8]]:
    """The centred square of every photo in the size of the cache that is built."""
    import numpy as np
    from PIL import Image

    (width, height), found = ALIGNED, []
    box = (0, (height - width) // 2, width, (height + width) // 2)
    for path in paths:
        with Image.open(path) as photo:
            small = photo.resize((BUILT_SIZE, BUILT_SIZE), Image.Resampling.BILINEAR, box=box)
            found.append(np.asarray(small.convert("RGB")))
    return found


def decoded(dataset: Any, batch: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The images of a batch through the reader."""
    images: NDArray[np.uint8] = dataset.read("train", batch.tolist(), SIZE).images
    return images


def in_this_process(act: Callable[[], object]) -> dict[str, float]:
    """Seconds and CPU seconds of a call."""
    start, worked = time.perf_counter(), time.process_time()
    act()
    return {"seconds": time.perf_counter() - start, "cpu": time.process_time() - worked}


def best(act: Callable[[], dict[str, float]], repeats: int, clock: str) -> dict[str, float]:
    """The shortest of so many measurements."""
    return min((act() for _ in range(repeats)), key=lambda found: found[clock])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3, help="the shortest of so many counts")
    parser.add_argument(
        "--busy", action="store_true", help="count CPU seconds, on a machine that works for others"
    )
    options = parser.parse_args()
    clock = "cpu" if options.busy else "seconds"
    from tabulate import tabulate

    rows: list[tuple[object, ...]] = []

    def compare(
        what: str, ways: dict[str, Callable[[], dict[str, float]]], images: int = 0
    ) -> None:
        found = {name: best(act, options.repeats, clock) for name, act in ways.items()}
        slowest = list(found.values())[-1][clock]
        for name, one in found.items():
            peak = f"{one['peak']:.0f}" if "peak" in one else ""
            rate = f"{images / one[clock]:,.0f}" if images else ""
            rows.append((what, name, one[clock], slowest / one[clock], rate, peak))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "list_attr_celeba.txt"
        write_list(path)
        compare(
            f"list of {ROWS:,} rows",
            {reader: lambda r=reader: read_list(path, r) for reader in READERS},
        )
        ways = image_ways(photos(folder / "served", PHOTOS), folder)
        compare(
            f"{PHOTOS:,} images of {SIZE} px",
            {way: lambda w=way: in_this_process(ways[w]) for way in ("cache", "decoding")},
            PHOTOS,
        )
        ways = building_ways(photos(folder / "many", BUILT), folder / "many")
        compare(
            f"cache of {BUILT:,} images of {BUILT_SIZE} px",
            {way: lambda w=way: in_this_process(ways[w]) for way in ways},
            BUILT,
        )
    listing = [sys.executable, "-m", "harness", "list", "suites", "--json"]
    compare(
        "harness list suites --json",
        {
            "harness": lambda: new_process(listing),
            "imports alone": lambda: new_process([sys.executable, "-c", NEEDED]),
        },
    )
    of_cpu = " of CPU time" if options.busy else ""
    print(f"Shortest of {options.repeats}; seconds{of_cpu}.")
    headers = ["what", "by", "seconds", "times faster", "images/s", "peak MB"]
    print(tabulate(rows, headers, floatfmt=("", "", ".3f", ".2f", "", "")))


if __name__ == "__main__":
    main()
