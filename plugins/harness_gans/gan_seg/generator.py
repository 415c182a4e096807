"""Points to masks, masks to foreground, foreground and background to the image (paper 3.2, 3.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.vision.coordinates import fractions_to_signed
from harness.vision.masks import part_centres
from harness_gans.gan_seg.blocks import AdainBlock, SpadeBlock
from harness_gans.gan_seg.conditioning import Conditioning
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.gan_seg.frame import Frame, frames
from harness_gans.gan_seg.point_generator import Parts, PointGenerator, noise_network
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32
from harness_gans.trimming import convolved, trimmed


@dataclass(frozen=True)
class Noise:
    """What an image is drawn from.

    Attributes:
        places: `[N, noise_size]`, normal.
        appearance: `[N, noise_size]`, normal.
        background: `[N, noise_size]`, normal.
        background_place: `[N, 1, 2]`, uniform in -1 to 1, (x, y); y is 0 where the configuration
            has only horizontal places.
    """

    places: Tensor
    appearance: Tensor
    background: Tensor
    background_place: Tensor

    @staticmethod
    def drawn(config: GanSegConfig, count: int, generator: torch.Generator) -> Noise:
        """Fresh noise for `count` images on the CPU."""
        vectors = torch.randn(3, count, config.noise_size, generator=generator)
        place = torch.rand(count, 1, 2, generator=generator) * 2.0 - 1.0
        if config.background_position == "horizontal":
            place[..., 1] = 0.0
        return Noise(vectors[0], vectors[1], vectors[2], place)

    def to(self, like: Tensor) -> Noise:
        """The same noise with the device and the type of `like`."""
        return Noise(*(value.to(like.device, like.dtype) for value in self._values))

    def rows(self, take: Callable[[Tensor], Tensor]) -> Noise:
        """The noise of some of the images; `take` chooses rows of a tensor `[N, ...]`."""
        return Noise(*map(take, self._values))

    @property
    def _values(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        return self.places, self.appearance, self.background, self.background_place


@dataclass(frozen=True)
class Generated:
    """What the generator drew.

    Attributes:
        images: `[N, 3, H, W]`, -1 to 1.
        masks: `[N, K+1, H, W]`, float32, channel 0 background, sum 1.
        heatmaps: `[N, K, H, W]`, the parts' maps at the image's size, without the margin.
        parts: level 1.
        centres: `[N, K, 2]`, signed: the points' means, or the masks' centres without points.
    """

    images: Tensor
    masks: Tensor
    heatmaps: Tensor
    parts: Parts
    centres: Tensor


class Generator(nn.Module):
    """The three levels of GANSeg.

    Args:
        config: the configuration.
        parts: K.
    """

    def __init__(self, config: GanSegConfig, parts: int) -> None:
        super().__init__()
        self.config, self.parts = config, parts
        # Without a background of its own, it is one more part, the first.
        drawn = parts if config.separate_background else parts + 1
        self.first_part = drawn - parts
        self.points = PointGenerator(config, drawn)
        self.mask = MaskGenerator(config, drawn, parts + 1)
        self.foreground = ForegroundGenerator(config, drawn)
        if config.separate_background:
            self.background_style = noise_network(
                config, config.appearance_layers, config.embedding_size
            )
            self.background = BackgroundGenerator(config)
        channels = config.image_channels[-1]
        if config.head == "two_layer":
            self.head = nn.Conv2d(channels, channels, 3, padding=1)
            self.colours = nn.Conv2d(channels, 3, 3, padding=1)
        else:
            self.colours = nn.Conv2d(channels, 3, 1)

    def forward(self, noise: Noise) -> Generated:
        """Noise to images, masks and what they were drawn from."""
        return self.drawn(self.points(noise.places, noise.appearance), noise)

    def drawn(self, parts: Parts, noise: Noise) -> Generated:
        """Levels 2 and 3 for given parts; of `noise` only the background's is used."""
        return self.painted(parts, self.style(parts, noise), noise.background_place)

    def style(self, parts: Parts, noise: Noise) -> Tensor:
        """`[N, E]`, of the background: from its noise, or the embedding of the part that it is."""
        if not self.config.separate_background:
            return parts.embeddings[:, 0]
        return cast(Tensor, self.background_style(noise.background))

    def painted(self, parts: Parts, style: Tensor, place: Tensor) -> Generated:
        """Levels 2 and 3 for given parts and, where it is none of them, a given background.

        Args:
            parts: level 1; the background first where it is a part.
            style: `[N, E]`, of the background.
            place: `[N, 1, 2]`, signed, where the background is.
        """
        logits, heatmaps = self.mask(parts)
        masks = torch.softmax(at_least_float32(logits), dim=1)
        visible = masks[:, 1:] if self.config.separate_background else masks
        features = self.foreground(parts, visible)
        if self.config.separate_background:
            behind = self.background(style, place)
            # (1 - m) F + m B of eq. 11 in one pass over the maps
            features = torch.lerp(features, behind, masks[:, :1].to(features.dtype))
        first = self.first_part
        return Generated(
            images=self._image(features),
            masks=masks,
            heatmaps=heatmaps[:, first:],
            parts=parts,
            centres=self._centres(parts, masks)[:, first:],
        )

    def _image(self, features: Tensor) -> Tensor:
        features = F.leaky_relu(features, SLOPE)
        if self.config.head == "two_layer":
            features = F.leaky_relu(convolved(self.head, features), SLOPE)
        return torch.tanh(at_least_float32(convolved(self.colours, features)))

    def _centres(self, parts: Parts, masks: Tensor) -> Tensor:
        if self.config.use_points:
            return parts.centres
        found = part_centres(masks if not self.first_part else F.pad(masks, (0, 0, 0, 0, 1, 0)))
        return fractions_to_signed(found, masks.shape[-1], grid=self.config.grid)


class MaskGenerator(nn.Module):
    """Level 2: parts to the logits of the masks (eq. 5 and 6)."""

    def __init__(self, config: GanSegConfig, parts: int, outputs: int) -> None:
        super().__init__()
        self.config = config
        blocks = len(config.block_sides)
        widths = [config.start_channels] + [config.mask_channels] * (blocks - 1) + [outputs]
        kind = SpadeBlock if config.use_points else AdainBlock
        self.blocks = nn.ModuleList(kind(config, a, b) for a, b in pairwise(widths))
        self.start = start_tensor(config, parts * config.points_per_part)
        logits = torch.zeros(outputs, 1, 1)
        logits[0] = config.background_logit
        self.register_buffer("offset", logits, persistent=False)

    def forward(self, parts: Parts) -> tuple[Tensor, Tensor]:
        """Logits `[N, K+1, H, W]`, background first, and heatmaps `[N, K, H, W]`."""
        maps = self.start(parts.points.flatten(1, 2))
        style = parts.embeddings.mean(dim=1)
        conditions: dict[int, Conditioning] = {}
        for frame, block in zip(frames(self.config), self.blocks, strict=True):
            if frame.side not in conditions:
                along = frame.coordinates(parts.points)
                heatmaps = parts.heatmaps(along, along)
                conditions[frame.side] = Conditioning(heatmaps, parts.embeddings)
            given = conditions[frame.side] if self.config.use_points else style
            maps = frame.finished(block(maps, given, frame.unneeded))
        return maps + self.offset, trimmed(heatmaps, frame.margin)


class ForegroundGenerator(nn.Module):
    """Level 3: part masks and embeddings to the foreground's features (eq. 7 and 8)."""

    def __init__(self, config: GanSegConfig, parts: int) -> None:
        super().__init__()
        self.config = config
        widths = [config.start_channels, *config.image_channels]
        self.blocks = nn.ModuleList(SpadeBlock(config, a, b) for a, b in pairwise(widths))
        self.start = start_tensor(config, parts)

    def forward(self, parts: Parts, masks: Tensor) -> Tensor:
        """Features `[N, C, H, W]`; `masks` `[N, K, H, W]` has no separate background."""
        maps: Tensor = self.start(parts.centres)
        conditions: dict[int, Conditioning] = {}
        for frame, block in zip(frames(self.config), self.blocks, strict=True):
            if frame.side not in conditions:
                around = _resized_with_margin(masks, frame)
                conditions[frame.side] = Conditioning(around, parts.embeddings)
            maps = frame.finished(block(maps, conditions[frame.side], frame.unneeded))
        return maps


class BackgroundGenerator(nn.Module):
    """Level 3: a style and a place to the background's features (eq. 9 and 10)."""

    def __init__(self, config: GanSegConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.start_channels, *config.image_channels]
        self.blocks = nn.ModuleList(AdainBlock(config, a, b) for a, b in pairwise(widths))
        self.start = RelativePositions(config, 1)

    def forward(self, style: Tensor, place: Tensor) -> Tensor:
        """Features `[N, C, H, W]` from `[N, E]` and `[N, 1, 2]`."""
        maps: Tensor = self.start(place)
        for frame, block in zip(frames(self.config), self.blocks, strict=True):
            maps = frame.finished(block(maps, style, frame.unneeded))
        return maps


def start_tensor(config: GanSegConfig, references: int) -> nn.Module:
    """The start of a generator that knows `references` points, or of one without points."""
    return (RelativePositions if config.use_points else ConstantStart)(config, references)


class RelativePositions(nn.Module):
    """Sine and cosine of a linear map of all differences between pixel and points (eq. 5).

    The differences of one pixel to m points hold two numbers that depend on the pixel, so the
    linear map is the sum of a term of the pixel and a term of the points, and the 2m maps of
    differences are never built.
    """

    def __init__(self, config: GanSegConfig, references: int) -> None:
        super().__init__()
        self.frame = frames(config)[0]
        self.linear = nn.Linear(2 * references, config.start_channels // 2)

    def forward(self, points: Tensor) -> Tensor:
        """Reference points `[N, m, 2]` to `[N, C, H, W]`, channels last in memory."""
        along = self.frame.coordinates(points)
        weight = self.linear.weight
        across, down = weight[:, 0::2].sum(dim=1), weight[:, 1::2].sum(dim=1)
        pixels = along[:, None, None] * down + along[None, :, None] * across
        at_points = F.linear(points.flatten(1), weight.to(points.dtype), None)
        constant = (self.linear.bias - at_points)[:, None, None]
        phase = torch.pi * (pixels + constant)
        return torch.cat([phase.sin(), phase.cos()], dim=-1).permute(0, 3, 1, 2)


class ConstantStart(nn.Module):
    """A learned start, the same for all images (ablation without points, paper 4.6)."""

    def __init__(self, config: GanSegConfig, references: int) -> None:
        super().__init__()
        side = config.block_sides[0] + 2 * config.margin_pixels
        self.values = nn.Parameter(torch.empty(config.start_channels, side, side))

    def forward(self, points: Tensor) -> Tensor:
        """One copy for each image of `points` `[N, m, 2]`, which are not looked at."""
        return self.values.expand(len(points), -1, -1, -1)


def _resized_with_margin(masks: Tensor, frame: Frame) -> Tensor:
    """Masks at the frame's side, their border values repeated in the margin (code)."""
    if masks.shape[-1] != frame.side:
        size = (frame.side, frame.side)
        masks = F.interpolate(masks, size=size, mode="bilinear", align_corners=False)
    return F.pad(masks, (frame.margin,) * 4, mode="replicate")
