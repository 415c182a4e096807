"""The image with its margin at every block: pixel coordinates, doubling and cropping (paper 3.3).

All maps carry a margin of pixels around the image, so that zero padding never reaches it and the
networks cannot tell where they are. Doubling doubles the margin too, and half of it is cropped.
What a crop would throw away is not computed in the first place: a block's last convolutions are
told how many border pixels of their output nobody needs. No batch statistic sees those pixels, so
the results are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor
from torch.nn import functional as F

from harness.vision.coordinates import Grid, signed_pixels
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.trimming import trimmed


@dataclass(frozen=True)
class Frame:
    """Where one block works, and what follows its output.

    Attributes:
        side: pixels of the image at this block.
        margin: pixels around it.
        following: the side of the next block, or 0 after the last one.
        bilinear: how the output is doubled.
        grid: convention of the coordinates.
    """

    side: int
    margin: int
    following: int
    bilinear: bool
    grid: Grid

    @property
    def unneeded(self) -> int:
        """Border pixels of the block's output that nothing depends on."""
        if self.following == self.side:
            return 0
        if not self.following:
            return self.margin
        return max(0, self.margin // 2 - 1) if self.bilinear else self.margin // 2

    def coordinates(self, like: Tensor) -> Tensor:
        """Signed coordinates of the columns (and of the rows), margin included."""
        return signed_pixels(self.side, margin=self.margin, grid=self.grid, like=like)

    def finished(self, output: Tensor) -> Tensor:
        """The block's output, already without its unneeded border, as the next block's input."""
        if self.following in (0, self.side):
            return output
        if self.bilinear:
            doubled = F.interpolate(output, scale_factor=2, mode="bilinear", align_corners=False)
        else:
            doubled = F.interpolate(output, scale_factor=2, mode="nearest")
        return trimmed(doubled, self.margin - 2 * self.unneeded)


@lru_cache(maxsize=32)
def frames(config: GanSegConfig) -> tuple[Frame, ...]:
    """One frame for each of the configuration's blocks."""
    following = (*config.block_sides[1:], 0)
    return tuple(
        Frame(side, config.margin_pixels, after, config.upsampling == "bilinear", config.grid)
        for side, after in zip(config.block_sides, following, strict=True)
    )
