"""lmdis-rep as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `lmdis_rep`."""
    return [
        MethodSpec(
            name="lmdis_rep",
            summary="An autoencoder of landmarks and their descriptors, with constraints on both",
            target="harness_autoencoders.lmdis_rep.method:LmdisRep",
            config="harness_autoencoders.lmdis_rep.config:LmdisRepConfig",
            presets="harness_autoencoders.lmdis_rep",
            capabilities=("detect", "describe", "reconstruct"),
            paper="Zhang, Guo, Jin, Luo, He, Lee: Unsupervised Discovery of Object Landmarks as "
            "Structural Representations. CVPR 2018, arXiv 1804.04412.",
            sees=("images",),
            parallel=True,
        )
    ]
