"""The plain optimisation of latents as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The baseline `gradient`."""
    return [
        MethodSpec(
            name="gradient",
            summary="Follows the guide's own gradient through the generator",
            target="harness_editing.gradient.method:Gradient",
            config="harness_editing.gradient.config:GradientConfig",
            presets="harness_editing.gradient",
            capabilities=("edit",),
            sees=("generator", "guide"),
            kind="trivial",
        )
    ]
