"""The detector: convolutions that give one probability map for every landmark (paper 3.2, 4)."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from harness.errors import ConfigError
from harness.training.modules import untouched_randomness
from harness.vision.coordinates import pixel_centres
from harness.vision.soft_argmax import expected_points
from harness_autoencoders.context import Context
from harness_autoencoders.thewlis.config import ThewlisConfig


class Detector(nn.Module):
    """All that is trained; convolutional, so that it takes whole images and their centres alike.

    Args:
        config: the configuration.
        parts: K.
        image_size: side in pixels.

    Raises:
        ConfigError: image size, margin, halvings and K do not fit together.
    """

    def __init__(self, config: ThewlisConfig, parts: int, image_size: int) -> None:
        super().__init__()
        check_sizes(config, parts, image_size)
        widths = (3, *config.filters)
        body: list[nn.Module] = []
        with untouched_randomness():
            for number, (width, channels) in enumerate(pairwise(widths)):
                body += _convolution(width, channels, config, kernel=config.kernels[number])
                if number < config.halvings:
                    body.append(nn.MaxPool2d(2))
            self.body = nn.Sequential(*body)
            self.context = context(config, widths[-1])
            last = config.kernels[-1]
            self.head = nn.Conv2d(widths[-1], parts, last, padding=last // 2)

    def forward(self, images: Tensor) -> Tensor:
        """Probability maps `[N, K, h, w]` of images `[N, 3, H, W]`, -1 to 1; float32 or wider."""
        scores = self.head(self.context(self.body(images)))
        flat = scores.to(torch.promote_types(scores.dtype, torch.float32)).flatten(2)
        return torch.softmax(flat, dim=-1).reshape(scores.shape)

    @torch.no_grad()
    def draw_weights(self, generator: Generator) -> None:
        """Draw the start weights in place, Kaiming normal (chosen); biases 0, norms 1 and 0."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    module.bias.zero_()


def mean_points(maps: Tensor) -> Tensor:
    """Mean places under probability maps `[N, K, h, w]`, `[N, K, 2]`, (x, y) fractions."""
    height, width = maps.shape[-2:]
    return expected_points(maps, pixel_centres(width, like=maps), pixel_centres(height, like=maps))


def check_sizes(config: ThewlisConfig, parts: int, image_size: int) -> None:
    """Whether image size, margin, halvings, window and K fit together.

    Raises:
        ConfigError: they do not.
    """
    factor, margin = 2**config.halvings, config.margin_pixels
    smallest = 2 * margin + factor * 2 * max(config.diversity_window, 2**config.context_blocks)
    if image_size < smallest:
        raise ConfigError(
            f"thewlis: image_size {image_size} is too small for margin_pixels {margin}, "
            f"{config.halvings} halvings, {config.context_blocks} context_blocks and a "
            f"diversity_window of {config.diversity_window}; the smallest is {smallest}"
        )
    side = image_size - 2 * margin
    if image_size % factor or side % factor:
        raise ConfigError(
            f"thewlis: image_size {image_size} and the {side} pixels within margin_pixels {margin} "
            f"must both be multiples of {factor} (halvings {config.halvings}); set image_size or "
            "margin_pixels"
        )
    windows = math.ceil(side / (factor * config.diversity_window)) ** 2
    if parts > windows:
        raise ConfigError(
            f"thewlis: {parts} landmarks do not fit into {windows} windows of "
            f"{config.diversity_window} x {config.diversity_window} map pixels; ask for fewer or "
            "set diversity_window"
        )


def context(config: ThewlisConfig, width: int) -> Context:
    """The configuration's wider view of maps with `width` channels."""

    def layer(narrow: int, wide: int, stride: int) -> nn.Module:
        return nn.Sequential(*_convolution(narrow, wide, config, stride=stride))

    return Context(width, config.context_blocks, layer)


def _convolution(
    width: int, channels: int, config: ThewlisConfig, *, kernel: int = 3, stride: int = 1
) -> list[nn.Module]:
    """Convolution, batch norm, ReLU (paper)."""
    conv = nn.Conv2d(width, channels, kernel, stride, kernel // 2, bias=False)
    return [conv, nn.BatchNorm2d(channels, momentum=config.norm_momentum), nn.ReLU()]
