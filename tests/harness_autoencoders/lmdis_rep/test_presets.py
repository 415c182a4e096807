"""Every preset is valid for every suite and says what its name promises."""

import pytest
import torch
from bundled import suites

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.method import LmdisRep

PRESETS = ("code", "paper", "quick", "smoke")

#: Table 7 of the paper: weight of the reconstruction, reach and weight of the separation.
TABLE_7 = {
    "mafl": (0.01, 0.06, 16),
    "celeba_aligned": (0.01, 0.06, 16),
    "mafl_k30": (0.1, 0.04, 10),
    "celeba_attributes": (0.1, 0.04, 10),
    "aflw": (0.1, 0.06, 16),
    "aflw_k30": (1e-4, 0.04, 10),
    "cat_head": (1e-4, 0.08, 20),
    "cat_head_k20": (1e-4, 0.05, 10),
    "pascal3d_car": (1e-3, 0.08, 200),
    "pascal3d_car_k24": (1e-3, 0.05, 200),
    "shoes": (0.01, 0.05, 20),
    "human36m": (0.1, 0.06, 20),
}
#: The released scripts: weight of the reconstruction in three stages, reach and weight of the
#: separation, of the equivariance, learning rate and batch.
SCRIPTS = {
    "mafl": ((0.1, 1.0, 10.0), 0.08, 20, 1e4, 1e-3, 16),
    "mafl_k30": ((0.1, 10.0, 100.0), 0.04, 10, 1e4, 1e-2, 8),
    "aflw": ((0.1, 0.1, 0.1), 0.06, 16, 1e4, 1e-3, 16),
    "aflw_k30": ((1e-3, 1e-3, 1e-3), 0.04, 10, 1e4, 1e-2, 8),
    "cat_head": ((1e-4, 1e-3, 1e-2), 0.08, 20, 5e3, 1e-3, 16),
    "cat_head_k20": ((1e-4, 1e-3, 1e-2), 0.05, 10, 5e3, 1e-3, 16),
}
#: Side of the image and of the padded one.
SIZES = {
    "mafl": (80, 96),
    "aflw_k30": (80, 96),
    "cat_head": (80, 96),
    "shoes": (80, 96),
    "pascal3d_car": (64, 96),
    "pascal3d_car_k24": (64, 96),
    "human36m": (128, 192),
    "mnist": (28, 56),
}


def resolved(preset: str, suite: str = "synthetic_faces") -> LmdisRepConfig:
    entry = registry().methods.get("lmdis_rep")
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def test_presets_are_these():
    assert tuple(preset_files(registry().methods.get("lmdis_rep").spec)) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs_for_every_suite(preset):
    for suite in suites():
        config = resolved(preset, suite.name)
        with torch.device("meta"):
            LmdisRep(config, suite.parts, config.image_size or suite.image_size)


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_names_only_suites_that_exist(preset):
    path = preset_files(registry().methods.get("lmdis_rep").spec)[preset]
    named = read_toml(path).get("suite", {})
    assert set(named) <= {suite.name for suite in suites()}


@pytest.mark.parametrize("suite", TABLE_7)
def test_paper_has_the_weights_of_table_7(suite):
    config = resolved("paper", suite)
    got = (config.reconstruction_weight, config.separation_sigma, config.separation_weight)
    assert got == TABLE_7[suite]
    assert (config.concentration_weight, config.equivariance_weight) == (100, 1e4)
    assert config.descriptor_size == 8
    assert config.reconstruction_growth == (10, 10)


@pytest.mark.parametrize(
    ("suite", "decays", "growth"),
    [
        ("mafl", (100_000, 200_000), None),
        ("pascal3d_car", (40_000, 80_000), (40_000, 50_000)),
        ("pascal3d_car_k24", (40_000, 80_000), (40_000, 50_000)),
    ],
)
def test_paper_has_the_milestones_of_table_7(suite, decays, growth):
    config = resolved("paper", suite)
    assert config.milestones == decays
    assert config.reconstruction_milestones == growth
    assert config.steps > decays[-1]


@pytest.mark.parametrize("suite", SCRIPTS)
def test_code_has_the_weights_of_the_released_scripts(suite):
    config = resolved("code", suite)
    stages = tuple(config.reconstruction_factor(step) for step in (0, 100_000, 200_000))
    expected, *rest = SCRIPTS[suite]
    assert stages == pytest.approx(expected)
    assert rest == [
        config.separation_sigma,
        config.separation_weight,
        config.equivariance_weight,
        config.learning_rate,
        config.batch_size,
    ]
    assert config.milestones == (() if "aflw" in suite else (100_000, 200_000))


@pytest.mark.parametrize("preset", ["paper", "code"])
@pytest.mark.parametrize("suite", SIZES)
def test_images_are_padded_as_in_table_6(preset, suite):
    config = resolved(preset, suite)
    assert (config.image_size, config.padded_size) == SIZES[suite]


@pytest.mark.parametrize(
    ("suite", "total"),
    [("mafl", 19_804_946), ("mafl_k30", 19_888_846), ("human36m", 42_960_131)],
)
def test_code_has_the_parameters_of_the_released_layers(suite, total):
    config = resolved("code", suite)
    parts = {"mafl": 10, "mafl_k30": 30, "human36m": 16}[suite]
    with torch.device("meta"):
        assert LmdisRep(config, parts, config.image_size).parameter_count() == total


def test_paper_and_code_differ_where_the_two_disagree():
    paper, code = resolved("paper"), resolved("code")
    expected = {
        "padding": ("edge", "mean_edge"),
        "skip_convolutions": ((3, 3, 3), (3, 2, 2)),
        "scores": ("further", "hourglass"),
        "pooling": ("gaussian", "map"),
        "descriptor_activation": (True, False),
        "redrawn_density": ("paper", "code"),
        "reconstruction": ("paper", "code"),
        "concentration": ("paper", "code"),
        "equivariance": ("paper", "code"),
        "warp_displacement": (0.1, 0.025),
        "landmark_warps": (0.3, 0.0),
        "weight_decay": (1e-6, 1e-6),
        "norm_steps": (500, 500),
        "warp_translation": (0.15, 0.15),
    }
    got = {name: (getattr(paper, name), getattr(code, name)) for name in expected}
    assert got == expected


@pytest.mark.parametrize("preset", ["paper", "code"])
def test_only_humans_need_video(preset):
    seen = {suite.name: resolved(preset, suite.name).also_sees() for suite in suites()}
    assert {name for name, sees in seen.items() if sees} == {"human36m"}


def test_small_presets_see_only_images_and_are_small():
    for preset in ("quick", "smoke"):
        config = resolved(preset)
        assert config.also_sees() == ()
        assert LmdisRep(config, 8, config.image_size).parameter_count() < 2_000_000
    assert resolved("smoke").steps <= 100
