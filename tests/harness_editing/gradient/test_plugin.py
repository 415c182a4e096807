"""The spec leads to the real things and loads nothing heavy."""

import subprocess
import sys
from importlib import import_module

import pytest
from bundled import suites
from pydantic import ValidationError

from harness.contract import Editor
from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness_editing.gradient import plugin
from harness_editing.gradient.config import GradientConfig
from harness_editing.sgf.config import SgfConfig


def loaded(target):
    module, name = target.split(":")
    return getattr(import_module(module), name)


def test_spec_names_a_baseline_that_edits():
    (spec,) = plugin.harness_methods()
    assert issubclass(loaded(spec.target), Editor)
    assert loaded(spec.target).owner == spec.name == "gradient"
    assert loaded(spec.config) is GradientConfig
    assert (spec.capabilities, spec.sees, spec.kind) == (
        ("edit",),
        ("generator", "guide"),
        "trivial",
    )


def test_plugin_and_configuration_load_no_torch():
    code = (
        "import sys, harness_editing.gradient.plugin; import harness_editing.gradient.config; "
        "print({'torch', 'numpy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_its_one_preset_is_the_default_for_every_suite():
    entry = registry().methods.get("gradient")
    assert set(preset_files(entry.spec)) == {"default"}
    for suite in suites():
        config = resolve_config(
            entry, "default", suite=suite.name, settings={}, base_preset="default"
        )
        assert config == GradientConfig()


def test_it_looks_at_as_many_images_as_sgf():
    assert GradientConfig().steps == SgfConfig().steps


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValidationError, match="greater than 0"):
        GradientConfig(rate=0.0)
