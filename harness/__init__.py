"""Benchmark and evaluation harness for unsupervised keypoints, parts and image generation.

>>> import harness
>>> record = harness.run(method="mean_shape", suite="synthetic_faces")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.api import run
    from harness.record import Record

__all__ = ["Record", "run"]

_HOMES = {"run": "harness.api", "Record": "harness.record"}


def __getattr__(name: str) -> Any:
    """Load `run` and `Record` when they are first used: importing the package stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
