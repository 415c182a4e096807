import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.resources import files

import pytest

from harness.contract import Method, MethodConfig
from harness.contract.specs import CAPABILITIES, SEES
from harness_baselines.plugin import harness_methods

SPECS = harness_methods()


def load(target: str) -> type:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_spec_leads_to_a_method_with_the_capabilities_it_names(spec):
    method = load(spec.target)(load(spec.config)(), 4, 16)
    assert isinstance(method, Method)
    assert isinstance(method.config, MethodConfig)
    offered = {name for name in CAPABILITIES if hasattr(method, name)}
    assert offered == set(spec.capabilities)
    assert set(spec.sees) <= set(SEES)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_baseline_has_the_one_preset_default(spec):
    presets = [path.name for path in (files(spec.presets) / "presets").iterdir()]
    assert presets == ["default.toml"]
    text = (files(spec.presets) / "presets" / "default.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    values.pop("about")
    load(spec.config)(**values)


def test_only_the_oracle_reads_test_labels():
    assert [s.name for s in SPECS if "test labels" in s.sees] == ["part_centre_oracle"]
    assert [s.name for s in SPECS if s.kind == "oracle"] == ["part_centre_oracle"]


def test_listing_and_configurations_import_nothing_heavy():
    code = (
        "import sys, harness_baselines.plugin as plugin, harness_baselines.config;"
        "plugin.harness_methods();"
        "print([m for m in ('torch', 'numpy', 'scipy', 'cv2') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
