"""What README and docs promise is true: commands parse, code runs, tables are fresh."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from commands import ROOT, SMALL_FACES, THIRD_PARTY, Command, pip_install
from pages import FENCE, Reader

import harness
from harness.cli.main import app
from harness.contract import SuiteSpec
from harness.record import read_record
from harness.registry import Entry, Registry, registry

README = ROOT / "README.md"
PLUGINS = ROOT / "docs" / "plugins.md"
PAGES = sorted([README, *(ROOT / "docs").glob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    """Code blocks of a language, in order; without a language they are shell."""
    return [code for name, code in FENCE.findall(page.read_text("utf-8")) if name == language]


def commands_of(page: Path) -> Iterator[list[str]]:
    """Words after `harness` of every command in the shell blocks."""
    for line in "".join(blocks(page, "")).splitlines():
        for part in line.split(" && "):
            words = shlex.split(part, comments=True)
            if words[:1] == ["harness"]:
                yield words[1:]


def epilogs() -> Iterator[list[str]]:
    """Words of the examples at the end of every command's help."""
    top: Any = typer.main.get_command(app)
    groups = [top, *top.commands.values(), *top.commands["data"].commands.values()]
    groups += top.commands["new"].commands.values()
    for command in groups:
        for line in (command.epilog or "").splitlines():
            if line.strip().startswith("harness "):
                yield shlex.split(line)[1:]


WRITTEN = [words for page in PAGES for words in commands_of(page)] + list(epilogs())


def test_there_are_commands_to_check() -> None:
    assert {words[0] for words in WRITTEN} >= {"run", "list", "score", "predict", "doctor", "data"}


@pytest.mark.parametrize("words", WRITTEN, ids=" ".join)
def test_every_written_command_parses_and_names_what_exists(
    words: list[str], toy: Registry
) -> None:
    command: Any = typer.main.get_command(app)
    context = command.make_context("harness", list(words), resilient_parsing=True)
    rest = words
    while hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
        context = command.make_context(command.name, list(rest), parent=context)
    named = context.params
    for key, catalogue in (("method", toy.methods), ("suite", toy.suites)):
        values = named.get(key) or []
        for name in ",".join([values] if isinstance(values, str) else values).split(","):
            assert not name or catalogue.get(name)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The registry with the toy package, straight from its sources."""
    monkeypatch.syspath_prepend(str(THIRD_PARTY / "toy"))
    registry.cache_clear()
    known = registry()
    plugin = importlib.import_module("harness_toy.plugin")
    for method in plugin.harness_methods():
        known.methods.add(Entry(method, "harness-toy", "1.2"))
    for suite in plugin.harness_suites():
        known.suites.add(Entry(suite, "harness-toy", "1.2"))
    for name in ("spots", "spots_shifts"):  # of the tutorial
        known.methods.add(Entry(replace(plugin.TOY_COLOURS, name=name), "harness-spots", "0.1.0"))
    for name in ("spots_discs", "spots_worst_case"):
        spec = SuiteSpec(name=name, summary="", path=Path(f"{name}.toml"))
        known.suites.add(Entry(spec, "harness-spots", "0.1.0"))
    yield known
    registry.cache_clear()


def test_python_call_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As printed, but on few small images and for few steps."""
    (code,) = [block for block in blocks(README, "python") if "harness.run(" in block]
    small = {
        "steps": 3,
        "segmenter_steps": 2,
        "suite.image_size": 32,
        "suite.dataset_options": {"fit": 32, "regress": 24, "test": 16},
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARNESS_CACHE", str(tmp_path / "cache"))
    run = harness.run
    monkeypatch.setattr(harness, "run", lambda **given: run(**given, settings=small), raising=False)
    exec(compile(code, "README.md", "exec"), {})
    first, second = capsys.readouterr().out.splitlines()
    share, seconds = map(float, first.split())
    assert 0 <= share <= 1
    assert seconds > 0
    assert second == "(4, 10, 2) (4, 64, 64)"


def test_method_in_twenty_lines_of_the_readme_works(tmp_path: Path) -> None:
    (code,) = [block for block in blocks(README, "python") if "@hook" in block]
    (entry,) = blocks(README, "toml")
    package = tmp_path / "source" / "my_package"
    (package / "presets").mkdir(parents=True)
    (package / "presets" / "quick.toml").touch()
    (package / "__init__.py").touch()
    (package / "plugin.py").write_text(code)
    build = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    project = '[project]\nname = "my-package"\nversion = "1"\n'
    (package.parent / "pyproject.toml").write_text(build + project + entry)
    site = pip_install(tmp_path / "site", package.parent)
    command = Command(tmp_path, tmp_path / "cache", [site])
    done = command("run", "--method", "brightest", *SMALL_FACES, "--no-baselines")
    assert done.code == 0, done.err
    (path,) = tmp_path.glob("runs/synthetic_faces/brightest-*/record.json")
    assert read_record(path).method.plugin == "my-package"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("tutorial.md", ("method harness-spots/spots_shifts", "spots_shifts", "random_keypoints")),
        ("write_a_metric.md", ("metric harness-spots/spots_worst", "1 passed", "spots_worst_case")),
        ("submit_a_row.md", ("holds", "random_keypoints")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_everything_on_a_page_works(
    page: str,
    said: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its files are written and its commands run, in the order of the page."""
    reader = Reader(tmp_path, monkeypatch, capsys)
    try:
        reader.follow(ROOT / "docs" / page)
    finally:
        registry.cache_clear()
    assert [text for text in said if text not in reader.output] == []
    assert " failed " not in reader.output


QUOTED = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "code"), QUOTED.findall(PLUGINS.read_text("utf-8")))
def test_code_in_the_plugin_guide_is_that_of_the_tested_package(name: str, code: str) -> None:
    assert code in (THIRD_PARTY / "toy" / name).read_text("utf-8")


def test_every_block_of_the_plugin_guide_says_its_file() -> None:
    languages = [name for name, _ in FENCE.findall(PLUGINS.read_text("utf-8")) if name]
    assert len(QUOTED.findall(PLUGINS.read_text("utf-8"))) == len(languages) > 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_local_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def script(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_tables_of_the_readme_are_fresh() -> None:
    done = script("docs/readme_tables.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_page_of_suites_is_fresh() -> None:
    done = script("docs/suites_page.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "cells",
    [
        ("`celeba_wild`", "45,609", "5,379", "283", "11: GANSeg"),
        ("`taichi`", "CC BY-NC 4.0", "`landmarks_train` 5,000", "`taichi_mae`", "7: GANSeg"),
        ("`flowers`", "`test` 6,149", "`train` 1,020", "robots.ox.ac.uk", "5: GANSeg"),
        ("`smallnorb`", "`train` 4,860", "`test` 4,860", "none"),
    ],
    ids=lambda cells: cells[0].strip("`"),
)
def test_page_of_suites_says_what_is_compared(cells: tuple[str, ...]) -> None:
    (row,) = (
        line
        for line in (ROOT / "docs/suites.md").read_text("utf-8").splitlines()
        if line.startswith(f"| {cells[0]} |")
    )
    assert [cell for cell in cells if cell not in row] == []


def test_committed_leaderboards_are_fresh() -> None:
    if not list((ROOT / "leaderboards" / "records").rglob("*.json")):
        pytest.skip("leaderboards/records holds no record")
    folders = ("--records", "leaderboards/records", "--out", "leaderboards")
    done = script("-m", "harness", "leaderboard", *folders, "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_committed_records_name_no_path_of_a_machine() -> None:
    for path in (ROOT / "leaderboards" / "records").rglob("*.json"):
        text = json.dumps(json.loads(path.read_text("utf-8")))
        assert not re.search(r'"/(home|root|work|tmp|Users)/', text), path
