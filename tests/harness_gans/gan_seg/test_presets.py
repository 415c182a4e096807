"""Every preset is valid and says what its name promises."""

import tomllib
from importlib.resources import files

import pytest
import torch
from pydantic import ValidationError

from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.generator import Generator
from harness_gans.gan_seg.method import GanSeg


def resolved(name: str, suite: str = "") -> GanSegConfig:
    text = (files("harness_gans.gan_seg") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
    values = tomllib.loads(text)
    values.pop("about", None)
    overrides = values.pop("suite", {})
    return GanSegConfig(**{**values, **overrides.get(suite, {})})


@pytest.mark.parametrize("suite", ["", "taichi", "cub", "flowers"])
@pytest.mark.parametrize("name", ["paper", "code", "quick", "smoke"])
def test_preset_is_valid_for_every_suite(name, suite):
    config = resolved(name, suite)
    with torch.device("meta"):
        Generator(config, 8)
    assert config.image_size == config.block_sides[-1]


def test_paper_has_the_papers_equations_and_code_the_released_settings():
    paper, code = resolved("paper"), resolved("code")
    assert (paper.heatmap, code.heatmap) == ("gaussian", "cone")
    assert (paper.penalty, paper.penalty_interval) == ("r1", 1)
    assert (code.penalty, code.penalty_interval) == ("one_centred", 16)
    assert (paper.concentration_reduction, code.concentration_reduction) == ("sum", "mean")
    assert (paper.regulariser_interval, code.regulariser_interval) == (1, 2)
    assert (paper.area_target, code.area_target) == ("heatmap", "disc")
    assert (paper.background_position, code.background_position) == ("both", "horizontal")


def test_concentration_weights_are_those_of_table_4():
    for name in ("paper", "code"):
        assert resolved(name).concentration(8) == 10
        assert resolved(name, "cub").concentration(8) == 10
        assert resolved(name, "flowers").concentration(8) == 30
        assert resolved(name, "taichi").concentration(10) == 30


def test_small_presets_learn_at_32_pixels_with_small_networks():
    for name in ("quick", "smoke"):
        config = resolved(name)
        assert config.image_size == 32
        assert GanSeg(config, 8, 32).parameter_count() < 2_000_000


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"block_sides": (32, 128), "image_channels": (8, 8)}, "128 is not 32 or 64"),
        ({"image_channels": (8, 8)}, "expected one for each of the 4 block_sides"),
        ({"margin_pixels": 5}, "multiple of 2"),
    ],
)
def test_blocks_that_do_not_fit_together_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        GanSegConfig(**values)


def test_every_setting_says_what_it_is():
    fields = GanSegConfig.model_fields
    assert all(field.description for field in fields.values())


def test_presets_say_when_they_start_from_imagenet_weights():
    sees = {name: resolved(name).also_sees() for name in ("paper", "code", "quick", "smoke")}
    assert sees == {"paper": (), "code": ("imagenet weights",), "quick": (), "smoke": ()}
