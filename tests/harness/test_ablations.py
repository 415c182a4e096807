from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy_world import Toy
from typer.testing import CliRunner, Result

from harness.ablations import ablation_files, ablation_plan, load_ablation, named_ablation
from harness.cli.main import app
from harness.errors import ConfigError, UnknownName
from harness.plan import Cell, Request
from harness.suite import load_suite


def cells(toy: Toy, **request: Any) -> list[Cell]:
    toy.suite()
    wanted = Request(methods=(), suites=("toy",), **request)
    return ablation_plan(*named_ablation("toy_net:steps", toy.known), wanted, toy.known)


def test_every_variant_is_a_cell_of_every_seed(toy: Toy) -> None:
    found = cells(toy, seeds=(0, 3))
    assert [(c.variant, c.config.model_dump()["steps"], c.suite.parts, c.seed) for c in found] == [
        ("two steps", 2, 2, 0),
        ("two steps", 2, 2, 3),
        ("as it is", 4, 2, 0),
        ("as it is", 4, 2, 3),
        ("K = 1", 4, 1, 0),
        ("K = 1", 4, 1, 3),
    ]
    assert found[0].label == "toy/toy_net/quick/seed-0/two steps"


def test_settings_of_the_command_hold_for_all_variants(toy: Toy) -> None:
    assert {cell.config.model_dump()["rate"] for cell in cells(toy, settings=("rate=0.25",))} == {
        0.25
    }


@pytest.mark.parametrize("setting", ["steps=3", "suite.parts=4"])
def test_what_is_varied_cannot_be_set(toy: Toy, setting: str) -> None:
    with pytest.raises(ConfigError, match=f"{setting}: the ablation itself varies"):
        cells(toy, settings=(setting,))


@pytest.mark.parametrize("text", ["toy_net", ":steps", "toy_net:"])
def test_a_malformed_name_is_refused(toy: Toy, text: str) -> None:
    with pytest.raises(ConfigError, match="expected METHOD:ABLATION"):
        named_ablation(text, toy.known)


def test_the_nearest_ablation_is_offered(toy: Toy) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'steps'"):
        named_ablation("toy_net:step", toy.known)


def test_two_variants_of_one_name_are_refused(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'title = "t"\nsource = "s"\n' + '[[variants]]\nname = "a"\n' * 2
    (tmp_path / "twice.toml").write_text(text)
    monkeypatch.setattr(
        "harness.ablations.ablation_files", lambda spec: {"twice": tmp_path / "twice.toml"}
    )
    with pytest.raises(ConfigError, match="two variants have one name"):
        load_ablation(toy.known.methods.get("toy_net"), "twice")


def test_bundled_ablations_plan_and_their_published_numbers_have_a_place() -> None:
    from harness.registry import Registry, registry

    known: Registry = registry()
    count = 0
    for entry in known.methods:
        for name in ablation_files(entry.spec):
            ablation = load_ablation(entry, name)
            planned = ablation_plan(
                entry, ablation, Request(methods=(), suites=("synthetic_faces",)), known
            )
            assert [c.variant for c in planned] == [v.name for v in ablation.variants]
            for value in (v for variant in ablation.variants for v in variant.published):
                suite = load_suite(known.suites.get(value.suite).spec)
                assert value.metric in {use.name for use in suite.metrics}
                count += 1
    assert count == 5 * (2 + 4 + 6) + 5 + 4 + 5


@pytest.fixture
def invoke(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(toy.folder)
    monkeypatch.setenv("COLUMNS", "200")
    toy.suite()

    def call(*words: str) -> Result:
        return CliRunner().invoke(app, ["run", "--suite", "toy", "--threads", "1", *words])

    return call


def test_an_ablation_ends_with_one_table_of_measured_and_published_numbers(
    toy: Toy, invoke: Any
) -> None:
    result = invoke("--ablation", "toy_net:steps", "--seed", "0,1")
    assert result.exit_code == 0, result.stderr
    page = (toy.folder / "runs" / "ablations" / "toy_net-steps-toy.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("|")]
    assert "published: toy_distance, toy" in lines[0]
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["two steps", "as it is", "K = 1"]
    assert lines[2].rstrip(" |").endswith("0.5")
    assert lines[3].rstrip(" |").endswith("n/a")
    assert "±" in lines[2]
    assert "seeds 0, 1" in page
    assert "Rows of other K have another suite fingerprint (K = 1: K = 1)." in page
    assert "two steps" in result.stdout
    assert len(list((toy.folder / "runs" / "toy").glob("toy_net-quick-*"))) == 6


def test_an_ablation_names_its_own_method(invoke: Any) -> None:
    result = invoke("--ablation", "toy_net:steps", "--method", "toy_net")
    assert result.exit_code == 2
    assert "--ablation names its method; leave --method out." in result.stderr


def test_a_variant_that_fails_leaves_its_row_empty_and_the_others_whole(
    toy: Toy, invoke: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from toy_plugin.methods import ToyNet

    fit = ToyNet.fit

    def failing(self: Any, images: Any, run: Any) -> None:
        if self.config.steps == 2:
            raise ValueError("two is too few")
        fit(self, images, run)

    monkeypatch.setattr(ToyNet, "fit", failing)
    result = invoke("--ablation", "toy_net:steps")
    assert result.exit_code == 1
    page = (toy.folder / "runs" / "ablations" / "toy_net-steps-toy.md").read_text()
    rows = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("|")}
    assert rows["two steps"].count("n/a") == 3
    assert rows["as it is"].count("n/a") == 1
