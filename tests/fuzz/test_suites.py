"""Damaged suites, settings and presets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzzing import Fuzz, seeded
from mutations import FILES, ODD, TEXT, as_toml_bytes, mutated_tree, replace_file, write
from toy_world import SUITE, Toy

from harness.registry import registry
from harness.toml import as_toml

#: A suite in which nearly every key stands.
WHOLE: dict[str, Any] = {
    **SUITE,
    "description": "More.",
    "dataset_options": {"images": 3, "seed": 1},
    "default_preset": "quick",
    "baselines": ["toy_centre", "untrained"],
    "oracles": ["toy_oracle"],
    "notes": ["A note."],
    "metrics": [{"name": "toy_spread", "params": {"scale": 2.0}}, {"name": "toy_distance"}],
    "published": [
        {"method": "Theirs", "metric": "toy_spread", "value": 1.5, "source": "table 1"},
    ],
    "official_overlap": False,
}
#: Commands that read a suite, the cheap ones more often.
READING = (
    *[("run", "--method", "toy_centre", "--suite", "fuzzed", "--dry-run")] * 5,
    ("run", "--method", "toy_net", "--suite", "fuzzed", "--dry-run", "--json"),
    *[("show", "suite", "fuzzed")] * 2,
    ("list", "suites", "--json"),
    ("data", "check", "fuzzed"),
    (*("run", "--method", "toy_centre", "--suite", "fuzzed", "--no-baselines"), "--quiet"),
)


@pytest.fixture
def suite(toy: Toy, fuzz: Callable[..., Fuzz]) -> Fuzz:
    """A fuzz with the suite `fuzzed` beside the toy's own."""
    write(toy.suites / "fuzzed.toml", as_toml_bytes(WHOLE))
    registry.cache_clear()
    return fuzz("suites")


@pytest.mark.parametrize("block", range(3))
def test_suites_with_other_keys_and_values(suite: Fuzz, toy: Toy, block: int) -> None:
    for number in range(70 * block, 70 * block + 70):
        case = f"suite-{number}"
        rng = seeded(case)
        write(toy.suites / "fuzzed.toml", as_toml_bytes(mutated_tree(rng, WHOLE)))
        suite(case, *rng.choice(READING), names=("fuzzed", "default_preset"), codes=(0, 1, 2))


def test_suite_files_with_other_text(suite: Fuzz, toy: Toy) -> None:
    whole = as_toml_bytes(WHOLE)
    for round_ in range(2):
        for change, damage in TEXT.items():
            case = f"suite-{change}-{round_}"
            rng = seeded(case)
            write(toy.suites / "fuzzed.toml", damage(rng, whole))
            suite(
                case,
                *READING[rng.randrange(9)],
                names=("fuzzed", "default_preset"),
                codes=(0, 1, 2),
            )
    for how in FILES:
        replace_file(toy.suites / "fuzzed.toml", how)
        for arguments in (READING[0], ("show", "suite", "fuzzed"), ("list", "suites")):
            suite(f"suite-{how}", *arguments, names=("fuzzed",))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else as_toml(value)


KEYS = (
    *("steps", "rate", "fail", "image_size", "suite.parts", "suite.image_size", "suite.metrics"),
    *("suite.dataset_options", "suite.dataset_options.images", "suite.roles.fit.limit"),
    *("suite.scale", "suite.assets", "suite.published", "suite.name", "suite.version", "suite"),
    *("suite.", ".", "", "suite.roles", "suite.dataset", "suite.x.y.z", "größe", "suite.baselines"),
    *("suite.default_preset", "suite.notes", "suite.official_overlap", "suite.summary"),
)


@pytest.mark.parametrize("block", range(2))
def test_settings(suite: Fuzz, block: int) -> None:
    for number in range(70 * block, 70 * block + 70):
        case = f"set-{number}"
        rng = seeded(case)
        settings = []
        for _ in range(rng.choice((1, 1, 2))):
            key = rng.choice(KEYS)
            settings += ["--set", f"{key}={_text(rng.choice(ODD))}".replace("\0", "")]
        run = ("run", "--method", "toy_net", "--suite", "fuzzed", "--no-baselines", "--dry-run")
        suite(case, *run, *settings)


def test_presets(suite: Fuzz, toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "presets" / "quick.toml"
    whole = {
        "steps": 4,
        "rate": 0.05,
        "about": {"text": "Quick.", "minutes": 1},
        "suite": {"fuzzed": {"steps": 3}},
    }
    monkeypatch.setattr("harness.presets.preset_files", lambda _: {"quick": path})
    monkeypatch.setattr("harness.cli.run_view.preset_files", lambda _: {"quick": path})
    arguments = ("run", "--method", "toy_net", "--suite", "fuzzed", "--no-baselines", "--dry-run")
    for number in range(60):
        case = f"preset-{number}"
        rng = seeded(case)
        write(path, as_toml_bytes(mutated_tree(rng, whole, most=2)))
        suite(case, *arguments, names=("toy_net", "quick"))
    for change, damage in TEXT.items():
        case = f"preset-{change}"
        write(path, damage(seeded(case), as_toml_bytes(whole)))
        suite(case, *arguments, names=("toy_net", "quick"))
    for how in FILES:
        replace_file(path, how)
        suite(f"preset-{how}", *arguments, names=("toy_net", "quick"))
