"""Spatially adaptive normalisation: maps are normalised, then scaled and shifted per pixel.

Source: Park et al., 2019 (SPADE), as GANSeg's code has it.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from harness_gans.trimming import convolved, trimmed


class Head(nn.Module):
    """Scale and shift of normalised maps: (1 + gamma) x + beta, both convolutions of `hidden`.

    Args:
        hidden: channels of the maps that gamma and beta are made of.
        channels: of the normalised maps.
        kernel: of both convolutions, in pixels, odd.
    """

    one: Tensor

    def __init__(self, hidden: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.both = nn.Conv2d(hidden, 2 * channels, kernel, padding=kernel // 2)
        one = torch.cat([torch.ones(channels), torch.zeros(channels)])
        self.register_buffer("one", one, persistent=False)

    def forward(self, normalised: Tensor, hidden: Tensor, unneeded: int = 0) -> Tensor:
        """`[N, C, H, W]` to `[N, C, H - 2 unneeded, W - 2 unneeded]`."""
        bias = cast(Tensor, self.both.bias) + self.one
        scale, shift = convolved(self.both, hidden, unneeded, bias=bias).chunk(2, dim=1)
        return torch.addcmul(shift, scale, trimmed(normalised, unneeded))


def normalisation(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation that neither scales nor shifts; a `Head` does that."""
    return nn.BatchNorm2d(channels, affine=False)
