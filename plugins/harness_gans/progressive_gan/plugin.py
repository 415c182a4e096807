"""ProgressiveGAN as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `progressive_gan`."""
    return [
        MethodSpec(
            name="progressive_gan",
            summary="Images from a generator that grows from 4 pixels, side by side",
            target="harness_gans.progressive_gan.method:ProgressiveGan",
            config="harness_gans.progressive_gan.config:ProgressiveGanConfig",
            presets="harness_gans.progressive_gan",
            capabilities=("sample", "synthesise"),
            paper="Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs for Improved "
            "Quality, Stability, and Variation. ICLR 2018, arXiv 1710.10196.",
            sees=("images",),
            parallel=True,
        )
    ]
