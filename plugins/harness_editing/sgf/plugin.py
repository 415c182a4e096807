"""SGF as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `sgf`."""
    return [
        MethodSpec(
            name="sgf",
            summary="Moves latents along a surrogate gradient of all conditions at once",
            target="harness_editing.sgf.method:Sgf",
            config="harness_editing.sgf.config:SgfConfig",
            presets="harness_editing.sgf",
            capabilities=("edit",),
            paper="Li, Jin, Zhu: Surrogate Gradient Field for Latent Space Manipulation. CVPR "
            "2021, arXiv 2104.09065.",
            sees=("generator", "guide"),
        )
    ]
