"""Every preset is valid and says what its name promises."""

import subprocess
import sys

import pytest
import torch
from bundled import suites

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness_baselines.feature_factorisation.config import FeatureFactorisationConfig
from harness_baselines.feature_factorisation.method import FeatureFactorisation

PRESETS = ("paper", "quick", "smoke")


def resolved(preset: str, suite: str = "synthetic_faces") -> FeatureFactorisationConfig:
    entry = registry().methods.get("feature_factorisation")
    config = resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")
    assert isinstance(config, FeatureFactorisationConfig)
    return config


def test_presets_are_these():
    assert tuple(preset_files(registry().methods.get("feature_factorisation").spec)) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite(preset):
    for suite in suites():
        config = resolved(preset, suite.name)
        with torch.device("meta"):
            FeatureFactorisation(config, suite.parts, config.image_size or suite.image_size)


def test_paper_is_the_default_configuration_at_the_size_of_the_code():
    assert resolved("paper") == FeatureFactorisationConfig(image_size=224)


def test_small_presets_need_no_weights():
    for preset in ("quick", "smoke"):
        assert resolved(preset).also_sees() == ()


def test_every_setting_says_what_it_is():
    assert all(field.description for field in FeatureFactorisationConfig.model_fields.values())


def test_plugin_and_configuration_load_nothing_heavy():
    package = "harness_baselines.feature_factorisation"
    code = (
        f"import sys, {package}.plugin, {package}.config; "
        "print({'torch', 'numpy', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
