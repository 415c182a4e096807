"""Two views of one image and where their pixels lie in it (paper 3.1, 4)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from harness.contract import Images, Run
from harness.training.parallel import processes, share
from harness.vision.coordinates import pixel_centres
from harness.vision.warps import Warp, WarpRanges, random_warps
from harness_autoencoders.thewlis.config import ThewlisConfig


@dataclass(frozen=True)
class Pair:
    """A batch of pairs.

    Attributes:
        views: the first images and then the second, `[2 N, 3, C, C]`, -1 to 1: the centres of the
            whole images, C = S - 2 margin pixels wide.
        first: where the map pixels of the first lie in the image both were made from,
            `[N, P, 2]`, or `[P, 2]` where it was not warped; in map pixels from its centre.
        second: those of the second, `[N, P, 2]`.
    """

    views: Tensor
    first: Tensor
    second: Tensor


class Pairs:
    """Pairs drawn batch by batch."""

    def __init__(self, config: ThewlisConfig, images: Images, run: Run) -> None:
        self.config, self.images, self.run = config, images, run
        self.generator = run.generator("pairs")

    def draw(self, step: int) -> Pair:
        """The pairs of a step, on the run's device, channels last."""
        batch = self.run.share(self.images.batch(step, self.config.batch_size))
        batch = batch.to(self.run.device)
        return warped_pair(scaled(batch), self.config, self.generator)


def warped_pair(images: Tensor, config: ThewlisConfig, generator: torch.Generator) -> Pair:
    """One pair from every image.

    Args:
        images: `[N, 3, S, S]`, -1 to 1, this process's rows of a batch; warps are drawn for all of
            it.
        config: which views are warped, how far, and the margin.
        generator: source of all draws, on the CPU.
    """
    ranges = WarpRanges(
        rotation_degrees=config.warp_rotation,
        log_scale=config.warp_log_scale,
        translation=config.warp_translation,
        grid=config.warp_grid,
        displacement=config.warp_displacement,
    )
    count, size = processes() * images.shape[0], images.shape[-1]
    places = map_places(size, config.margin_pixels, 2**config.halvings).to(images)

    def view(warp: Warp) -> tuple[Tensor, Tensor]:
        warp = warp.rows(share).to(images.device).to(images.dtype)
        return warp.warp(images), warp.map(places)

    second, second_places = view(random_warps(count, ranges, generator))
    first, first_places = images, places
    if config.pairs == "both":
        first, first_places = view(random_warps(count, ranges, generator))
    side = size / 2**config.halvings
    both = centre(torch.cat((first, second)), config.margin_pixels)
    views = both.contiguous(memory_format=torch.channels_last)
    return Pair(views, side * (first_places - 0.5), side * (second_places - 0.5))


def map_places(size: int, margin: int, stride: int) -> Tensor:
    """Where the map pixels of an image's centre lie in the image.

    Args:
        size: side of the image in pixels.
        margin: pixels that are cut from every side.
        stride: image pixels of a map pixel, a divisor of what is left.

    Returns:
        `[P, 2]`, (x, y) fractions of the image, rows one after the other.
    """
    left = size - 2 * margin
    axis = (margin + left * pixel_centres(left // stride)) / size
    return torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)


def centre(images: Tensor, margin: int) -> Tensor:
    """The images without `margin` pixels on every side."""
    height, width = images.shape[-2:]
    return images[..., margin : height - margin, margin : width - margin]


def scaled(images: Tensor) -> Tensor:
    """Images of uint8 as floats from -1 to 1, channels last."""
    return (images.float() / 127.5 - 1.0).contiguous(memory_format=torch.channels_last)
