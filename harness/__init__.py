"""Benchmark and evaluation harness for unsupervised keypoints, parts and image generation.

>>> import harness
>>> record = harness.run(method="mean_shape", suite="synthetic_faces")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import run
    from harness.comparison import compare
    from harness.record import Record
    from harness.saved import load_fitted as load
    from harness.verification import verify

__all__ = ["Record", "compare", "load", "run", "verify"]

_HOMES = {
    "Record": "harness.record:Record",
    "compare": "harness.comparison:compare",
    "load": "harness.saved:load_fitted",
    "run": "harness.api:run",
    "verify": "harness.verification:verify",
}


def __getattr__(name: str) -> Any:
    """Load each of them when it is first used: importing the package stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    from importlib import import_module

    module, _, attribute = _HOMES[name].partition(":")
    return getattr(import_module(module), attribute)
