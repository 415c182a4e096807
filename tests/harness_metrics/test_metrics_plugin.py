import subprocess
import sys
from importlib import import_module

import pytest

from harness.contract import Metric, Options
from harness_metrics.plugin import harness_metrics

SPECS = harness_metrics()
NEEDS = {
    "keypoints",
    "parts",
    "detector",
    "landmarks",
    "foreground",
    "part_labels",
    "attributes",
    "samples",
    "render",
    "fit_images",
    "editing",
}


def load(target: str) -> type:
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_spec_leads_to_a_metric_and_its_parameters(spec):
    params = load(spec.params)()
    assert isinstance(params, Options)
    assert isinstance(load(spec.target)(params), Metric)
    assert set(spec.needs) <= NEEDS
    assert spec.unit


def test_names_are_unique():
    assert len({spec.name for spec in SPECS}) == len(SPECS)


def test_listing_and_parameters_import_nothing_heavy():
    code = (
        "import sys, harness_metrics.plugin as plugin, harness_metrics.params;"
        "plugin.harness_metrics();"
        "print([m for m in ('torch', 'numpy', 'scipy', 'sklearn') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
