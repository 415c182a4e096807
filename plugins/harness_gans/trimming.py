"""Maps without their border, and convolutions that do not compute it."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


def trimmed(maps: Tensor, border: int) -> Tensor:
    """`maps` `[N, C, H, W]` without `border` pixels on each side."""
    return maps[..., border:-border, border:-border] if border else maps


def convolved(
    convolution: nn.Conv2d, maps: Tensor, unneeded: int = 0, *, bias: Tensor | None = None
) -> Tensor:
    """The zero-padded convolution of `maps`, without `unneeded` border pixels of the output.

    Args:
        convolution: an odd kernel of 1 or 3 pixels.
        maps: `[N, C, H, W]`.
        unneeded: border pixels not to compute.
        bias: used in place of the convolution's own.
    """
    reach = convolution.kernel_size[0] // 2
    padding = reach if unneeded < reach else 0
    inputs = trimmed(maps, unneeded - reach + padding)
    return F.conv2d(
        inputs, convolution.weight, convolution.bias if bias is None else bias, padding=padding
    )
