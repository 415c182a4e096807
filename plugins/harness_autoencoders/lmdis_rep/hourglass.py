"""The hourglasses of lmdis-rep (paper appendix G.2, fig. 40; code)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_autoencoders.lmdis_rep.config import Stages

#: Slope of the leaky ReLU (paper 3.3).
SLOPE = 0.2
#: Added to the batch variance (code).
NORM_EPSILON = 1e-3
#: Share of a batch in the running statistics, which are averaged anew at the end of training.
NORM_MOMENTUM = 0.05


class Hourglass(nn.Module):
    """Down by maxima, up by repetition, with convolved skips that are added.

    Args:
        inputs: channels of the input.
        encoder: channels of the convolutions of each stage, from the full side down.
        decoder: likewise on the way up, from the smallest side.
        outputs: channels of a last convolution with a norm but no activation; 0 for none.
        skip: convolutions of every skip.
    """

    def __init__(
        self, inputs: int, encoder: Stages, decoder: Stages, *, outputs: int = 0, skip: int
    ) -> None:
        super().__init__()
        self.down, self.skips, self.up = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        width = inputs
        for stage in encoder:
            self.down.append(_convolutions(width, stage))
            width = stage[-1]
        for stage in encoder[:-1]:
            self.skips.append(_convolutions(stage[-1], (stage[-1],) * skip))
        for stage in decoder:
            self.up.append(_convolutions(width, stage))
            width = stage[-1] if stage else width
        self.last = nn.Sequential(*convolution(width, outputs)) if outputs else nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """Maps of the same side; the side is a multiple of 2 to the number of halvings."""
        skipped: list[Tensor] = []
        for number, down in enumerate(self.down):
            maps = down(F.max_pool2d(maps, 2) if number else maps)
            if number < len(self.skips):
                skipped.append(self.skips[number](maps))
        for number, up in enumerate(self.up):
            if number:
                maps = F.interpolate(maps, scale_factor=2.0, mode="nearest") + skipped.pop()
            maps = up(maps)
        result: Tensor = self.last(maps)
        return result


def _convolutions(width: int, channels: tuple[int, ...]) -> nn.Sequential:
    """Convolutions with norm and leaky ReLU."""
    layers: list[nn.Module] = []
    for wide in channels:
        layers += [*convolution(width, wide), nn.LeakyReLU(SLOPE)]
        width = wide
    return nn.Sequential(*layers)


def convolution(width: int, channels: int, *, kernel: int = 3) -> list[nn.Module]:
    """A convolution with a bias, and its batch norm (code)."""
    norm = nn.BatchNorm2d(channels, eps=NORM_EPSILON, momentum=NORM_MOMENTUM)
    return [nn.Conv2d(width, channels, kernel, padding=kernel // 2), norm]


@torch.no_grad()
def draw_weights(module: nn.Module, generator: torch.Generator) -> None:
    """Draw start weights in place: Xavier uniform over kernel and channels, biases 0 (code)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.xavier_uniform_(part.weight, generator=generator)
            if part.bias is not None:
                part.bias.zero_()
