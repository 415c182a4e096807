"""The network that finds the parts in real images, and its loss (paper 3, code)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

#: Guards the Dice ratio of classes that are absent from prediction and target (code).
_DICE_GUARD = 1e-8


def segmentation_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Half cross-entropy, half Dice.

    Dice is the mean over images and classes of 1 - 2 |p t| / (|p| + |t|), with p the softmax, t
    one-hot, sums over the pixels of an image; a class absent from both counts as 0.

    Args:
        logits: `[N, K+1, H, W]`.
        labels: `int64 [N, H, W]`.

    Source: the paper gives no loss; this is its code's.
    """
    logits = logits.float()
    probabilities = torch.softmax(logits, dim=1)
    target = F.one_hot(labels, logits.shape[1]).movedim(-1, 1).to(probabilities.dtype)
    overlap = (probabilities * target).sum(dim=(2, 3))
    total = probabilities.sum(dim=(2, 3)) + target.sum(dim=(2, 3))
    dice = 1.0 - (2.0 * overlap + _DICE_GUARD) / (total + _DICE_GUARD)
    return 0.5 * F.cross_entropy(logits, labels) + 0.5 * dice.mean()


class UNet(nn.Module):
    """A small U-Net with three halvings, for the small presets.

    Args:
        classes: K + 1.
        channels: at full resolution; doubled at each of the first two halvings.
    """

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        widths = [channels, 2 * channels, 4 * channels, 4 * channels]
        self.down = nn.ModuleList(
            Convolutions(a, b) for a, b in zip([3, *widths[:-1]], widths, strict=True)
        )
        self.up = nn.ModuleList(
            Convolutions(widths[i + 1] + widths[i], widths[i]) for i in reversed(range(3))
        )
        self.output = nn.Conv2d(channels, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """`[N, 3, H, W]`, -1 to 1, to logits `[N, K+1, H, W]`; sides divisible by 8."""
        maps, passed = images, []
        for block in self.down:
            maps = block(maps)
            passed.append(maps)
            maps = F.avg_pool2d(maps, 2)
        maps = passed.pop()
        for block in self.up:
            maps = F.interpolate(maps, scale_factor=2, mode="nearest")
            maps = block(torch.cat([maps, passed.pop()], dim=1))
        return self.output(maps)


class Convolutions(nn.Module):
    """Two 3x3 convolutions with batch normalisation and ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)

    def forward(self, maps: Tensor) -> Tensor:
        """`[N, inputs, H, W]` to `[N, outputs, H, W]`."""
        maps = F.relu(self.first_norm(self.first(maps)), inplace=True)
        return F.relu(self.second_norm(self.second(maps)), inplace=True)
