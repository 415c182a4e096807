"""StyleGAN2 as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `stylegan2`."""
    return [
        MethodSpec(
            name="stylegan2",
            summary="Images from styles that scale a generator's weights, layer by layer",
            target="harness_gans.stylegan2.method:StyleGan2",
            config="harness_gans.stylegan2.config:StyleGan2Config",
            presets="harness_gans.stylegan2",
            capabilities=("sample", "synthesise"),
            paper="Karras, Laine, Aittala, Hellsten, Lehtinen, Aila: Analyzing and Improving the "
            "Image Quality of StyleGAN. CVPR 2020, arXiv 1912.04958.",
            sees=("images",),
            parallel=True,
        )
    ]
