"""Maps at half or twice their side, through the filter 1, 3, 3, 1 in both directions.

Source: Karras et al., 2020 (StyleGAN2), which keeps the filter of its predecessor. Outside of a map
there are zeros.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

#: Weights along a direction.
TAPS = (1.0, 3.0, 3.0, 1.0)


def filtered(
    maps: Tensor, before: int, after: int, *, gain: float = 1.0, stride: int = 1
) -> Tensor:
    """The maps through the filter, whose weights add up to `gain`.

    Args:
        maps: `[N, C, H, W]`.
        before: zeros that are added at the left and at the top.
        after: zeros that are added at the right and at the bottom.
        gain: sum of all weights.
        stride: only every so many-th pixel of the result, in both directions.

    Returns:
        `[N, C, (H + before + after - 4) // stride + 1, ...]`, the width alike.
    """
    taps = torch.tensor(TAPS).to(maps) * (gain**0.5 / sum(TAPS))
    channels = maps.shape[1]
    kernel = torch.outer(taps, taps).expand(channels, 1, -1, -1)
    padded = F.pad(maps, (before, after, before, after))
    return F.conv2d(padded, kernel, stride=stride, groups=channels)


def doubled(maps: Tensor) -> Tensor:
    """`[N, C, H, W]` to `[N, C, 2H, 2W]`: zeros between the pixels, then the filter with gain 4."""
    count, channels, height, width = maps.shape
    spread = maps.new_zeros(count, channels, 2 * height, 2 * width)
    spread[:, :, ::2, ::2] = maps
    return filtered(spread, 2, 1, gain=4.0)


def halved(maps: Tensor) -> Tensor:
    """`[N, C, H, W]` to `[N, C, H/2, W/2]`: the filter, then every second pixel."""
    return filtered(maps, 1, 1, stride=2)


def doubling_convolution(maps: Tensor, weight: Tensor) -> Tensor:
    """A transposed 3x3 convolution with stride 2, then the filter: `[N, O, 2H, 2W]`.

    Args:
        maps: `[N, I, H, W]`.
        weight: `[O, I, 3, 3]`.
    """
    spread = F.conv_transpose2d(maps, weight.transpose(0, 1), stride=2)
    return filtered(spread, 1, 1, gain=4.0)


def halving_convolution(maps: Tensor, weight: Tensor) -> Tensor:
    """The filter, then a 3x3 convolution with stride 2: `[N, O, H/2, W/2]`.

    Args:
        maps: `[N, I, H, W]`.
        weight: `[O, I, 3, 3]`.
    """
    return F.conv2d(filtered(maps, 2, 2), weight, stride=2)
