"""Maps that place the parts' embeddings: W(p) = sum_k map_k(p) w_k (eq. 4 and 7).

W has 64 channels but only K degrees of freedom per pixel, and every use of it is a convolution.
So W is never built: the convolution's kernel is contracted with the embeddings of each image,
which leaves K input channels instead of 64, and applied to the K maps.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from harness_gans.neighbourhoods import neighbourhoods


class Conditioning:
    """K maps at one resolution with the K embeddings they spread.

    Args:
        maps: `[N, K, H, W]`, heatmaps or part masks, margin included.
        embeddings: `[N, K, E]`.
    """

    def __init__(self, maps: Tensor, embeddings: Tensor) -> None:
        self.embeddings = embeddings
        self.height, self.width = maps.shape[-2:]
        # Shared by all convolutions.
        self.patches = neighbourhoods(maps)

    def convolved(self, convolution: nn.Conv2d) -> Tensor:
        """The 3x3 convolution of W with padding 1, `[N, O, H, W]`, channels last in memory."""
        outputs, channels = convolution.weight.shape[:2]
        by_place = convolution.weight.permute(2, 3, 1, 0).reshape(9, channels, outputs)
        kernels = (self.embeddings[:, None] @ by_place).flatten(1, 2)
        flat = torch.baddbmm(cast(Tensor, convolution.bias), self.patches, kernels)
        return flat.reshape(-1, self.height, self.width, outputs).permute(0, 3, 1, 2)
