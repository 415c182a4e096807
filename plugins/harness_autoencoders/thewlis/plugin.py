"""Factorised spatial embeddings as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `thewlis`."""
    return [
        MethodSpec(
            name="thewlis",
            summary="A detector of landmarks that move with a warped image, and nothing else",
            target="harness_autoencoders.thewlis.method:Thewlis",
            config="harness_autoencoders.thewlis.config:ThewlisConfig",
            presets="harness_autoencoders.thewlis",
            capabilities=("detect",),
            paper="Thewlis, Bilen, Vedaldi: Unsupervised Learning of Object Landmarks by "
            "Factorized Spatial Embeddings. ICCV 2017, arXiv 1705.02193.",
            sees=("images",),
            parallel=True,
        )
    ]
