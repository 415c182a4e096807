"""Every preset is valid and says what its name promises."""

import pytest
import torch
from bundled import suites
from pydantic import ValidationError

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_autoencoders.thewlis.config import ThewlisConfig
from harness_autoencoders.thewlis.method import Thewlis

PRESETS = ("paper", "quick", "smoke")


def resolved(preset: str, suite: str = "synthetic_faces") -> ThewlisConfig:
    entry = registry().methods.get("thewlis")
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def test_presets_are_these():
    assert tuple(preset_files(registry().methods.get("thewlis").spec)) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite(preset):
    for suite in suites():
        config = resolved(preset, suite.name)
        with torch.device("meta"):
            Thewlis(config, suite.parts, config.image_size or suite.image_size)


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_names_only_suites_that_exist(preset):
    path = preset_files(registry().methods.get("thewlis").spec)[preset]
    named = read_toml(path).get("suite", {})
    assert set(named) <= {suite.name for suite in suites()}


def test_paper_is_the_default_configuration_at_the_papers_size():
    paper = resolved("paper")
    assert paper == ThewlisConfig(image_size=100)
    assert paper.image_size - 2 * paper.margin_pixels == 80
    assert (paper.alignment_weight, paper.diversity_weight) == (1.0, 500.0)
    assert paper.context_blocks == 0


def test_small_presets_are_small():
    for name in ("quick", "smoke"):
        config = resolved(name)
        assert config.image_size == 32
        assert config.also_sees() == ()
        assert Thewlis(config, 8, 32).parameter_count() < 2_000_000
    assert resolved("smoke").steps <= 100


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"filters": (8, 8)}, "kernels has 6 entries, expected 3"),
        ({"filters": (8,), "kernels": (3, 1), "halvings": 2}, "filters has only 1 entries"),
        ({"filters": (8, 0), "kernels": (3, 3, 1)}, "greater than or equal to 1"),
        ({"diversity_window": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        ThewlisConfig(**values)


def test_every_setting_says_what_it_is():
    assert all(field.description for field in ThewlisConfig.model_fields.values())
