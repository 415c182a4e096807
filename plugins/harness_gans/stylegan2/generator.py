"""The generator: z to w by a mapping network, w to an image by a synthesis network (fig. 2, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_gans.equalised import EqualisedLinear, normalised
from harness_gans.noise_network import SLOPE
from harness_gans.stylegan2.config import StyleGan2Config
from harness_gans.stylegan2.modulation import GAIN, ColourLayer, StyledLayer
from harness_gans.stylegan2.resampling import doubled
from harness_gans.widths import START_SIDE

#: How much slower the mapping network learns (StyleGAN, appendix C).
MAPPING_RATE = 0.01
#: Share of the old mean of w that is kept in an update (the official code).
MEAN_DECAY = 0.995


class Mapping(nn.Module):
    """z to w: normalisation, then linear layers with leaky ReLU.

    Args:
        noise_size: values of z.
        style_size: values of w.
        layers: number of layers, at least 1.
    """

    def __init__(self, noise_size: int, style_size: int, layers: int) -> None:
        super().__init__()
        sizes = [noise_size] + [style_size] * (layers - 1)
        self.layers = nn.ModuleList(
            EqualisedLinear(size, style_size, rate=MAPPING_RATE) for size in sizes
        )

    def forward(self, z: Tensor) -> Tensor:
        """`[N, noise_size]`, N(0, 1), to `[N, style_size]`."""
        w = normalised(z)
        for layer in self.layers:
            w = F.leaky_relu(layer(w), SLOPE) * GAIN
        return w


class Synthesis(nn.Module):
    """w to images: a learned start, two styled layers a side, colours summed along the sides.

    Args:
        channels: of the maps at 4, 8, 16 ... pixels.
        style_size: values of w.
        noise: whether the layers have noise.

    Attributes:
        inputs: L, how many w an image takes: one a styled layer, and one for the last colours. The
            colours of the other sides share theirs with the styled layer that follows.
        sides: of the styled layers' outputs, in pixels.
    """

    start: nn.Parameter

    def __init__(self, channels: Sequence[int], style_size: int, *, noise: bool) -> None:
        super().__init__()
        self.noise = noise
        self.start = nn.Parameter(torch.randn(1, channels[0], START_SIDE, START_SIDE))
        self.layers, self.colours = nn.ModuleList(), nn.ModuleList()
        self.sides: list[int] = []
        before = channels[0]
        for index, width in enumerate(channels):
            for double in (True, False) if index else (False,):
                layer = StyledLayer(before, width, style_size, noise=noise, double=double)
                self.layers.append(layer)
                self.sides.append(START_SIDE * 2**index)
                before = width
            self.colours.append(ColourLayer(width, style_size))
        self.inputs = len(self.layers) + 1
        for index, side in enumerate(self.sides if noise else ()):
            self.register_buffer(f"noise_{index}", torch.randn(1, 1, side, side))

    def forward(self, w: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Images of latents.

        Args:
            w: `[N, style_size]` for all layers, or `[N, L, style_size]`, one for each.
            noise: for each styled layer `[N, 1, H, W]` at its side; by default the network's own,
                which is always the same.

        Returns:
            `[N, 3, H, W]`, about -1 to 1, in the type of w.
        """
        each = self.for_each_layer(w).unbind(dim=1)
        if noise is None:
            noise = self.own_noise()
        maps = self.start.to(w.dtype).expand(len(w), -1, -1, -1)
        images: Tensor | None = None
        for index, layer in enumerate(self.layers):
            maps = layer(maps, each[index], noise[index] if noise else None)
            if index % 2 == 0:  # The last layer at its side.
                colours = self.colours[index // 2](maps, each[index + 1])
                images = colours if images is None else doubled(images) + colours
        return cast(Tensor, images).to(w.dtype)

    def for_each_layer(self, w: Tensor) -> Tensor:
        """`[N, style_size]` repeated to `[N, L, style_size]`, which is passed through."""
        return w[:, None].expand(-1, self.inputs, -1) if w.dim() == 2 else w

    def own_noise(self) -> list[Tensor]:
        """The fixed noise of every styled layer, `[1, 1, H, W]`; empty without noise."""
        return [cast(Tensor, getattr(self, f"noise_{i}")) for i in range(self._noises)]

    def drawn_noise(self, count: int, generator: torch.Generator) -> list[Tensor]:
        """Fresh noise of every styled layer, `[count, 1, H, W]`, on the network's device."""
        sides = self.sides[: self._noises]
        device = self.start.device
        return [torch.randn(count, 1, s, s, generator=generator).to(device) for s in sides]

    @property
    def _noises(self) -> int:
        return len(self.sides) if self.noise else 0

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start and the fixed noise again."""
        self.start.normal_(generator=generator)
        for noise in self.own_noise():
            noise.normal_(generator=generator)


class Generator(nn.Module):
    """Mapping and synthesis, and the mean of w, towards which latents can be pulled.

    Everything is differentiable with respect to z, w and the weights.

    Args:
        config: the configuration.
        image_size: side in pixels.

    Attributes:
        mean: running mean of w, `[style_size]`.
    """

    mean: Tensor

    def __init__(self, config: StyleGan2Config, image_size: int) -> None:
        super().__init__()
        channels = config.channels(image_size)
        self.noise_size = config.noise_size
        self.mapping = Mapping(config.noise_size, config.style_size, config.mapping_layers)
        self.synthesis = Synthesis(channels, config.style_size, noise=config.noise)
        self.register_buffer("mean", torch.zeros(config.style_size))

    def forward(
        self,
        z: Tensor,
        truncation: float = 1.0,
        layers: int | None = None,
        noise: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Images `[N, 3, H, W]` of z `[N, noise_size]`; see `truncated` and `Synthesis.forward`."""
        images: Tensor = self.synthesis(self.truncated(self.mapping(z), truncation, layers), noise)
        return images

    def truncated(self, w: Tensor, truncation: float, layers: int | None = None) -> Tensor:
        """Latents pulled towards the mean: mean + truncation (w - mean).

        Args:
            w: `[N, style_size]` or `[N, L, style_size]`.
            truncation: psi; 1 leaves w as it is, 0 gives the mean.
            layers: pull only the first so many of the L, which gives the second form.
        """
        if truncation == 1.0:
            return w
        pulled = self.mean.lerp(w, truncation)
        if layers is None:
            return pulled
        whole, each = self.synthesis.for_each_layer(w), self.synthesis.for_each_layer(pulled)
        return torch.cat([each[:, :layers], whole[:, layers:]], dim=1)

    @torch.no_grad()
    def follow(self, w: Tensor) -> None:
        """Move the running mean towards that of a batch `[N, style_size]`."""
        self.mean.lerp_(w.detach().mean(dim=0).to(self.mean.dtype), 1.0 - MEAN_DECAY)

    @torch.no_grad()
    def measure_mean(self, count: int, generator: torch.Generator) -> None:
        """Set the mean to that of `count` fresh latents."""
        z = torch.randn(count, self.noise_size, generator=generator)
        self.mean.copy_(self.mapping(z.to(self.mean)).mean(dim=0))
