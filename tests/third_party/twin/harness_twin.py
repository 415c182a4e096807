"""A second owner of the method name `toy_colours`."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The same name, the same class."""
    return [
        MethodSpec(
            name="toy_colours",
            summary="The twin's colours.",
            target="harness_toy.method:ToyColours",
            config="harness_toy.config:ToyConfig",
            presets="harness_toy",
            capabilities=("segment",),
        )
    ]
