"""Damaged records, and the commands that read them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fuzzing import Fuzz, seeded
from mutations import BYTES, FILES, TEXT, as_json_bytes, mutated_tree, replace_file, write
from toy_world import Toy

from harness.registry import registry

READING = (
    *[("leaderboard", "--records", "in")] * 3,
    *[("leaderboard", "--records", "in", "--format", form) for form in ("json", "csv")],
    ("leaderboard", "--records", "in", "--format", "html", "--out", "site"),
    ("leaderboard", "--explain", "in/a", "in/b"),
    *[("compare", "in/a", "in/b", "--no-picture")] * 2,
    ("compare", "in/b,in/a", "in/c", "--json", "--no-picture"),
    *[("verify", "in/a")] * 2,
)
#: Where a sentence says what is wrong: the file, or the field of the record.
NAMES = ("in/a", "in/b")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three finished runs of the toy suite, filled by the first test that asks."""
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def records(toy: Toy, fuzz: Callable[..., Fuzz], finished: Path) -> Fuzz:
    """A fuzz with three whole runs in `in`."""
    if not (finished / "c").exists():
        for name, method in (("a", "toy_centre"), ("b", "toy_net"), ("c", "toy_parts")):
            folder = toy.runner(output=toy.folder / "made").run(toy.cell(method)).folder
            assert folder is not None
            shutil.copytree(folder, finished / name)
    shutil.copytree(finished, toy.folder / "in")
    registry.cache_clear()
    return fuzz("in")


@pytest.mark.parametrize("block", range(3))
def test_records_with_other_keys_and_values(records: Fuzz, finished: Path, block: int) -> None:
    whole = json.loads((finished / "a" / "record.json").read_text())
    for number in range(75 * block, 75 * block + 75):
        case = f"record-{number}"
        rng = seeded(case)
        damaged = mutated_tree(rng, whole)
        if rng.random() < 0.7:
            damaged.pop("digest", None)  # else the hash alone refuses what comes after it
        write(Path("in/a/record.json"), as_json_bytes(damaged))
        records(case, *rng.choice(READING), names=NAMES, codes=(0, 1, 2))


def test_record_files_with_other_text(records: Fuzz, finished: Path) -> None:
    whole = (finished / "a" / "record.json").read_bytes()
    for round_ in range(2):
        for change, damage in TEXT.items():
            case = f"record-{change}-{round_}"
            rng = seeded(case)
            write(Path("in/a/record.json"), damage(rng, whole))
            records(case, *rng.choice(READING), names=NAMES, codes=(0, 1, 2))
    for how in FILES:
        replace_file(Path("in/a/record.json"), how)
        for arguments in READING[::3]:
            records(f"record-{how}", *arguments, names=NAMES, codes=(0, 1, 2))


def _odd_arrays(path: Path) -> None:
    """Arrays of wrong forms under the names that are read."""
    with np.load(path) as file:
        arrays = dict(file)
    for name in list(arrays)[1:]:
        arrays[name] = arrays[name].ravel()[:3].astype("U8")
    np.savez(path, **arrays)


@pytest.mark.parametrize("name", ["per_image.npz", "predictions.npz", "fit.json"])
def test_files_beside_a_record(records: Fuzz, finished: Path, name: str) -> None:
    """With and without the hashes that the record keeps of them."""
    record = json.loads((finished / "a" / "record.json").read_text())
    path = Path("in/a", name)
    whole = path.read_bytes()
    changes = {**BYTES, "odd arrays": None}
    for signed in (True, False):
        if not signed:
            unsigned = {k: v for k, v in record.items() if k not in ("digest", "files")}
            write(Path("in/a/record.json"), as_json_bytes(unsigned))
        for change, damage in changes.items():
            case = f"{name}-{change}-{signed}"
            write(path, whole if damage is None else damage(seeded(case), whole))
            if damage is None and name.endswith("npz"):
                _odd_arrays(path)
            records(case, "verify", "in/a", names=NAMES, codes=(0, 1, 2))
            compared = ("compare", "in/a", "in/b", "--no-picture")
            records(case, *compared, names=(*NAMES, "nothing to compare"), codes=(0, 1, 2))
        for how in FILES:
            replace_file(path, how)
            records(f"{name}-{how}-{signed}", "verify", "in/a", names=NAMES, codes=(0, 1, 2))
