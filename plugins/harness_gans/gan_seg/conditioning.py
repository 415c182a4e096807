"""Maps that place the parts' embeddings: W(p) = sum_k map_k(p) w_k (eq. 4 and 7).

W has 64 channels but only K degrees of freedom per pixel, and every use of it is a convolution.
So W is never built: the convolution's kernel is contracted with the embeddings of each image,
which leaves K input channels instead of 64, and applied to the K maps.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.gan_seg.precision import multiplied_in


class Conditioning:
    """K maps at one resolution with the K embeddings they spread.

    Args:
        maps: `[N, K, H, W]`, heatmaps or part masks, margin included.
        embeddings: `[N, K, E]`.
    """

    def __init__(self, maps: Tensor, embeddings: Tensor) -> None:
        self.embeddings = embeddings
        self.height, self.width = height, width = maps.shape[-2:]
        around = F.pad(maps.to(multiplied_in(maps)), (1, 1, 1, 1)).permute(0, 2, 3, 1).contiguous()
        shifted = [around[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]
        # [N, H W, 9 K]: the 3x3 neighbourhoods of all pixels, shared by all convolutions.
        self.patches = torch.cat(shifted, dim=-1).flatten(1, 2)

    def convolved(self, convolution: nn.Conv2d) -> Tensor:
        """The 3x3 convolution of W with padding 1, `[N, O, H, W]`, channels last in memory."""
        outputs, channels = convolution.weight.shape[:2]
        by_place = convolution.weight.permute(2, 3, 1, 0).reshape(9, channels, outputs)
        kernels = (self.embeddings[:, None] @ by_place).flatten(1, 2)
        flat = torch.baddbmm(cast(Tensor, convolution.bias), self.patches, kernels)
        return flat.reshape(-1, self.height, self.width, outputs).permute(0, 3, 1, 2)
