"""Editors of latents with what does not belong to them: one sentence, exit code 2."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from commands import InProcess

#: Editors, generators and oracles that have learned next to nothing.
SMALL = (
    *("--preset", "smoke", "--threads", "1", "--no-baselines"),
    *("--set", "suite.dataset_options={fit=24,test=6}"),
    *("--set", "suite.assets.generator.settings.images=0"),
    *("--set", "suite.assets.guide.settings.steps=2"),
    *("--set", "suite.assets.judge.settings.steps=2"),
    *("--set", "suite.samples=3", "--set", "suite.levels=2"),
)
ONE = ("--set", 'suite.attributes=["hat"]')
ATTRIBUTES = ("run", "--suite", "synthetic_faces_attributes", *SMALL, *ONE)
CAPTIONS = ("run", "--suite", "synthetic_faces_captions", *SMALL)
SGF = ("--method", "sgf", "--set", "pairs=20", "--set", "updates=1")


def run_of(cli: InProcess, *arguments: str) -> Path:
    """The folder of a run that has finished."""
    before = set(cli.folder.glob("runs/*/*/fit.json"))
    done = cli(*arguments)
    assert done.code == 0, done.err
    (note,) = set(cli.folder.glob("runs/*/*/fit.json")) - before
    return note.parent


def generator_of(run: Path) -> str:
    """The name of its generator's folder in the cache."""
    name: str = json.loads((run / "fit.json").read_text())["assets"]["generator"]
    return name


def test_mapping_of_another_generator_is_refused(cli: InProcess) -> None:
    run = run_of(cli, *ATTRIBUTES, *SGF)
    sample = ("sample", str(run), "-n", "1", "--want", "hat=1")
    note = json.loads((run / "fit.json").read_text())
    for setting, message in (
        ("settings.style_size=64", "another generator, whose latents have 128 values, not 64;"),
        ("seed=7", "sgf: the mapping was trained for another generator of the same sizes;"),
    ):
        changed = (*ATTRIBUTES, "--method", "random_direction", "--set")
        other = run_of(cli, *changed, f"suite.assets.generator.{setting}")
        note["assets"]["generator"] = generator_of(other)
        (run / "fit.json").write_text(json.dumps(note))
        done = cli(*sample)
        assert done.code == 2
        assert message in done.error
        assert done.error.endswith("train it again with --fresh.")


def test_caption_in_any_language_runs(cli: InProcess) -> None:
    run = run_of(cli, *CAPTIONS, *SGF)
    for caption in ("человек в шляпе", "一个戴帽子的人"):
        done = cli("sample", str(run), "-n", "1", "--want", caption)
        assert done.code == 0, done.err


def test_missing_sentence_transformer_is_named(
    cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object, **__: object) -> None:
        raise OSError("We couldn't connect")

    package = ModuleType("sentence_transformers")
    package.SentenceTransformer = missing  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", package)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", "/models")
    encoder = "suite.assets.guide.settings.encoder=all-mpnet-base-v2"
    done = cli(*CAPTIONS, *SGF, "--set", encoder)
    assert done.code == 2
    assert "encoder = all-mpnet-base-v2 is no model on this machine (looked for in /mod" in done.err
    assert "hf download sentence-transformers/all-mpnet-base-v2 --local-dir FOLDER" in done.err
    assert "Traceback" not in done.err
    assert "the suite's generator" not in done.err
