"""How fast a leaderboard is answered from many records, with and without an index.

Writes simulated records of all installed suites, three seeds and six metrics a configuration, and
prints a table of seconds and bytes:

- reading and checking some of them as JSON, and making their index;
- the index of all of them: its size, listing the files, and the whole command for one suite, in a
  new process.

The index of all is made from simulated records without writing their JSON, and their files are
empty ones of the same names, because only changed files are ever read.

    python benchmarks/record_index.py --records 100000 --json 4000
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.fingerprint import fingerprint
from harness.protocol import ranked_protocol
from harness.record import Cost, MethodRef, Provenance, Record, Score, SuiteRef
from harness.record_index import INDEX, Found, index_bytes, table_of
from harness.registry import registry
from harness.scoring import metric_settings
from harness.seal import sealed
from harness.store import LocalStore
from harness.stored import find_records, make_index
from harness.suite import load_suite

#: The suite whose leaderboard is made, and the seeds of a configuration.
SUITE, SEEDS = "synthetic_faces", (0, 1, 2)
#: Names of the packages that a record notes.
PACKAGES = {f"package-{number}": "1.0" for number in range(18)}


def protocols() -> list[SuiteRef]:
    """The protocol of a real suite under the names of all suites, with data of their own."""
    known = registry()
    suite = load_suite(known.suites.get(SUITE).spec)
    hashed = {**ranked_protocol(suite, known), "data": {"test": "d" * 64}}
    refs = []
    for name in [SUITE, *(name for name in known.suites.names() if name != SUITE)]:
        data = {} if name == SUITE else {"data": {"test": fingerprint({"suite": name})}}
        protocol = hashed | data
        print_ = fingerprint(protocol)
        refs.append(SuiteRef(name=name, version=1, fingerprint=print_, protocol=protocol))
    return refs


def simulated(count: int) -> Iterator[Record]:
    """So many records, suite by suite."""
    known = registry()
    suite = load_suite(known.suites.get(SUITE).spec)
    settings = metric_settings(suite, known)
    specs = {name: known.metrics.get(name).spec for name in list(settings)[:6]}
    random = np.random.default_rng(0)
    refs = protocols()
    each = -(-count // len(refs))
    for ref in refs:
        for number in range(min(each, count)):
            yield sealed(_record(ref, number, specs, settings, random), Path("nowhere"))
        count -= each


def _record(
    ref: SuiteRef,
    number: int,
    specs: dict[str, Any],
    settings: dict[str, dict[str, Any]],
    random: np.random.Generator,
) -> Record:
    configuration, seed = divmod(number, len(SEEDS))
    config = {"learning_rate": 1e-4 * (1 + configuration), "steps": 30_000, "batch_size": 32}
    config |= {f"weight_{index}": index / 8 for index in range(20)}
    method = MethodRef(
        name=f"method_{configuration % 25:02d}",
        kind="learned",
        plugin="simulated",
        plugin_version="1.0",
        version=1,
        preset="paper",
        config=config,
        sees=["images"],
        capabilities=["detect", "segment"],
        fingerprint=fingerprint({"config": config, "method": configuration % 25}),
    )
    scores = []
    for name, spec in specs.items():
        value, half = random.uniform(1, 30), random.uniform(0.1, 1)
        scores.append(
            Score(
                metric=name,
                version=settings[name]["version"],
                value=value,
                unit=spec.unit,
                direction=spec.direction,
                ci95=(value - half, value + half),
                n=1000,
                params=settings[name]["params"],
                also={"corner": value * 1.01, "bias": value * 0.99},
                details={"median": value * 0.9},
                per_image=name,
            )
        )
    when = f"2030-01-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00+00:00"
    return Record(
        id=fingerprint({"suite": ref.name, "number": number})[:16],
        status="finished",
        suite=ref,
        method=method,
        seed=SEEDS[seed],
        scores=scores,
        cost=Cost(
            fit_seconds=random.uniform(1e3, 1e5),
            predict_seconds=random.uniform(1, 60),
            peak_memory_bytes=int(random.integers(10**9, 10**10)),
            parameters=10_000_000 + configuration,
            device="simulated GPU",
            threads=1,
            precision="bf16",
        ),
        provenance=Provenance(
            harness="0.1.0",
            git="0" * 40,
            python="3.11.0",
            torch="2.4.0",
            platform="Linux",
            packages=PACKAGES,
            started=when,
            finished=when,
            command=f"harness run --method method --suite {ref.name} --seed {SEEDS[seed]}",
        ),
        artifacts={"weights": "weights.safetensors", "predictions": "predictions.npz"},
        files={"predictions.npz": fingerprint({"file": number})},
    )


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - cpu


def command(folder: Path, form: str | None) -> tuple[float, float]:
    """Wall and CPU seconds of `harness leaderboard` for one suite; the better of three."""
    words = [sys.executable, "-m", "harness", "leaderboard", SUITE]
    words += ["--records", str(folder), *(["--format", form] if form else [])]
    found = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        wall = time.perf_counter() - wall
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.stderr:
            raise SystemExit(done.stderr)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        found.append((wall, cpu))
    return min(found)


def json_rows(folder: Path, count: int) -> list[tuple[str, float, float]]:
    """Reading and indexing real files."""
    store = LocalStore(folder)
    for number, record in enumerate(simulated(count)):
        path = f"{record.suite.name}/{number:08d}.record.json"
        store.write(path, (record.model_dump_json(indent=1) + "\n").encode())
    size = sum(path.stat().st_size for path in folder.rglob("*.json"))
    print(f"{count} records as JSON: {size / count:.0f} bytes each")
    return [
        (f"read and check {count} JSON files", *seconds(lambda: find_records(folder))),
        (f"'harness index' of {count} JSON files", *seconds(lambda: make_index(folder))),
        ("'harness index' again, nothing new", *seconds(lambda: make_index(folder))),
        (f"read {count} records from their index", *seconds(lambda: find_records(folder))),
    ]


def index_rows(folder: Path, count: int) -> list[tuple[str, float, float]]:
    """The index of all records, and leaderboards from it."""
    suites: dict[str, list[tuple[str, Record]]] = {}
    for number, record in enumerate(simulated(count)):
        path = f"{record.suite.name}/{number:08d}.record.json"
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).touch()
        suites.setdefault(record.suite.name, []).append((path, record))
    store = LocalStore(folder)

    def write() -> None:
        tables = (
            table_of([Found(path, store.stamp(path), record, "") for path, record in suites[name]])
            for name in sorted(suites)
        )
        store.write(INDEX, index_bytes(tables))

    rows = [
        (f"write the index of {count}", *seconds(write)),
        (f"list {count} files", *seconds(store.listing)),
    ]
    size = (folder / INDEX).stat().st_size
    print(f"index of {count} records: {size / 1e6:.1f} MB, {size / count:.0f} bytes a record")
    for form in ("json", "csv", "md", None):
        text = f"harness leaderboard SUITE {f'--format {form}' if form else ''}".rstrip()
        rows.append((f"{text}, {len(suites['synthetic_faces'])} records", *command(folder, form)))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000, help="in the large index")
    parser.add_argument("--json", type=int, default=4_000, help="written as files too")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as files, tempfile.TemporaryDirectory() as large:
        rows = json_rows(Path(files), given.json) if given.json else []
        rows += index_rows(Path(large), given.records) if given.records else []
    print(tabulate(rows, ("what", "wall, s", "CPU, s"), floatfmt=".2f"))


if __name__ == "__main__":
    main()
