"""Landmarks, their descriptors, and the image drawn from both (paper 3.1, 3.3)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.training.modules import untouched_randomness
from harness.vision.coordinates import pixel_centres
from harness.vision.heatmaps import gaussian_heatmaps
from harness.vision.soft_argmax import expected_points, expected_squares
from harness_autoencoders.lmdis_rep.config import LmdisRepConfig
from harness_autoencoders.lmdis_rep.hourglass import (
    NORM_EPSILON,
    NORM_MOMENTUM,
    SLOPE,
    Hourglass,
    convolution,
    draw_weights,
)

#: Guards a landmark's mass (code) and its variance before the root.
MASS_GUARD, VARIANCE_GUARD = 1e-6, 1e-8


@dataclass(frozen=True)
class Landmarks:
    """What the detector says about padded images.

    Attributes:
        maps: D, `[N, K+1, H, W]`, sum over channels 1, the last one is the background.
        points: mean places, `[N, K, 2]`, (x, y) fractions of the padded image.
        variances: of the places along x and y, `[N, K, 2]`, in padded edges squared.
    """

    maps: Tensor
    points: Tensor
    variances: Tensor

    def first(self, count: int) -> Landmarks:
        """Those of the first images."""
        return Landmarks(self.maps[:count], self.points[:count], self.variances[:count])


class LmdisNetworks(nn.Module):
    """All that is trained.

    Args:
        config: the configuration.
        parts: K.
        image_size: side of the image in pixels.

    Raises:
        ConfigError: sizes, halvings and K do not fit together.
    """

    def __init__(self, config: LmdisRepConfig, parts: int, image_size: int) -> None:
        super().__init__()
        _check_sizes(config, parts, image_size)
        self.config, self.image_size = config, image_size
        #: r, the image's share of the padded image's edge.
        self.share = image_size / config.padded_size
        features = config.feature_decoder[-1][-1]
        spread = config.spread_channels or features
        with untouched_randomness():
            self.detector = _detector(config, parts)
            self.features = _with_stem(
                config,
                lambda inputs: Hourglass(
                    inputs,
                    config.feature_encoder,
                    config.feature_decoder,
                    skip=config.skip_convolutions[1],
                ),
            )
            self.into = ChannelMaps(parts + 1, features, config.descriptor_size)
            self.out = ChannelMaps(parts + 1, config.descriptor_size, spread)
            self.image = _decoder(config, len(config.redrawn_widths) * (parts + 1 + spread))

    @torch.no_grad()
    def draw_weights(self, generator: Generator) -> None:
        """Draw the start weights in place."""
        draw_weights(self, generator)
        for maps in (self.into, self.out):
            for matrix in maps.weight:  # each on its own: the channels are no part of its fans
                nn.init.xavier_uniform_(matrix, generator=generator)
            maps.bias.zero_()
        for network, scale in (
            (self.detector, self.config.score_scale),
            (self.image, self.config.colour_scale),
        ):
            norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
            nn.init.constant_(norms[-1].weight, scale)

    def padded(self, images: Tensor) -> Tensor:
        """Images `[N, 3, S, S]` with their border, `[N, 3, P, P]`."""
        extra = self.config.padded_size - self.image_size
        border = (extra // 2, extra - extra // 2) * 2
        if self.config.padding == "edge":
            return F.pad(images, border, mode="replicate")
        edges = (images[..., 0, :], images[..., -1, :], images[..., 0], images[..., -1])
        colour = torch.stack([edge.mean(-1) for edge in edges]).mean(0)[..., None, None]
        return F.pad(images - colour, border) + colour

    def landmarks(self, padded: Tensor) -> Landmarks:
        """Eq. 1 to 4: the softmax over channels, and the mean place under each map."""
        scores = self.detector(padded)
        maps = torch.softmax(scores.to(torch.promote_types(scores.dtype, torch.float32)), dim=1)
        parts = maps[:, :-1]
        mass = parts.sum(dim=(2, 3))[..., None] + MASS_GUARD
        axis = pixel_centres(maps.shape[-1], like=maps)
        points = expected_points(parts, axis, axis) / mass
        variances = expected_squares(parts, axis, axis) / mass - points.square()
        return Landmarks(maps, points, variances.clamp_min(VARIANCE_GUARD))

    def descriptors(self, padded: Tensor, found: Landmarks) -> Tensor:
        """Eq. 9 and 10: features pooled under every landmark and the background, `[N, K+1, C]`."""
        maps = found.maps
        if self.config.pooling == "gaussian":
            axis = pixel_centres(maps.shape[-1], like=maps)
            isotropic = found.variances.mean(-1)
            drawn = gaussian_heatmaps(found.points, 2.0 * isotropic, axis, axis)
            maps = torch.cat((drawn, maps[:, -1:]), dim=1)
        weights = maps / (maps.sum(dim=(2, 3), keepdim=True) + MASS_GUARD)
        features = self.features(padded).flatten(2).mT
        pooled = weights.flatten(2).to(features.dtype) @ features
        result: Tensor = self.into(pooled.to(maps.dtype))
        return result

    def draw(self, points: Tensor, descriptors: Tensor) -> Tensor:
        """Eq. 11 to 14: the image from landmarks and descriptors.

        Args:
            points: `[N, K, 2]`, fractions of the image, not of the padded one.
            descriptors: `[N, K+1, C]`.

        Returns:
            `[N, 3, S, S]`, 0 to 1.
        """
        features = self.out(descriptors)
        if self.config.descriptor_activation:
            features = F.leaky_relu(features, SLOPE)
        redrawn = [self.redrawn(points, width) for width in self.config.redrawn_widths]
        spread = [torch.einsum("nkhw,nks->nshw", maps, features) for maps in redrawn]
        inputs = torch.cat((*redrawn, *spread), dim=1)
        drawn = self.image(inputs.contiguous(memory_format=torch.channels_last))
        return torch.sigmoid(drawn.to(torch.promote_types(drawn.dtype, torch.float32)))

    def redrawn(self, points: Tensor, width: float) -> Tensor:
        """Eq. 12: score maps of landmarks and background, sum 1.

        Returns:
            `[N, K+1, S, S]`, or half that side where there is a stem.
        """
        size = self.image_size // 2 if self.config.stem_channels else self.image_size
        axis = pixel_centres(size, like=points)
        variances = points.new_full(points.shape[:2], 2.0 * width**2)
        shapes = gaussian_heatmaps(points, variances, axis, axis)
        if self.config.redrawn_density == "paper":
            peak = 1.0 / (2.0 * math.pi * width**2)
        else:
            # The fourth power and the second division by the area are the code's.
            peak = 1.0 / ((2.0 * math.pi * width**4 + 1e-6) * size**2)
        scores = torch.cat((peak * shapes, torch.ones_like(shapes[:, :1])), dim=1)
        return scores / scores.sum(dim=1, keepdim=True)

    def to_image(self, points: Tensor) -> Tensor:
        """Fractions of the padded image as fractions of the image; may leave [0, 1]."""
        return (points - 0.5) / self.share + 0.5


class ChannelMaps(nn.Module):
    """A matrix for every channel and one bias for all (code).

    Args:
        channels: K + 1.
        inputs: values in.
        outputs: values out.
    """

    def __init__(self, channels: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, values: Tensor) -> Tensor:
        """`[N, K+1, inputs]` to `[N, K+1, outputs]`."""
        return torch.einsum("nki,kio->nko", values, self.weight) + self.bias


def _detector(config: LmdisRepConfig, parts: int) -> nn.Module:
    """From images to K + 1 score maps."""

    def hourglass(inputs: int) -> nn.Module:
        body = Hourglass(
            inputs,
            config.landmark_encoder,
            config.landmark_decoder,
            outputs=0 if config.scores == "separate" else parts + 1,
            skip=config.skip_convolutions[0],
        )
        if config.scores == "hourglass":
            return body
        width = config.landmark_decoder[-1][-1] if config.scores == "separate" else parts + 1
        return nn.Sequential(body, *convolution(width, parts + 1, kernel=1))

    return _with_stem(config, hourglass)


def _decoder(config: LmdisRepConfig, inputs: int) -> nn.Module:
    """From redrawn landmarks and features to the logits of three colours."""
    body = Hourglass(
        inputs,
        config.image_encoder,
        config.image_decoder,
        outputs=inputs if config.stem_channels else 3,
        skip=config.skip_convolutions[2],
    )
    if not config.stem_channels:
        return body
    doubling = nn.ConvTranspose2d(inputs, config.stem_channels, 3, 2, 1, output_padding=1)
    norm = nn.BatchNorm2d(config.stem_channels, eps=NORM_EPSILON, momentum=NORM_MOMENTUM)
    last = convolution(config.stem_channels, 3)
    return nn.Sequential(body, doubling, norm, nn.LeakyReLU(SLOPE), *last)


def _with_stem(config: LmdisRepConfig, hourglass: Callable[[int], nn.Module]) -> nn.Module:
    """An hourglass, behind a bare convolution and a halving where the configuration has them."""
    if not config.stem_channels:
        return hourglass(3)
    stem = nn.Conv2d(3, config.stem_channels, 3, padding=1)
    return nn.Sequential(stem, nn.MaxPool2d(2), hourglass(config.stem_channels))


def _check_sizes(config: LmdisRepConfig, parts: int, image_size: int) -> None:
    padded = config.padded_size
    if padded < image_size:
        raise ConfigError(
            f"lmdis_rep: padded_size {padded} is smaller than the image, {image_size}; set it to "
            f"about {round(1.2 * image_size)}"
        )
    if (padded - image_size) % 2:
        raise ConfigError(
            f"lmdis_rep: padded_size {padded} and image_size {image_size} leave an odd border of "
            f"{padded - image_size} pixels; set padded_size to {padded + 1}"
        )
    for name, side in (("landmark", padded), ("feature", padded), ("image", image_size)):
        halvings = len(getattr(config, f"{name}_encoder")) - 1 + bool(config.stem_channels)
        if side % 2**halvings or side < 2 * 2**halvings:
            what = "image_size" if name == "image" else "padded_size"
            raise ConfigError(
                f"lmdis_rep: {what} {side} cannot be halved {halvings} times to at least 2 pixels "
                f"({name}_encoder); the smallest that can is {2 * 2**halvings}"
            )
    if parts > padded**2 // 4:
        raise ConfigError(
            f"lmdis_rep: {parts} keypoints do not fit on a map of {padded} x {padded} pixels; ask "
            "for fewer"
        )
