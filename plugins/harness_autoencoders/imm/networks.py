"""The pose encoder, the appearance encoder and the renderer of IMM (paper 3.1, 4.1)."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor, nn

from harness.errors import ConfigError
from harness.training.modules import untouched_randomness
from harness.vision.coordinates import signed_pixels
from harness.vision.heatmaps import gaussian_heatmaps
from harness.vision.soft_argmax import marginal_soft_argmax
from harness_autoencoders.context import Context
from harness_autoencoders.imm.config import ImmConfig

#: Least channels of a renderer's block (paper 4.1), but never more than the encoder's first block.
RENDERER_FLOOR = 32
#: Deviation of the start weights (paper 4.1).
INITIAL_DEVIATION = 0.01


class ImmNetworks(nn.Module):
    """All that is trained.

    Args:
        config: the configuration.
        parts: K.
        image_size: side in pixels; `map_size` times a power of two.

    Raises:
        ConfigError: image size, map size and K do not fit together.
    """

    def __init__(self, config: ImmConfig, parts: int, image_size: int) -> None:
        super().__init__()
        self.config, self.image_size = config, image_size
        blocks = blocks_of(config, parts, image_size)
        with untouched_randomness():
            self.appearance = Trunk(config, blocks)
            self.pose = PoseEncoder(config, parts, blocks)
            self.renderer = Renderer(config, parts, blocks)
            if config.bottleneck == "vector":
                self.spread = nn.Linear(2 * parts, parts * config.map_size**2)

    def keypoints(self, images: Tensor) -> Tensor:
        """Keypoints `[N, K, 2]` of images `[N, 3, H, W]` (0 to 255), signed, corner-aligned.

        With the bottleneck `vector` they are its numbers two by two, and may lie anywhere.
        """
        scores: Tensor = self.pose(images)
        if self.config.bottleneck == "vector":
            return scores.reshape(len(scores), -1, 2)
        axis = signed_pixels(scores.shape[-1], grid="corners", like=scores)
        return marginal_soft_argmax(scores, axis, axis, reduction=self.config.marginals)

    def draw(self, points: Tensor, appearance: Tensor) -> Tensor:
        """Images `[N, 3, H, W]` (0 to 255, not cut) from signed keypoints and a look.

        Args:
            points: `[N, K, 2]`.
            appearance: images `[N, 3, H, W]`, 0 to 255, whose look is taken.
        """
        config = self.config
        look = self.appearance(appearance)
        maps = self._maps(points).to(look.dtype)
        drawn: Tensor = self.renderer(torch.cat((look, maps), dim=1))[:, :3].float()
        return drawn * config.output_scale + config.output_offset

    def _maps(self, points: Tensor) -> Tensor:
        """What the renderer sees of the keypoints, `[N, K, h, w]`: heatmaps, or spread numbers."""
        config, side = self.config, self.config.map_size
        if config.bottleneck == "vector":
            spread: Tensor = self.spread(points.flatten(1))
            return spread.reshape(len(spread), -1, side, side)
        axis = signed_pixels(side, grid="corners", like=points)
        factor = 2.0 if config.halved_exponent else 1.0
        variances = points.new_full(points.shape[:2], factor * config.sigma**2)
        return gaussian_heatmaps(points, variances, axis, axis)

    @torch.no_grad()
    def draw_weights(self, generator: Generator) -> None:
        """Draw the start weights in place; biases 0, norms 1 and 0.

        The score maps start almost flat, so that all keypoints start at the centre.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                _draw(module.weight, self.config.initial_weights, generator)
                if module.bias is not None:
                    module.bias.zero_()
        if self.config.initial_weights == "kaiming":
            _draw(self.pose.head.weight, "normal", generator)


def blocks_of(config: ImmConfig, parts: int, image_size: int) -> int:
    """Blocks of an encoder: one at the image's size and one for every halving to the map's.

    Raises:
        ConfigError: image size, map size and K do not fit together.
    """
    ratio = image_size / config.map_size
    if ratio < 2 or ratio != 2 ** round(math.log2(ratio)):
        raise ConfigError(
            f"imm: image_size {image_size} is not map_size {config.map_size} times 2, 4, 8, …; the "
            f"smallest image is {2 * config.map_size} pixels wide; set image_size or map_size"
        )
    if config.map_size % 2**config.context_blocks:
        raise ConfigError(
            f"imm: map_size {config.map_size} cannot be halved {config.context_blocks} times; set "
            "fewer context_blocks"
        )
    if parts > config.map_size**2:
        raise ConfigError(
            f"imm: {parts} keypoints do not fit on a map of {config.map_size} x {config.map_size} "
            "places; ask for fewer or set map_size"
        )
    return 1 + round(math.log2(ratio))


class Trunk(nn.Sequential):
    """Blocks of two convolutions; every block but the first halves the side, doubles channels."""

    def __init__(self, config: ImmConfig, blocks: int) -> None:
        layers: list[nn.Module] = []
        width = 3
        for number in range(blocks):
            channels = config.filters * 2**number
            kernel = config.first_kernel if number == 0 else 3
            layers += _convolution(
                width, channels, config, kernel=kernel, stride=min(2, number + 1)
            )
            layers += _convolution(channels, channels, config)
            width = channels
        super().__init__(*layers)


class PoseEncoder(nn.Module):
    """A trunk, wider context where it is asked for, and one score map for every keypoint.

    With the bottleneck `vector` a fully connected layer stands in place of the score maps.
    """

    def __init__(self, config: ImmConfig, parts: int, blocks: int) -> None:
        super().__init__()
        width = config.filters * 2 ** (blocks - 1)
        self.trunk = Trunk(config, blocks)
        self.context = context(config, width)
        self.head: nn.Conv2d | nn.Linear = nn.Conv2d(width, parts, 1)
        if config.bottleneck == "vector":
            self.head = nn.Linear(width * config.map_size**2, 2 * parts)

    def forward(self, images: Tensor) -> Tensor:
        """Scores `[N, K, h, w]`, or the vector `[N, 2 K]`, in float32."""
        maps = self.context(self.trunk(images))
        scores: Tensor = self.head(maps.flatten(1) if isinstance(self.head, nn.Linear) else maps)
        return scores.to(torch.promote_types(scores.dtype, torch.float32))


class Renderer(nn.Sequential):
    """Blocks of two convolutions with a doubling between blocks; no norm at the end."""

    def __init__(self, config: ImmConfig, parts: int, blocks: int) -> None:
        top = config.filters * 2 ** (blocks - 1)
        floor = min(RENDERER_FLOOR, config.filters)
        width = top + parts
        layers: list[nn.Module] = []
        for number in range(blocks):
            channels = max(floor, top // 2**number)
            if number:
                layers.append(nn.Upsample(scale_factor=2.0, mode=config.upsampling))
            layers += _convolution(width, channels, config)
            if number < blocks - 1:
                layers += _convolution(channels, channels, config)
            width = channels
        layers.append(nn.Conv2d(width, config.output_channels, 3, padding=1))
        super().__init__(*layers)


def context(config: ImmConfig, width: int) -> Context:
    """The configuration's wider view of maps with `width` channels."""

    def layer(narrow: int, wide: int, stride: int) -> nn.Module:
        return nn.Sequential(*_convolution(narrow, wide, config, stride=stride))

    return Context(width, config.context_blocks, layer)


def _convolution(
    width: int, channels: int, config: ImmConfig, *, kernel: int = 3, stride: int = 1
) -> list[nn.Module]:
    """Convolution, batch norm, ReLU; the bias is kept beside the norm, as in the code."""
    norm = nn.BatchNorm2d(channels, eps=config.norm_epsilon, momentum=config.norm_momentum)
    return [nn.Conv2d(width, channels, kernel, stride, kernel // 2), norm, nn.ReLU()]


def _draw(weight: Tensor, how: str, generator: Generator) -> None:
    if how == "kaiming":
        nn.init.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
    elif how == "normal":
        nn.init.normal_(weight, std=INITIAL_DEVIATION, generator=generator)
    else:
        cut = 2.0 * INITIAL_DEVIATION
        nn.init.trunc_normal_(weight, std=INITIAL_DEVIATION, a=-cut, b=cut, generator=generator)
