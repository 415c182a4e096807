"""The specs lead to the real things and load nothing heavy; presets keep their promises."""

import subprocess
import sys
from importlib import import_module

import pytest
from bundled import suites
from pydantic import ValidationError

from harness.contract import Editor
from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_editing.directions import plugin
from harness_editing.directions.config import GanSpaceConfig, InterFaceGanConfig

PRESETS = {
    "interfacegan": {"paper", "quick", "smoke", "conditional"},
    "ganspace": {"paper", "quick", "smoke"},
    "random_direction": {"default"},
}
CELLS = [(name, preset) for name, presets in PRESETS.items() for preset in sorted(presets)]


def resolved(name, preset, suite="synthetic_faces"):
    entry = registry().methods.get(name)
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def loaded(target):
    module, name = target.split(":")
    return getattr(import_module(module), name)


def test_specs_name_editors_that_see_no_image():
    specs = {spec.name: spec for spec in plugin.harness_methods()}
    assert list(specs) == list(PRESETS)
    for spec in specs.values():
        assert issubclass(loaded(spec.target), Editor)
        assert loaded(spec.target).owner == spec.name
        assert spec.capabilities == ("edit",)
    assert {name: spec.sees for name, spec in specs.items()} == {
        "interfacegan": ("generator", "guide"),
        "ganspace": ("generator", "guide"),
        "random_direction": ("generator",),
    }
    assert [spec.kind for spec in specs.values()] == ["learned", "learned", "trivial"]
    assert "automatically" in specs["ganspace"].summary


def test_plugin_and_configuration_load_no_torch():
    code = (
        "import sys, harness_editing.directions.plugin; import harness_editing.directions.config; "
        "print({'torch', 'numpy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_presets_are_these():
    for name, presets in PRESETS.items():
        assert set(preset_files(registry().methods.get(name).spec)) == presets


@pytest.mark.parametrize(("name", "preset"), CELLS)
def test_preset_constructs_for_every_suite_and_names_only_existing_ones(name, preset):
    spec = registry().methods.get(name).spec
    for suite in suites():
        loaded(spec.target)(resolved(name, preset, suite.name), 10, 64)
    path = preset_files(spec)[preset]
    assert set(read_toml(path).get("suite", {})) <= {suite.name for suite in suites()}


def test_papers_are_the_defaults():
    assert resolved("interfacegan", "paper") == InterFaceGanConfig()
    assert resolved("ganspace", "paper") == GanSpaceConfig()
    paper = resolved("interfacegan", "paper")
    assert (paper.latents, paper.extremes, paper.conditions) == (200_000, 0.02, 0)


def test_conditional_is_quick_with_three_conditions():
    quick = resolved("interfacegan", "quick")
    assert quick.latents == 20_000
    changed = quick.model_copy(update={"conditions": 3})
    assert resolved("interfacegan", "conditional") == changed


def test_the_longest_edit_is_the_same_for_all():
    assert {resolved(name, preset).cap for name, preset in CELLS} == {1.5}


@pytest.mark.parametrize(("batch", "expected"), [(10_000, 10_000), (20, 2000)])
def test_blocks_of_the_pca_by_hand(batch, expected):
    assert GanSpaceConfig(draw_batch=batch, components=80).block == expected


def test_blocks_hold_three_latents_for_each_component():
    assert GanSpaceConfig(draw_batch=20, components=1000).block == 3000


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (InterFaceGanConfig, {"latents": 99}, "latents 99 is below twice extremes_least 50"),
        (GanSpaceConfig, {"candidates": 81}, "candidates 81 is above .* 80"),
        (GanSpaceConfig, {"latents": 9999}, "latents 9999 is below one block .* 10000"),
        (InterFaceGanConfig, {"cap": 0}, "greater than 0"),
    ],
)
def test_settings_that_cannot_be_met_are_refused(config, changes, message):
    with pytest.raises(ValidationError, match=message):
        config(**changes)
