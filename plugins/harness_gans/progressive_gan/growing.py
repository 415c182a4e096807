"""The stages in which ProgressiveGAN grows (appendix A)."""

from __future__ import annotations

from harness.errors import ConfigError
from harness_gans.growing import Stage, planned_stages
from harness_gans.progressive_gan.config import OWNER, ProgressiveGanConfig
from harness_gans.widths import START_SIDE


def stages(config: ProgressiveGanConfig, image_size: int) -> list[Stage]:
    """The stages of growing up to a side; none where nothing is trained.

    Raises:
        ConfigError: they do not fit the side, the batch sizes or the budget.
    """
    sides = [START_SIDE << step for step in range(len(config.channels(image_size)))]
    if config.start_side not in sides:
        raise ConfigError(
            f"{OWNER}: start_side {config.start_side} is none of the sides {sides}; set it to one"
        )
    if len(config.batch_sizes) < len(sides):
        raise ConfigError(
            f"{OWNER}: batch_sizes has {len(config.batch_sizes)} values, expected one for each "
            f"of the sides {sides}"
        )
    if config.images == 0:
        return []
    first = sides.index(config.start_side)
    budgets = [config.stable_images] + [config.fading_images + config.stable_images] * (
        len(sides) - first - 1
    )
    left = config.images - sum(budgets[:-1])
    if left < budgets[-1]:
        raise ConfigError(
            f"{OWNER}: images {config.images} is less than the {sum(budgets)} of the stages up to "
            f"{image_size} pixels; raise it or lower stable_images and fading_images"
        )
    budgets[-1] = left
    batches = config.batch_sizes[first : len(sides)]
    return planned_stages(sides[first:], batches, budgets, config.fading_images)
