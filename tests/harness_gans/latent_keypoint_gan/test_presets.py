"""Every preset is valid and says what its name promises."""

import pytest
import torch
from bundled import suites

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.discriminator import build_discriminator
from harness_gans.latent_keypoint_gan.growing import stages
from harness_gans.latent_keypoint_gan.method import LatentKeypointGan

PRESETS = ("lineage", "paper", "quick", "quick_recovery", "smoke")


def resolved(preset: str, suite: str = "synthetic_faces") -> LatentKeypointGanConfig:
    entry = registry().methods.get("latent_keypoint_gan")
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def test_presets_are_these():
    spec = registry().methods.get("latent_keypoint_gan").spec
    assert tuple(sorted(preset_files(spec))) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite(preset):
    cells = {(resolved(preset, suite.name), suite.parts) for suite in suites()}
    for config, parts in cells:
        with torch.device("meta"):
            LatentKeypointGan(config, parts, config.image_size)


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_names_only_suites_that_exist(preset):
    path = preset_files(registry().methods.get("latent_keypoint_gan").spec)[preset]
    assert set(read_toml(path).get("suite", {})) <= {suite.name for suite in suites()}


def test_paper_is_the_default_configuration_at_the_size_of_its_landmark_experiment():
    assert resolved("paper") == LatentKeypointGanConfig(image_size=128)
    assert resolved("paper", "bbc_pose").tau == 0.025


def test_lineage_differs_from_the_paper_where_the_later_code_does():
    paper, lineage = resolved("paper"), resolved("lineage")
    changed = {name for name, value in lineage if getattr(paper, name) != value}
    assert changed == {
        "grid",
        "position_gain",
        "position_divisor",
        "position_rate_factor",
        "position_layers",
        "appearance_layers",
        "penalty",
        "penalty_interval",
        "stage_images",
        "adapting_images",
    }
    assert (lineage.penalty, lineage.penalty_interval) == ("one_centred", 16)
    for suite in ("synthetic_faces", "bbc_pose"):
        assert sum(stage.steps for stage in stages(resolved("lineage", suite))) == 30_000


def test_extensions_are_in_one_preset_alone_which_says_so():
    extensions = ("position_jitter", "recovery_weight", "detector_jitter")
    for preset in ("paper", "lineage", "quick", "smoke"):
        assert not any(getattr(resolved(preset), name) for name in extensions)
    quick, recovery = resolved("quick"), resolved("quick_recovery")
    changed = {name for name, value in recovery if getattr(quick, name) != value}
    assert changed == {*extensions, "stage_images", "detector_pairs"}


def test_small_presets_learn_in_one_stage_of_32_pixels_with_small_networks():
    for preset in ("quick", "quick_recovery", "smoke"):
        config = resolved(preset)
        assert [stage.side for stage in stages(config)] == [config.image_size] == [32]
        assert LatentKeypointGan(config, 10, 32).parameter_count() < 2_000_000
        critic = build_discriminator(config, torch.Generator())
        assert sum(p.numel() for p in critic.parameters()) < 1_000_000
