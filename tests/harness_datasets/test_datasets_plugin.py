import importlib
import subprocess
import sys

import pytest

from harness.contract import Dataset, DatasetSpec, Options
from harness_datasets.plugin import harness_datasets

SPECS = pytest.mark.parametrize("spec", harness_datasets(), ids=lambda spec: spec.name)


def loaded(target: str) -> type:
    module, _, attribute = target.partition(":")
    return getattr(importlib.import_module(module), attribute)


@SPECS
def test_targets_are_what_the_contract_asks_for(spec: DatasetSpec) -> None:
    assert issubclass(loaded(spec.target), Dataset)
    assert issubclass(loaded(spec.options), Options)
    assert spec.embedded or spec.layout


@SPECS
def test_every_option_is_described_and_has_a_default(spec: DatasetSpec) -> None:
    options = loaded(spec.options)
    assert all(field.description for field in options.model_fields.values())
    assert options() == options.model_validate({})


@SPECS
def test_official_counts_are_of_plain_splits(spec: DatasetSpec) -> None:
    counts = loaded(spec.target).official_counts(loaded(spec.options)())
    assert spec.name == "image_folder" or counts
    assert all(name.isidentifier() and count > 0 for name, count in counts.items())


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("celeba", {"crop": "wild"}, {"mafl_test": 283, "mafl_train": 5_379}),
        ("celeba", {"crop": "aligned"}, {"mafl_test": 1_000, "train": 162_770}),
        ("voxceleb", {}, {"mafl_train": 19_000, "mafl_test": 1_000}),
        ("smallnorb", {"category": "car"}, {"train": 4_860, "test": 4_860}),
        ("taichi", {}, {"train": 67_078, "landmarks_test": 300}),
        ("taichi", {"frames_per_clip": 0}, {"train": 5_000}),
        ("awa", {}, {"train": 5_318, "test": 591}),
        ("synthetic_faces", {"test": 7}, {"fit": 20_000, "test": 7}),
        ("flowers_102", {}, {"train": 1_020, "val": 1_020, "test": 6_149}),
    ],
)
def test_official_counts_follow_the_options(name: str, options: dict, expected: dict) -> None:
    (spec,) = (spec for spec in harness_datasets() if spec.name == name)
    counts = loaded(spec.target).official_counts(loaded(spec.options)(**options))
    assert expected.items() <= dict(counts).items()


@pytest.mark.parametrize(
    ("name", "options"),
    [("mnist", {"digit": 3}), ("svhn", {"digit": 0}), ("awa", {"crop": "boxes"})],
)
def test_counts_that_nobody_states_are_left_out(name: str, options: dict) -> None:
    (spec,) = (spec for spec in harness_datasets() if spec.name == name)
    assert loaded(spec.target).official_counts(loaded(spec.options)(**options)) == {}


def test_plugin_and_options_import_nothing_heavy() -> None:
    modules = ["harness_datasets.plugin"]
    modules += [spec.options.partition(":")[0] for spec in harness_datasets()]
    heavy = ("torch", "numpy", "pandas", "PIL", "scipy", "sklearn", "matplotlib")
    code = f"import sys, {', '.join(modules)}\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
