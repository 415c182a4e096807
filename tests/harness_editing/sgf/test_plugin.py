"""The spec leads to the real things and loads nothing heavy; presets keep their promises."""

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
from harness_editing.sgf import plugin
from harness_editing.sgf.config import SgfConfig
from harness_editing.sgf.field import PRODUCTS

PRESETS = ("paper", "quick", "smoke")


def resolved(preset, suite="synthetic_faces_attributes"):
    entry = registry().methods.get("sgf")
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def loaded(target):
    module, name = target.split(":")
    return getattr(import_module(module), name)


def test_spec_names_an_editor_that_sees_no_image():
    (spec,) = plugin.harness_methods()
    assert issubclass(loaded(spec.target), Editor)
    assert loaded(spec.target).owner == spec.name == "sgf"
    assert loaded(spec.config) is SgfConfig
    assert (spec.capabilities, spec.sees, spec.kind) == (
        ("edit",),
        ("generator", "guide"),
        "learned",
    )


def test_plugin_and_configuration_load_no_torch():
    code = (
        "import sys, harness_editing.sgf.plugin; import harness_editing.sgf.config; "
        "print({'torch', 'numpy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_presets_are_these():
    assert tuple(sorted(preset_files(registry().methods.get("sgf").spec))) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite_and_names_only_existing_ones(preset):
    spec = registry().methods.get("sgf").spec
    for suite in suites():
        loaded(spec.target)(resolved(preset, suite.name), 10, 64)
    assert set(read_toml(preset_files(spec)[preset]).get("suite", {})) <= {
        suite.name for suite in suites()
    }


def test_paper_is_the_default_with_the_stop_of_its_algorithm():
    paper = resolved("paper")
    assert paper == SgfConfig(stop=True)
    assert (paper.blocks, paper.pairs, paper.updates, paper.batch_size) == (
        15,
        200_000,
        500_000,
        8,
    )
    assert (paper.rate, paper.step_size, paper.order, paper.schedule) == (2e-4, 0.2, 1, "constant")


def test_quick_is_the_papers_mapping_with_fewer_pairs_and_larger_batches():
    quick = resolved("quick")
    assert (quick.pairs, quick.updates, quick.batch_size) == (20_000, 1_500, 256)
    same = ("blocks", "adain", "step_size", "order", "steps", "spectral_norm")
    paper = resolved("paper")
    assert {name: getattr(quick, name) for name in same} == {
        name: getattr(paper, name) for name in same
    }
    assert not quick.stop
    assert not quick.style_norm


def test_every_way_of_products_can_be_set():
    assert {SgfConfig(products=way).products for way in PRODUCTS} == set(PRODUCTS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"order": -1}, "greater than or equal to 0"),
        ({"step_size": 0.0}, "greater than 0"),
        ({"pairs": 19}, "greater than or equal to 20"),
        ({"products": "differences"}, "'backward' or 'forward'"),
    ],
)
def test_settings_out_of_range_are_refused(changes, message):
    with pytest.raises(ValidationError, match=message):
        SgfConfig(**changes)
