"""Damaged files of an interrupted or finished run, and damaged plugins."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from fuzzing import Fuzz, seeded
from mutations import BYTES, FILES, ODD, replace_file, write
from toy_world import Toy, install
from tracked_run import StopAt

from harness.registry import registry
from harness.runner import Runner

RUN = (
    *(
        "run",
        "--method",
        "toy_net",
        "--suite",
        "toy",
        "--no-baselines",
        "--quiet",
        "--threads",
        "1",
    ),
    *("--metrics", "toy_spread", "--set", "steps=2", "--output", "out"),
)


@pytest.fixture
def interrupted(toy: Toy, fuzz: Callable[..., Fuzz]) -> tuple[Fuzz, Path]:
    """A fuzz, and the folder of a run that was interrupted after its first step was saved."""
    options = toy.options(output=toy.folder / "out", checkpoint_seconds=0)
    cell = toy.cell("toy_net", settings=("steps=2",), metrics=("toy_spread",))
    with pytest.raises(KeyboardInterrupt):
        Runner(options, toy.known, StopAt(2)).run(cell)
    (folder,) = (toy.folder / "out" / "toy").iterdir()
    shutil.copytree(folder, toy.folder / "whole")
    return fuzz("whole"), folder


def _again(folder: Path) -> None:
    """The interrupted run as it was."""
    shutil.rmtree(folder)
    shutil.copytree("whole", folder)


def _odd_checkpoint(rng: random.Random, path: Path) -> None:
    """A checkpoint of this very fit that lacks something, or has something else in its place."""
    content: dict[str, Any] = torch.load(path, weights_only=True)
    place = rng.choice([content, content["state"], content["state"]["net"], content["generators"]])
    key = rng.choice([key for key in place if key not in ("owner", "layout")])
    if rng.random() < 0.4:
        del place[key]
    else:
        place[key] = rng.choice([odd for odd in ODD if not isinstance(odd, list | dict)])
    torch.save(content, path)


@pytest.mark.filterwarnings("ignore:.*the loop.*starts anew")
@pytest.mark.parametrize("name", ["checkpoints/train.pt", "fit.json", "curves.csv"])
def test_files_of_an_interrupted_run(interrupted: tuple[Fuzz, Path], name: str) -> None:
    fuzz, folder = interrupted
    whole = (folder / name).read_bytes()
    for change, damage in BYTES.items():
        case = f"{name}-{change}"
        write(folder / name, damage(seeded(case), whole))
        fuzz(case, *RUN, names=(name,))
        _again(folder)
    for how in FILES:
        replace_file(folder / name, how)
        fuzz(f"{name}-{how}", *RUN, names=(name,), codes=(0, 1, 2))
        _again(folder)


def test_odd_checkpoints(interrupted: tuple[Fuzz, Path]) -> None:
    fuzz, folder = interrupted
    for number in range(24):
        case = f"checkpoint-{number}"
        _odd_checkpoint(seeded(case), folder / "checkpoints" / "train.pt")
        fuzz(case, *RUN, names=("checkpoint",))
        _again(folder)


@pytest.mark.parametrize("name", ["weights.safetensors", "fit.json", "predictions.npz"])
def test_files_of_a_finished_run(interrupted: tuple[Fuzz, Path], name: str) -> None:
    fuzz, folder = interrupted
    assert fuzz("whole", *RUN, codes=(0,)).code == 0
    (folder / "record.json").unlink()
    whole = (folder / name).read_bytes()
    for change, damage in BYTES.items():
        case = f"finished-{name}-{change}"
        write(folder / name, damage(seeded(case), whole))
        fuzz(case, *RUN, names=(name,))
        (folder / "record.json").unlink(missing_ok=True)


#: Modules of plugins, by what is wrong with them.
MODULES = {
    "syntax": "def harness_methods(:\n",
    "not utf-8": "x = '\udcff'\n",
    "null": "x = 1\0\n",
    "exit": "import sys\nsys.exit(3)\n",
    "raise": "raise RuntimeError('no\\nline')\n",
    "missing": "import a_package_that_nobody_has\n",
    "recursion": "def f():\n    f()\nf()\n",
    "assertion": "assert False\n",
    "hook raises": "@hook\ndef harness_methods():\n    raise KeyError('x')\n",
    "hook exits": "@hook\ndef harness_methods():\n    raise SystemExit(0)\n",
    "hook returns none": "@hook\ndef harness_methods():\n    return None\n",
    "hook returns text": "@hook\ndef harness_suites():\n    return 'text'\n",
    "hook returns itself": "@hook\ndef harness_metrics():\n    return [harness_metrics]\n",
    "hook of a wrong name": "@hook\ndef harness_methodz():\n    return []\n",
    "hook with arguments": "@hook\ndef harness_methods(a, b):\n    return []\n",
    "generator": "@hook\ndef harness_methods():\n    yield 1\n",
    "endless list": "@hook\ndef harness_suites():\n    return [1] * 10**6\n",
    "odd names": (
        "@hook\ndef harness_trackers():\n"
        "    return [TrackerSpec(name=n, summary='x', target='') for n in ('', 'a b', '/', 'ä')]\n"
    ),
    "name is a number": (
        "@hook\ndef harness_trackers():\n    return [TrackerSpec(name=3, summary='', target='')]\n"
    ),
    "no summary": (
        "@hook\ndef harness_trackers():\n"
        "    return [TrackerSpec(name='odd', summary=None, target=None)]\n"
    ),
    "other contract": (
        "@hook\ndef harness_trackers():\n"
        "    return [TrackerSpec(name='odd', summary='', target='x:Y', contract='1')]\n"
    ),
    "same names": (
        "@hook\ndef harness_trackers():\n"
        "    return [TrackerSpec(name='toy_tracker', summary='', target='x:Y')] * 2\n"
    ),
    "suite of no file": (
        "@hook\ndef harness_suites():\n"
        "    return [SuiteSpec(name='odd', summary='', path=Path('/no/such'))]\n"
    ),
    "suite without a path": (
        "@hook\ndef harness_suites():\n    return [SuiteSpec(name='odd', summary='', path=None)]\n"
    ),
}
HEAD = "from pathlib import Path\nfrom harness.contract import SuiteSpec, TrackerSpec, hook\n"


def test_plugins(toy: Toy, fuzz: Callable[..., Fuzz], monkeypatch: pytest.MonkeyPatch) -> None:
    case = fuzz("site")
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    monkeypatch.setenv("HARNESS_PLUGINS", "toy,executors,odd")
    for number, (name, text) in enumerate(MODULES.items()):
        module = f"odd_plugin_{number}"
        path = toy.folder / "site" / f"{module}.py"
        path.write_bytes((HEAD + text).encode("utf-8", "surrogateescape"))
        folder = toy.folder / "site" / f"{module}-1.2.dist-info"
        install(toy.folder / "site", module.replace("_", "-"), {"odd": module})
        registry.cache_clear()
        for arguments in (
            ("list", "plugins"),
            ("list", "--json"),
            ("list", "suites"),
            ("run", "--method", "toy_centre", "--suite", "toy", "--dry-run", "--no-baselines"),
        ):
            done = case(f"plugin {name}", *arguments, codes=(0,))
            assert arguments[1] != "plugins" or "odd" in done.out, done
        shutil.rmtree(folder)
        path.unlink()
    for number, target in enumerate(("", ":", "a b", "no_such_module", "os:path:x", "ä", "..x")):
        folder = toy.folder / "site" / f"odd_{number}-1.2.dist-info"
        install(toy.folder / "site", f"odd-{number}", {"odd": target})
        registry.cache_clear()
        case(f"entry point {target!r}", "list", "plugins", codes=(0,))
        shutil.rmtree(folder)
