"""Sixteen tiny images to learn from."""

from __future__ import annotations

from typing import Any

import torch


class BrightSquares:
    """Images of 16 pixels: a bright square at a random place on noise."""

    size = 16

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(4)
        self.images = torch.randint(0, 100, (16, 3, 16, 16), generator=generator).byte()
        for i, (x, y) in enumerate(torch.randint(0, 10, (16, 2), generator=generator).tolist()):
            self.images[i, :, y : y + 6, x : x + 6] = 230

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, step: int, count: int) -> torch.Tensor:
        return self.images[(torch.arange(count) + step * count) % 16]

    def take(self, indices: Any) -> torch.Tensor:
        return self.images[torch.as_tensor(list(indices))]
