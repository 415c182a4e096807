"""The spec leads to the real things and loads nothing heavy; presets keep their promises."""

import subprocess
import sys
from importlib import import_module

import pytest
import torch
from bundled import suites

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_gans.stylegan2 import plugin
from harness_gans.stylegan2.config import StyleGan2Config
from harness_gans.stylegan2.discriminator import Discriminator
from harness_gans.stylegan2.method import StyleGan2

PRESETS = ("paper", "quick", "smoke")


def resolved(preset: str, suite: str = "synthetic_faces") -> StyleGan2Config:
    entry = registry().methods.get("stylegan2")
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def test_spec_names_existing_classes_that_have_its_capabilities():
    (spec,) = plugin.harness_methods()
    module, name = spec.target.split(":")
    method = getattr(import_module(module), name)
    assert spec.capabilities == ("sample", "synthesise")
    assert all(callable(getattr(method, name)) for name in spec.capabilities)
    module, name = spec.config.split(":")
    assert getattr(import_module(module), name)
    assert spec.sees == ("images",)


def test_plugin_and_configuration_load_no_torch():
    code = (
        "import sys, harness_gans.stylegan2.plugin; import harness_gans.stylegan2.config; "
        "print({'torch', 'numpy', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_presets_are_these():
    assert tuple(sorted(preset_files(registry().methods.get("stylegan2").spec))) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite_and_names_only_existing_ones(preset):
    configs = {resolved(preset, suite.name) for suite in suites()}
    for config in configs:
        with torch.device("meta"):
            StyleGan2(config, 10, config.image_size)
    path = preset_files(registry().methods.get("stylegan2").spec)[preset]
    assert set(read_toml(path).get("suite", {})) <= {suite.name for suite in suites()}


def test_paper_is_the_default_configuration_at_the_size_of_its_faces():
    assert resolved("paper") == StyleGan2Config(image_size=1024, flip=True)
    assert resolved("paper", "lsun_bedroom") == StyleGan2Config(image_size=256)


def test_small_presets_learn_at_32_pixels_with_small_networks():
    for preset in ("quick", "smoke"):
        config = resolved(preset)
        assert config.image_size == 32
        assert StyleGan2(config, 10, 32).parameter_count() == 782_444
        critic = Discriminator(config.discriminator_channels(32), config.deviation_group)
        assert sum(p.numel() for p in critic.parameters()) < 1_000_000
