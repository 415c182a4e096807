"""The stages of progressive growing: sides, budgets, and how a new side is faded in.

Source: Karras et al., 2018 (progressive growing), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Stage:
    """One side: first an adapting period, in which it is faded in, then one without.

    Attributes:
        side: of the images, in pixels.
        batch_size: images of a step.
        steps: of both periods.
        adapting_steps: of the first period; 0 for the first stage.
    """

    side: int
    batch_size: int
    steps: int
    adapting_steps: int

    def fade(self, step: int) -> float:
        """Alpha, the share of the new layers: linear from 0 to 1 over the adapting period."""
        return step / self.adapting_steps if self.is_adapting(step) else 1.0

    def is_adapting(self, step: int) -> bool:
        """Whether the new side is still being faded in."""
        return step < self.adapting_steps


def planned_stages(
    sides: Sequence[int],
    batch_sizes: Sequence[int],
    stage_images: Sequence[int],
    adapting_images: int,
) -> list[Stage]:
    """All stages, from the smallest side on; budgets in images become whole steps, rounded up.

    Args:
        sides: in pixels.
        batch_sizes: images of a step in every stage.
        stage_images: shown in every stage, adapting period included.
        adapting_images: of these, shown while a side is faded in; the first one is not.
    """
    return [
        Stage(
            side=side,
            batch_size=batch,
            steps=-(-images // batch),
            adapting_steps=-(-adapting_images // batch) if index else 0,
        )
        for index, (side, batch, images) in enumerate(
            zip(sides, batch_sizes, stage_images, strict=True)
        )
    ]


def real_images(images: Tensor, stage: Stage, fade: float, *, mixed: bool) -> Tensor:
    """Real images as the discriminator of a stage sees them.

    Args:
        images: `[N, 3, S, S]` with S the stage's side times a power of two.
        stage: its side; the images are averaged down to it, 2x2 pixels at a time.
        fade: alpha.
        mixed: blend them with themselves at half the side, as generated ones are
            (Karras et al., 2018).
    """
    images = F.avg_pool2d(images, images.shape[-1] // stage.side)
    if not mixed or fade >= 1.0:
        return images
    coarse = F.interpolate(F.avg_pool2d(images, 2), scale_factor=2, mode="nearest")
    return coarse.lerp(images, fade)
