"""The 3x3 neighbourhoods of all pixels, for convolutions whose kernels differ from image to image.

A map that spreads a few vectors, sum_k h_k(p) w_k or their concatenation, has many channels but few
degrees of freedom per pixel. Its convolution is one of the few maps h_k, with a kernel that is
contracted with the vectors of each image; as a matrix product it needs these neighbourhoods.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness_gans.precision import multiplied_in


def neighbourhoods(maps: Tensor) -> Tensor:
    """Every pixel's 3x3 neighbourhood in all channels, zero outside of the map.

    Args:
        maps: `[N, C, H, W]`.

    Returns:
        `[N, H W, 9 C]`, place after place (row by row) and within a place channel after channel, in
        the type in which autocast would multiply.
    """
    height, width = maps.shape[-2:]
    around = F.pad(maps.to(multiplied_in(maps)), (1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous()
    shifted = [around[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
    return torch.cat(shifted, dim=-1).flatten(1, 2)
