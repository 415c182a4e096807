"""Tells real images from generated ones at every side that has been grown (paper 3.5, fig. 15)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

from harness_gans.latent_keypoint_gan.config import START_SIDE, LatentKeypointGanConfig
from harness_gans.noise_network import SLOPE
from harness_gans.precision import at_least_float32
from harness_gans.residual_discriminator import ResidualDiscriminator, with_deviation
from harness_gans.start_weights import draw_layer


def build_discriminator(
    config: LatentKeypointGanConfig, generator: torch.Generator
) -> GrowingDiscriminator | ResidualDiscriminator:
    """The configuration's discriminator, its weights drawn from `generator`.

    Both kinds map images `[N, 3, H, W]`, -1 to 1, to logits float32 `[N]`, large for real.
    """
    network: GrowingDiscriminator | ResidualDiscriminator
    if config.discriminator == "pairs":
        network = GrowingDiscriminator(config)
    else:
        network = ResidualDiscriminator(
            config.discriminator_channels[: len(config.block_sides)][::-1],
            depth=config.discriminator_depth,
            hidden=config.discriminator_hidden,
            image_size=config.stage_sides[-1],
            owner="latent_keypoint_gan",
            batch_deviation=config.batch_deviation,
        )
    layers = [part for part in network.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    for layer in layers:
        draw_layer(layer, generator)
        if config.spectral_norm:
            bound = SpectralNorm(layer.weight, generator)
            parametrize.register_parametrization(layer, "weight", bound)
    return network


class GrowingDiscriminator(nn.Module):
    """Pairs of convolutions that halve the side down to 2 pixels, then a linear layer.

    Args:
        config: channels and sides.
    """

    def __init__(self, config: LatentKeypointGanConfig) -> None:
        super().__init__()
        self.batch_deviation = config.batch_deviation
        sides = config.block_sides
        width = {2**i: w for i, w in enumerate(config.discriminator_channels, start=1)}
        self.colours = nn.ModuleDict(
            {str(side): nn.Conv2d(3, width[side], 1) for side in config.stage_sides}
        )
        more = {START_SIDE: int(self.batch_deviation)}
        self.pairs = nn.ModuleDict(
            {
                str(side): Pair(width[side] + more.get(side, 0), width[side // 2])
                for side in reversed(sides)
            }
        )
        self.output = nn.Linear(4 * width[2], 1)

    def forward(self, images: Tensor, fade: float = 1.0) -> Tensor:
        """Logits float32 `[N]` of images whose side is one of the stages'.

        Args:
            images: `[N, 3, H, W]`, -1 to 1.
            fade: share of the side's own pair, alpha; the rest are the features of the image at
                half the side.
        """
        side = images.shape[-1]
        maps = self._features(images, side)
        while side > 2:
            maps = self._halved(maps, side)
            side //= 2
            if fade < 1.0 and 2 * side == images.shape[-1]:
                maps = torch.lerp(self._features(F.avg_pool2d(images, 2), side), maps, fade)
        logits: Tensor = self.output(maps.flatten(1))
        return at_least_float32(logits).squeeze(1)

    def _features(self, images: Tensor, side: int) -> Tensor:
        return F.leaky_relu(self.colours[str(side)](images), SLOPE)

    def _halved(self, maps: Tensor, side: int) -> Tensor:
        if self.batch_deviation and side == START_SIDE:
            maps = with_deviation(maps)
        return cast(Tensor, self.pairs[str(side)](maps))


class Pair(nn.Module):
    """A 4x4 convolution with stride 2 and a 3x3 convolution, each with leaky ReLU (fig. 15)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.halving = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)
        self.convolution = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H/2, W/2]`."""
        maps = F.leaky_relu(self.halving(maps), SLOPE)
        return F.leaky_relu(self.convolution(maps), SLOPE)


class SpectralNorm(nn.Module):
    """A weight divided by its largest singular value, which each training pass approaches.

    One step of the power method a pass, as in Miyato et al., 2018.

    Args:
        weight: whose shape is taken.
        generator: draws the vector that the power method starts from.
    """

    left: Tensor

    def __init__(self, weight: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        start = torch.randn(len(weight), generator=generator)
        self.register_buffer("left", F.normalize(start, dim=0))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight with a spectral norm of about 1, in its own shape."""
        flat = weight.flatten(1)
        with torch.no_grad():
            right = F.normalize(flat.T @ self.left, dim=0)
            left = F.normalize(flat @ right, dim=0)
            if self.training:
                self.left.copy_(left)
        return weight / (left @ flat @ right)
