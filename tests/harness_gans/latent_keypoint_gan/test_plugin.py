"""The plugin's spec leads to the real things and loads nothing heavy."""

import subprocess
import sys
from importlib import import_module

from harness_gans.latent_keypoint_gan import plugin


def test_spec_names_existing_classes_that_have_its_capabilities():
    (spec,) = plugin.harness_methods()
    module, name = spec.target.split(":")
    method = getattr(import_module(module), name)
    assert spec.capabilities == ("detect", "sample", "render")
    assert all(callable(getattr(method, capability)) for capability in spec.capabilities)
    module, name = spec.config.split(":")
    assert getattr(import_module(module), name)
    assert spec.sees == ("images",)


def test_plugin_and_configuration_load_no_torch():
    code = (
        "import sys, harness_gans.latent_keypoint_gan.plugin; "
        "import harness_gans.latent_keypoint_gan.config; "
        "print({'torch', 'numpy', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
