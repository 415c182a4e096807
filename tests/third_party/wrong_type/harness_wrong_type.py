"""A plugin whose hook answers with a dict instead of a spec."""

from __future__ import annotations

from harness.contract import hook


@hook
def harness_methods() -> list[dict[str, str]]:
    """No spec."""
    return [{"name": "wrong"}]
