"""IMM as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `imm`."""
    return [
        MethodSpec(
            name="imm",
            summary="Keypoints as the bottleneck that carries pose from one view to another",
            target="harness_autoencoders.imm.method:Imm",
            config="harness_autoencoders.imm.config:ImmConfig",
            presets="harness_autoencoders.imm",
            capabilities=("detect", "reconstruct"),
            paper="Jakab, Gupta, Bilen, Vedaldi: Unsupervised Learning of Object Landmarks "
            "through Conditional Image Generation. NeurIPS 2018, arXiv 1806.07823.",
            sees=("images",),
            parallel=True,
        )
    ]
