"""Seconds to make the site of many records, and whether they grow in proportion to the records.

Records are made up: rows of a bundled suite with a value and an interval for each of its metrics,
conventions for the one that ranks, numbers behind the last one, and twenty settings. For every
number of records it prints how long it takes to read them from a disk, to sort them into tables
with ranks, places and fronts, to render all pages (index, suite, one a row), and to write these;
then the added seconds for 10,000 more records, from the straight line through the points, and how
much more one record costs in the largest site than in the smallest.

Seconds are of the processor, the fewest of some repeats, so that they say something on a machine
that is busy with other work. Such work makes them longer all the same; a loop of ten million
additions is timed beside them, to compare machines by.

    python benchmarks/html_site.py [--records 1000,5000] [--suite celeba_aligned] [--metrics 15]

With `--metrics` records have further scores under made-up names. With `--index` the folder of
records has an index, as `harness index` makes it, from which they are read.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from harness.fingerprint import fingerprint
from harness.leaderboard.board import Boards, build_board, load_boards
from harness.leaderboard.garbage import rare_collection
from harness.leaderboard.pages import write_files
from harness.leaderboard.site.files import site_files
from harness.protocol import ranked_protocol
from harness.record import Cost, MethodRef, Provenance, Record, Score, SuiteRef
from harness.registry import Registry, registry
from harness.scoring import metric_settings, resolved_uses
from harness.seal import sealed
from harness.stored import make_index
from harness.suite import Suite, load_suite

#: Kinds of rows and how many of a hundred have them.
KINDS = ["learned"] * 70 + ["trivial"] * 25 + ["oracle"] * 5
#: Stages in the order in which they run.
STAGES = ("read", "tables", "render", "write")


def made_up(
    count: int, seeds: int, suite: Suite, known: Registry, metrics: int = 0
) -> list[Record]:
    """Records of `count // seeds` configurations with some seeds and scores each."""
    protocol = {**ranked_protocol(suite, known), "data": {"test": "d" * 64}}
    ref = SuiteRef(
        name=suite.name, version=suite.version, fingerprint=fingerprint(protocol), protocol=protocol
    )
    scales = _metrics(suite, known)
    for place in range(len(scales), metrics):
        scales.append({**scales[-1], "metric": f"metric_{place:02d}"})
    random = np.random.default_rng(0)
    return [_record(number, seeds, ref, scales, random) for number in range(count)]


def _metrics(suite: Suite, known: Registry) -> list[dict[str, Any]]:
    """What every score of a metric has in common."""
    settings = metric_settings(suite, known)
    return [
        {
            "metric": use.name,
            "unit": spec.unit,
            "direction": spec.direction,
            "version": settings[use.name]["version"],
            "params": settings[use.name]["params"],
        }
        for use, spec, _ in resolved_uses(suite, known)
    ]


def _record(
    number: int,
    seeds: int,
    ref: SuiteRef,
    metrics: list[dict[str, Any]],
    random: np.random.Generator,
) -> Record:
    row, seed = divmod(number, seeds)
    config = {f"setting_{place}": place * row for place in range(20)}
    values = random.uniform(5, 80, len(metrics))
    scores = [
        Score(
            **metric,
            value=float(value),
            ci95=(float(value) - 1, float(value) + 1),
            n=1000,
            also={"origin=corner": float(value), "bias=true": float(value)} if not place else {},
            details={f"n={k}": float(value) for k in range(10)}
            if place == len(metrics) - 1
            else {},
        )
        for place, (metric, value) in enumerate(zip(metrics, values, strict=True))
    ]
    method = MethodRef(
        name=f"method_{row:05d}",
        kind=KINDS[row % len(KINDS)],  # type: ignore[arg-type]
        plugin="made-up",
        plugin_version="1.0",
        version=1,
        preset="quick",
        config=config,
        sees=["images"],
        capabilities=["detect"],
        fingerprint=fingerprint({"row": row}),
    )
    cost = Cost(
        fit_seconds=float(random.uniform(1, 9999)),
        predict_seconds=2.0,
        peak_memory_bytes=int(random.integers(2**28, 2**33)),
        parameters=int(random.integers(1, 10**8)),
        device="cpu",
        threads=1,
        precision="fp32",
    )
    now = "2030-01-01T00:00:00+00:00"
    made = Provenance(
        harness="0.1.0",
        git="c" * 40,
        python="3.11.0",
        torch="2.4.0",
        platform="Linux",
        packages={"numpy": "2.0.0", "torch": "2.4.0"},
        started=now,
        finished=now,
        command=f"harness run --method method_{row:05d} --suite {ref.name} --seed {seed}",
    )
    record = Record(
        id=fingerprint({"row": row, "seed": seed})[:16],
        status="finished",
        suite=ref,
        method=method,
        seed=seed,
        scores=scores,
        cost=cost,
        provenance=made,
    )
    return sealed(record, Path("nothing"))


def seconds(
    records: list[Record], suite: Suite, known: Registry, folder: Path, *, index: bool = False
) -> dict[str, float]:
    """Seconds of every stage for these records."""
    place = folder / "records"
    place.mkdir(parents=True)
    for number, record in enumerate(records):
        (place / f"{number}.json").write_text(record.model_dump_json(indent=1) + "\n")
    if index:
        make_index(place)
    begun = time.process_time()
    whole = load_boards([place], [suite.name], known)
    loaded = time.process_time() - begun
    begun = time.process_time()
    board = build_board(suite, records, known)
    tables = time.process_time() - begun
    assert whole.boards[0].records == board.records == len(records)
    del whole
    boards = Boards([board])
    rendered = written = 0.0
    begun = time.process_time()
    for file in site_files(boards, known, "harness leaderboard", complete=True):
        made = time.process_time()
        write_files([file], folder / "site")
        rendered += made - begun
        begun = time.process_time()
        written += begun - made
    shutil.rmtree(folder)
    return dict(zip(STAGES, (loaded - tables, tables, rendered, written), strict=True))


def _fewest(repeats: Iterable[dict[str, float]]) -> dict[str, float]:
    """The fewest seconds of every stage."""
    every = list(repeats)
    return {stage: min(one[stage] for one in every) for stage in STAGES}


def loop_seconds() -> float:
    """Seconds of ten million additions."""
    begun = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    return time.process_time() - begun


def main() -> None:
    """Print the table and what follows from it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", default="1000,5000,10000", help="numbers of records")
    parser.add_argument("--seeds", type=int, default=3, help="records a row")
    parser.add_argument("--repeats", type=int, default=3, help="the fewest seconds count")
    parser.add_argument("--metrics", type=int, default=0, help="scores a record, at least")
    parser.add_argument("--index", action="store_true", help="read the records from an index")
    parser.add_argument("--suite", default="celeba_aligned", help="a bundled suite")
    options = parser.parse_args()
    counts = sorted(int(word) for word in options.records.split(","))
    known = registry()
    suite = load_suite(known.suites.get(options.suite).spec)
    every = made_up(counts[-1], options.seeds, suite, known, options.metrics)
    loops = [loop_seconds()]
    with tempfile.TemporaryDirectory() as folder, rare_collection():
        seconds(every[:100], suite, known, Path(folder) / "warm")
        found = [
            _fewest(
                seconds(
                    every[:n], suite, known, Path(folder) / f"{n}-{repeat}", index=options.index
                )
                for repeat in range(options.repeats)
            )
            for n in counts
        ]
    loops.append(loop_seconds())
    rows = [{"records": n, **stages} for n, stages in zip(counts, found, strict=True)]
    print(f"suite {suite.name}, scores a record: {len(every[0].scores)}")
    print(tabulate(rows, headers="keys", floatfmt=".2f"))
    print(f"a loop of ten million additions, before and after: {loops[0]:.2f}, {loops[1]:.2f} s")
    for stage in (*STAGES, "all"):
        times = [sum(one.values()) if stage == "all" else one[stage] for one in found]
        slope = float(np.polyfit(counts, times, 1)[0]) if len(counts) > 1 else times[0] / counts[0]
        growth = (times[-1] / counts[-1]) / (times[0] / counts[0])
        print(
            f"{stage}: {10_000 * slope:.2f} s for 10,000 more records; one record costs "
            f"{growth:.2f} times as much among {counts[-1]:,} as among {counts[0]:,}"
        )


if __name__ == "__main__":
    main()
