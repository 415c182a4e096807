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


def test_plugin_and_options_import_nothing_heavy() -> None:
    modules = ["harness_datasets.plugin"]
    modules += [spec.options.partition(":")[0] for spec in harness_datasets()]
    heavy = ("torch", "numpy", "pandas", "PIL", "scipy", "sklearn", "matplotlib")
    code = f"import sys, {', '.join(modules)}\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
