"""Every preset is valid for every suite and says what its name promises."""

import pytest
import torch
from bundled import suites

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_autoencoders.imm.config import ImmConfig
from harness_autoencoders.imm.method import Imm

PRESETS = ("code", "paper", "quick", "smoke")


def resolved(preset: str, suite: str = "synthetic_faces") -> ImmConfig:
    entry = registry().methods.get("imm")
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def test_presets_are_these():
    assert tuple(preset_files(registry().methods.get("imm").spec)) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite(preset):
    for suite in suites():
        config = resolved(preset, suite.name)
        with torch.device("meta"):
            Imm(config, suite.parts, config.image_size or suite.image_size)


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_names_only_suites_that_exist(preset):
    path = preset_files(registry().methods.get("imm").spec)[preset]
    named = read_toml(path).get("suite", {})
    assert set(named) <= {suite.name for suite in suites()}


def test_paper_and_code_differ_where_the_two_disagree():
    paper, code = resolved("paper"), resolved("code")
    expected = {
        "image_size": (128, 128),
        "output_channels": (3, 9),
        "marginals": ("sum", "mean"),
        "halved_exponent": (True, False),
        "pairs": ("independent", "composed"),
        "schedule": ("plateau", "staircase"),
        "learning_rate": (1e-2, 1e-3),
        "weight_decay": (5e-4, 1e-5),
        "gradient_bound": ("global", "tensor"),
        "loss_scale": (1.0, 1000.0),
        "initial_weights": ("normal", "truncated"),
        "perceptual": ("vgg16_colour", "vgg16_colour"),
        "perceptual_start": (None, (100.0, 1.6, 2.3, 1.8, 2.8, 100.0)),
        "sigma": (0.1, 0.1),
        "norm_momentum": (0.01, 0.01),
        "norm_epsilon": (1e-3, 1e-3),
        "batch_size": (50, 50),
        "averaging": (0.0, 0.0),
        "context_blocks": (0, 0),
        "output_scale": (1.0, 1.0),
    }
    got = {name: (getattr(paper, name), getattr(code, name)) for name in expected}
    assert got == expected


@pytest.mark.parametrize("preset", ["paper", "code"])
@pytest.mark.parametrize(
    ("suite", "gap"),
    [
        ("voxceleb", (1, 1_000_000)),
        ("bbc_pose", (1, 1_000_000)),
        ("human36m", (3, 30)),
        ("smallnorb", (1, 1_000_000)),
    ],
)
def test_videos_give_pairs_of_frames(preset, suite, gap):
    config = resolved(preset, suite)
    assert (config.pairs, config.clip_gap) == ("clips", gap)
    assert config.clip_mirroring == (0.5 if preset == "code" else 0.0)
    assert config.also_sees() == ("video",)


def test_small_presets_see_only_images_and_are_small():
    for preset in ("quick", "smoke"):
        config = resolved(preset)
        assert config.also_sees() == ()
        assert Imm(config, 8, config.image_size).parameter_count() < 2_000_000
        assert config.perceptual == "rotation_net"
    assert resolved("smoke").steps <= 100
