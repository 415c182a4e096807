"""Records made by hand for the toy suite, whose metrics are lower-is-better fractions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from toy_world import Toy

from harness.fingerprint import fingerprint
from harness.protocol import ranked_protocol
from harness.record import Cost, MethodRef, Provenance, Record, Score, SuiteRef, write_record
from harness.seal import sealed
from harness.suite import load_suite


def protocol(toy: Toy, **changes: Any) -> dict[str, Any]:
    """What a run of the installed toy suite would hash, with changes."""
    suite = load_suite(toy.known.suites.get("toy").spec)
    return {**ranked_protocol(suite, toy.known), "data": {"test": "d" * 64}, **changes}


def score(value: float | None, metric: str = "toy_spread", **changes: Any) -> Score:
    """One score."""
    values = {"version": 1, "unit": "fraction", "direction": "lower", "n": 6, **changes}
    return Score(metric=metric, value=value, **values)


def record(
    hashed: dict[str, Any],
    method: str = "toy_net",
    value: float | None = 0.5,
    *,
    kind: str = "learned",
    preset: str = "quick",
    seed: int = 0,
    config: dict[str, Any] | None = None,
    suite: str = "toy",
    finished: str = "2030-01-01T00:00:00+00:00",
    **changes: Any,
) -> Record:
    """One record; `value` is the score of `toy_spread`."""
    settings = config or {}
    identity = {"name": method, "preset": preset, "config": settings}
    version = changes.pop("version", 1)
    ref = MethodRef(
        name=method,
        kind=kind,  # type: ignore[arg-type]
        plugin="toy-package",
        plugin_version="1.2",
        version=version,
        preset=preset,
        config=settings,
        sees=["images"],
        capabilities=["detect"],
        fingerprint=fingerprint({**identity, "version": version}),
    )
    print_ = fingerprint(hashed)
    values: dict[str, Any] = {
        "id": fingerprint({"s": print_, "m": ref.fingerprint, "seed": seed})[:16],
        "status": "finished",
        "suite": SuiteRef(
            name=suite, version=hashed.get("version", 1), fingerprint=print_, protocol=hashed
        ),
        "method": ref,
        "seed": seed,
        "scores": [score(value)],
        "cost": Cost(
            fit_seconds=10.0 + seed,
            predict_seconds=1.0,
            peak_memory_bytes=1,
            parameters=12_345,
            device="cpu",
            threads=1,
            precision="fp32",
        ),
        "provenance": Provenance(
            harness="0.1.0",
            git=None,
            python="3.11.0",
            torch=None,
            platform="",
            packages={},
            started=finished,
            finished=finished,
        ),
    }
    return Record(**{**values, **changes})


def keep(folder: Path, *records: Record) -> Path:
    """Write records as a run would; the folder."""
    for index, one in enumerate(records):
        write_record(one, folder / f"cell-{index}" / "record.json")
    return folder


def made_run(
    folder: Path,
    hashed: dict[str, Any],
    method: str,
    values: dict[str, list[float]],
    *,
    scores: dict[str, dict[str, Any]] | None = None,
    **changes: Any,
) -> Path:
    """A finished run, sealed, with these values an image and no predictions; the folder.

    Args:
        folder: of the run.
        hashed: the protocol.
        method: name.
        values: an image, by metric; their mean is the score.
        scores: changes to the scores, by metric.
        changes: to the record, see `record`.
    """
    folder.mkdir(parents=True)
    arrays = {name: np.array(one, dtype=np.float64) for name, one in values.items()}
    count = len(next(iter(arrays.values())))
    ids = np.array([f"test-{index}" for index in range(count)])
    np.savez(folder / "per_image.npz", test_ids=ids, **arrays)
    np.savez(folder / "predictions.npz", test_ids=ids)
    means = {
        name: float(np.nanmean(one)) if np.isfinite(one).any() else None
        for name, one in arrays.items()
    }
    changed = scores or {}
    made = [
        score(mean, name, **{"per_image": name, **changed.get(name, {})})
        for name, mean in means.items()
    ]
    one = record(hashed, method, scores=made, **changes)
    write_record(sealed(one, folder), folder / "record.json")
    return folder
