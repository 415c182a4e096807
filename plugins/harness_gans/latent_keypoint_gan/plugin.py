"""LatentKeypointGAN as a plugin of the harness."""

from __future__ import annotations

from harness.contract import MethodSpec, hook


@hook
def harness_methods() -> list[MethodSpec]:
    """The method `latent_keypoint_gan`."""
    return [
        MethodSpec(
            name="latent_keypoint_gan",
            summary="Images painted from keypoints with an appearance each, and their detector",
            target="harness_gans.latent_keypoint_gan.method:LatentKeypointGan",
            config="harness_gans.latent_keypoint_gan.config:LatentKeypointGanConfig",
            presets="harness_gans.latent_keypoint_gan",
            capabilities=("detect", "sample", "render"),
            paper="He, Wandt, Rhodin: LatentKeypointGAN: Controlling GANs via Latent Keypoints. "
            "2021, arXiv 2103.15812.",
            sees=("images",),
            parallel=True,
        )
    ]
