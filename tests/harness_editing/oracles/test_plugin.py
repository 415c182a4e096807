"""The specs lead to the real things and load nothing heavy; presets keep their promises."""

import subprocess
import sys
from importlib import import_module

import pytest
from bundled import suites

from harness.presets import preset_files, resolve_config
from harness.registry import registry
from harness.toml import read_toml
from harness_editing.oracles import plugin
from harness_editing.oracles.supervised import SupervisedOracle

NAMES = ("attribute_oracle", "keypoint_oracle", "caption_oracle")
PRESETS = ("paper", "quick", "quick_judge", "smoke")


def spec_of(name):
    return registry().methods.get(name).spec


def resolved(name, preset, suite="synthetic_faces_attributes"):
    entry = registry().methods.get(name)
    return resolve_config(entry, preset, suite=suite, settings={}, base_preset="quick")


def loaded(target):
    module, name = target.split(":")
    return getattr(import_module(module), name)


def test_specs_name_oracles_that_see_labels():
    specs = plugin.harness_methods()
    assert tuple(spec.name for spec in specs) == NAMES
    for spec in specs:
        method = loaded(spec.target)
        assert issubclass(method, SupervisedOracle)
        assert method.owner == spec.name
        assert (spec.capabilities, spec.sees) == (("answer",), ("images", "labels"))
        assert spec.kind == "learned"


def test_plugin_and_configurations_load_nothing_heavy():
    code = (
        "import sys, harness_editing.oracles.plugin, harness_editing.oracles.config, "
        "harness_editing.oracles.captions.config; "
        "print({'torch', 'numpy', 'sklearn', 'timm', 'sentence_transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_small_oracles_load_neither_timm_nor_sentence_transformers():
    code = (
        "import sys; from harness_editing.oracles.captions.method import CaptionOracle as O; "
        "from harness_editing.oracles.captions.config import CaptionOracleConfig as C; "
        "O(C(), 1, 32).encoder(['a hat']); "
        "print({'timm', 'sentence_transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("name", NAMES)
def test_presets_are_these_and_name_only_suites_that_exist(name):
    files = preset_files(spec_of(name))
    assert tuple(files) == PRESETS
    known = {suite.name for suite in suites()}
    assert all(set(read_toml(path).get("suite", {})) <= known for path in files.values())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("preset", PRESETS)
def test_preset_constructs(name, preset):
    config = resolved(name, preset)
    loaded(spec_of(name).target)(config, 1, config.image_size)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_of_all_oracles_differ_in_the_encoder_alone(preset):
    found = [resolved(name, preset).model_dump() for name in NAMES]
    encoder = found[2].pop("encoder")
    assert found[0] == found[1] == found[2]
    expected = "sentence-transformers/all-mpnet-base-v2" if preset == "paper" else "hashed_words"
    assert encoder == expected


def test_guide_and_judge_are_of_other_networks_and_the_papers_is_timms():
    networks = [resolved("attribute_oracle", preset).network for preset in PRESETS]
    assert networks == ["seresnet50", "plain", "residual", "plain"]


def test_small_presets_look_at_small_images_with_small_networks(learned):
    for preset in ("quick", "quick_judge", "smoke"):
        config = resolved("attribute_oracle", preset)
        assert config.image_size == 32
        assert config.also_sees() == ()
    assert learned["attributes"].parameter_count() < 500_000
    assert resolved("attribute_oracle", "smoke").steps <= 100


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_says_what_it_is(name):
    assert all(field.description for field in loaded(spec_of(name).config).model_fields.values())
