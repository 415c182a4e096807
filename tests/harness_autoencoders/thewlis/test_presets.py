"""Every preset is valid and says what its name promises."""

import tomllib
from importlib.resources import files

import pytest
from pydantic import ValidationError

from harness_autoencoders.thewlis.config import ThewlisConfig
from harness_autoencoders.thewlis.method import Thewlis

NAMES = ["paper", "quick", "smoke"]


def resolved(name):
    text = (files("harness_autoencoders.thewlis") / "presets" / f"{name}.toml").read_text("utf-8")
    values = tomllib.loads(text)
    assert values.pop("about")["text"]
    assert "suite" not in values
    return ThewlisConfig(**values)


@pytest.mark.parametrize("parts", [2, 10, 30])
@pytest.mark.parametrize("name", NAMES)
def test_preset_constructs_for_few_and_many_landmarks(name, parts):
    config = resolved(name)
    assert Thewlis(config, parts, config.image_size).parts == parts


def test_paper_is_the_default_configuration_at_the_papers_size():
    assert resolved("paper") == ThewlisConfig(image_size=100)
    paper = resolved("paper")
    assert paper.image_size - 2 * paper.margin_pixels == 80
    assert (paper.alignment_weight, paper.diversity_weight) == (1.0, 500.0)
    assert paper.context_blocks == 0


def test_small_presets_are_small():
    for name in ("quick", "smoke"):
        config = resolved(name)
        assert config.image_size == 32
        assert Thewlis(config, 8, 32).parameter_count() < 2_000_000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"filters": (8, 8)}, "kernels has 6 entries, expected 3"),
        ({"filters": (8,), "kernels": (3, 1), "halvings": 2}, "filters has only 1 entries"),
        ({"diversity_window": 0}, "greater than or equal to 1"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        ThewlisConfig(**values)


def test_every_setting_says_what_it_is():
    assert all(field.description for field in ThewlisConfig.model_fields.values())
