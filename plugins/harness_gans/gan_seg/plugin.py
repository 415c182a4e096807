"""GANSeg as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `gan_seg`."""
    return [
        MethodSpec(
            name="gan_seg",
            summary="Part masks from a generator that draws images from points and masks",
            target="harness_gans.gan_seg.method:GanSeg",
            config="harness_gans.gan_seg.config:GanSegConfig",
            presets="harness_gans.gan_seg",
            capabilities=("segment", "sample", "render"),
            paper="He, Wandt, Rhodin: GANSeg: Learning to Segment by Unsupervised Hierarchical "
            "Image Generation. CVPR 2022, arXiv 2112.01036.",
            sees=("images",),
            parallel=True,
        )
    ]
