"""Keypoints and embeddings to images, at any side that has been grown (paper 3.3, 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.latent_keypoint_gan.config import START_SIDE, LatentKeypointGanConfig
from harness_gans.latent_keypoint_gan.keypoint_generator import KeypointGenerator, Latents, Noise
from harness_gans.latent_keypoint_gan.spatial_embedding import (
    StyleMap,
    foreground,
    keypoint_heatmaps,
)
from harness_gans.modulation import Head, normalisation
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32


@dataclass(frozen=True)
class Generated:
    """What the generator drew.

    Attributes:
        images: `[N, 3, H, W]`, -1 to 1; P poses come first, then partners of the first N - P.
        latents: what they were painted from.
        foreground: `[P, 1, H, W]`, max_j H_j at the images' side.
    """

    images: Tensor
    latents: Latents
    foreground: Tensor


class Generator(nn.Module):
    """Keypoint generator, spatial embedding and image generator.

    Args:
        config: the configuration.
        keypoints: K.
    """

    def __init__(self, config: LatentKeypointGanConfig, keypoints: int) -> None:
        super().__init__()
        self.config = config
        self.keypoints = KeypointGenerator(config, keypoints)
        sides, widths = config.block_sides, config.image_channels
        self.start = nn.Parameter(torch.empty(widths[0], START_SIDE, START_SIDE))
        maps = keypoints + config.separate_background
        pairs = pairwise([widths[0], *widths[: len(sides)]])
        self.blocks = nn.ModuleList(
            ConvBlock(config, maps, inputs, outputs, depth)
            for (inputs, outputs), depth in zip(pairs, config.block_convolutions, strict=False)
        )
        kernel = config.colour_kernel
        self.colours = nn.ModuleDict(
            {
                str(side): nn.Conv2d(width, 3, kernel, padding=kernel // 2)
                for side, width in zip(sides, widths, strict=False)
                if side in config.stage_sides
            }
        )

    def forward(self, noise: Noise, side: int | None = None, fade: float = 1.0) -> Generated:
        """Noise to images; see `painted`."""
        return self.painted(self.keypoints(noise), side, fade)

    def painted(self, latents: Latents, side: int | None = None, fade: float = 1.0) -> Generated:
        """Images of given latents.

        Args:
            latents: keypoints and embeddings.
            side: of the images, one of the stages'; the last one by default.
            fade: share of the last block in the image, alpha; the rest is the image of the side
                before, doubled.
        """
        side = side or self.config.block_sides[-1]
        maps = self.start.expand(len(latents.background), -1, -1, -1)
        maps = maps.contiguous(memory_format=torch.channels_last)
        earlier = None
        for at, block in zip(self.config.block_sides, self.blocks, strict=True):
            if at > START_SIDE:
                maps = self._doubled(maps)
            heatmaps = keypoint_heatmaps(latents.points, at, self.config.tau, self.config.grid)
            maps = block(maps, StyleMap(latents, heatmaps))
            if at == side:
                break
            if fade < 1.0 and 2 * at == side:
                earlier = self._doubled(self._image(maps, at))
        images = self._image(maps, side)
        if earlier is not None:
            images = torch.lerp(earlier, images, fade)
        return Generated(images, latents, foreground(heatmaps))

    def _image(self, maps: Tensor, side: int) -> Tensor:
        colours = self.colours[str(side)](F.leaky_relu(maps, SLOPE))
        return torch.tanh(at_least_float32(colours))

    def _doubled(self, maps: Tensor) -> Tensor:
        if self.config.upsampling == "nearest":
            return F.interpolate(maps, scale_factor=2, mode="nearest")
        return F.interpolate(maps, scale_factor=2, mode="bilinear", align_corners=False)


class ConvBlock(nn.Module):
    """Convolutions whose inputs are normalised, scaled and shifted per pixel; no shortcut (3.5).

    The first convolutions of all normalisations read the same style map, so they are one; so are
    those of scale and shift.

    Args:
        config: hidden channels and kernel of the normalisations, size of an embedding.
        maps: vectors in the style map, K + 1 with the background.
        inputs: channels of the block's input.
        outputs: channels of its output.
        depth: number of convolutions.
    """

    def __init__(
        self, config: LatentKeypointGanConfig, maps: int, inputs: int, outputs: int, depth: int
    ) -> None:
        super().__init__()
        self.hidden = config.style_channels
        widths = [inputs] + [outputs] * depth
        styles = maps * config.embedding_size
        self.spread = nn.Conv2d(styles, self.hidden * depth, 3, padding=1)
        kernel = config.style_head_kernel
        self.normalisations = nn.ModuleList(normalisation(width) for width in widths[:-1])
        self.heads = nn.ModuleList(Head(self.hidden, width, kernel) for width in widths[:-1])
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(widths)
        )

    def forward(self, maps: Tensor, style: StyleMap) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H, W]`."""
        hidden = F.leaky_relu(style.convolved(self.spread), SLOPE, inplace=True)
        layers = zip(
            self.normalisations,
            self.heads,
            self.convolutions,
            torch.split(hidden, self.hidden, dim=1),
            strict=True,
        )
        for normalise, head, convolution, styled in layers:
            maps = convolution(F.leaky_relu(head(normalise(maps), styled), SLOPE))
        return maps
