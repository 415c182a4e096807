"""Two views of one object: the source shows its look, the target its pose (paper 4.2, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.contract import Images, Run
from harness.training.parallel import processes, share
from harness.vision.border import border_mask
from harness.vision.coordinates import signed_pixels
from harness.vision.pairs import ClipPairs
from harness.vision.warps import Warp, control_grid, similarity, spline_warp
from harness_autoencoders.imm.config import ImmConfig


@dataclass(frozen=True)
class Pair:
    """A batch of pairs.

    Attributes:
        source: `[N, 3, S, S]`, 0 to 255.
        target: likewise.
        mask: where the target is to be drawn, `[N, 1, S, S]`, 0 to 1; `None` everywhere.
    """

    source: Tensor
    target: Tensor
    mask: Tensor | None


class Pairs:
    """Pairs of warped images, or of frames, drawn batch by batch.

    Raises:
        DataError: pairs from clips are asked for and there are none.
    """

    def __init__(self, config: ImmConfig, images: Images, run: Run) -> None:
        self.config, self.images, self.run = config, images, run
        self.generator = run.generator("pairs")
        self.mask = border_mask(images.size, config.mask_off, config.mask_rise)
        self.clips: ClipPairs | None = None
        if config.pairs == "clips":
            self.clips = ClipPairs(images.clips, config.clip_gap, "imm")

    def draw(self, step: int) -> Pair:
        """The pairs of a step, on the run's device, channels last."""
        if self.clips is not None:
            return self._frames(self.clips)
        batch = self._floats(self.run.share(self.images.batch(step, self.config.batch_size)))
        return warped_pair(batch, self.mask.to(batch), self.config, self.generator)

    def _frames(self, clips: ClipPairs) -> Pair:
        """Pairs of frames, as they are or both mirrored; all of the target is to be drawn."""
        first, second = clips.draw(self.config.batch_size, self.generator)
        drawn = self.run.share(torch.rand(len(first), generator=self.generator))
        mirrored = (drawn < self.config.clip_mirroring)[:, None, None, None]
        frames = [self.images.take(self.run.share(positions)) for positions in (first, second)]
        source, target = (torch.where(mirrored, part.flip(-1), part) for part in frames)
        return Pair(self._floats(source), self._floats(target), None)

    def _floats(self, images: Tensor) -> Tensor:
        return images.to(self.run.device).float().contiguous(memory_format=torch.channels_last)


def warped_pair(
    images: Tensor, mask: Tensor, config: ImmConfig, generator: torch.Generator
) -> Pair:
    """Source and target from one image each.

    Args:
        images: `[N, 3, S, S]`, this process's rows of a batch; warps are drawn for all of it.
        mask: `[S, S]`; warped with the target, so that what lies outside of the image counts 0.
        config: kind of pair and size of the warps.
        generator: source of all draws.
    """
    count = len(images)
    masks = mask.expand(count, 1, *mask.shape)
    joint = processes() * count
    to_target = target_warp(joint, config, generator).rows(share).to(images.device)
    to_source = source_warp(joint, config, generator).rows(share).to(images.device)
    target = to_target.warp(images, padding=config.outside, grid="corners")
    seen = to_target.warp(masks, padding="zeros", grid="corners")
    start = images if config.pairs == "independent" else target
    source = to_source.warp(start, padding=config.outside, grid="corners")
    return Pair(source, target, seen)


def target_warp(count: int, config: ImmConfig, generator: torch.Generator) -> Warp:
    """The warp that makes the target: a shift and a spline in the code."""
    turn, scale, shift = config.target_rotation, config.target_scale, config.target_translation
    matrix = _similarity(count, (turn, scale, shift), generator)
    return _splined(matrix, config, config.target_spline, generator)


def source_warp(count: int, config: ImmConfig, generator: torch.Generator) -> Warp:
    """The warp that makes the source: rotation, scale, shift and a spline."""
    turn, scale, shift = config.source_rotation, config.source_scale, config.source_translation
    matrix = _similarity(count, (turn, scale, shift), generator)
    return _splined(matrix, config, config.source_spline, generator)


def _similarity(
    count: int, deviations: tuple[float, float, float], generator: torch.Generator
) -> Tensor:
    """Normal angle (degrees), scale (about 1) and shift with these deviations."""
    turn, scale = torch.randn(2, count, generator=generator)
    shift = deviations[2] * torch.randn(count, 2, generator=generator)
    return similarity(torch.deg2rad(deviations[0] * turn), 1.0 + deviations[1] * scale, shift)


def _splined(matrix: Tensor, config: ImmConfig, extra: float, generator: torch.Generator) -> Warp:
    """A spline behind the similarity: control points that move, or the code's weights.

    The code draws weights as they are: base n1 + extra b n2, b one or zero.
    """
    if config.control_displacement > 0:
        grid = control_grid(config.spline_grid)
        moves = torch.randn(len(matrix), len(grid), 2, generator=generator)
        return spline_warp(grid, grid + 2.0 * config.control_displacement * moves, first=matrix)
    axis = signed_pixels(config.spline_grid, grid="corners")
    centres = torch.cartesian_prod(axis, axis).flip(-1)
    shape = (len(matrix), len(centres), 2)
    base, more = torch.randn(2, *shape, generator=generator)
    chosen = torch.rand(shape, generator=generator) < 0.5
    weights = config.base_spline * base + extra * chosen * more
    # The code's kernel is r ln r of the squared distance, twice the harness's.
    return Warp(None, matrix, centres, 2.0 * weights)
