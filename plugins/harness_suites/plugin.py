"""The bundled suites: every TOML file of this folder."""

from __future__ import annotations

from pathlib import Path

from harness.contract import SuiteSpec, hook, suites_in


@hook
def harness_suites() -> list[SuiteSpec]:
    """All bundled suites."""
    return suites_in(Path(__file__).parent)
