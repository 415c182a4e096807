"""A plugin built for a contract that is not this harness's."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """A spec from the future."""
    return [
        MethodSpec(
            name="from_the_future",
            summary="Needs another harness.",
            contract=99,
            target="nowhere:Nothing",
            config="nowhere:Nothing",
            presets="nowhere",
            capabilities=("segment",),
        )
    ]
