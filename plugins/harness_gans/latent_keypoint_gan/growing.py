"""The stages in which LatentKeypointGAN grows (App. B)."""

from __future__ import annotations

from harness_gans.growing import Stage, planned_stages
from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig


def stages(config: LatentKeypointGanConfig) -> list[Stage]:
    """All stages, from the smallest side on; budgets in images become whole steps, rounded up."""
    return planned_stages(
        config.stage_sides, config.batch_sizes, config.stage_images, config.adapting_images
    )
