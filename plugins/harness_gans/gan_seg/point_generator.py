"""Level 1: noise to the points, places, scales and embeddings of the parts (paper 3.1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from harness.vision.heatmaps import cone_heatmaps, gaussian_heatmaps
from harness_gans.gan_seg.config import GanSegConfig
from harness_gans.noise_network import NoiseNetwork
from harness_gans.precision import at_least_float32


@dataclass(frozen=True)
class Parts:
    """What level 1 draws, in signed coordinates (x, y), -1 to 1 across the image.

    Attributes:
        points: `[N, K, n, 2]`, the n points of every part.
        embeddings: `[N, K, E]`, what the parts look like.
        heatmap: which scale and map the points stand for, as in the configuration.
        fixed_scale: a squared scale that replaces that of the points, or `None`.
    """

    points: Tensor
    embeddings: Tensor
    heatmap: str = "gaussian"
    fixed_scale: float | None = None

    @property
    def centres(self) -> Tensor:
        """`[N, K, 2]`, the mean of a part's points (eq. 1)."""
        return self.points.mean(dim=2)

    @property
    def deviations(self) -> Tensor:
        """`[N, K]`, mean absolute deviation of the coordinates from the centre (code)."""
        return (self.points - self.centres[:, :, None]).abs().mean(dim=(2, 3))

    @property
    def variances(self) -> Tensor:
        """`[N, K]`, sigma^2 of eq. 1, or the code's variance of the distances to the centre.

        As printed, eq. 1 divides the root by n - 1: sigma^2 = sum of squares / (n - 1)^2.
        """
        offsets = self.points - self.centres[:, :, None]
        if self.heatmap == "variance":
            return offsets.square().sum(dim=3).sqrt().var(dim=2)
        return offsets.square().sum(dim=(2, 3)) / (self.points.shape[2] - 1) ** 2

    def heatmaps(self, xs: Tensor, ys: Tensor) -> Tensor:
        """`[N, K, H, W]`, the parts' maps at these columns and rows (eq. 4)."""
        if self.fixed_scale is not None:
            same = torch.full_like(self.points[:, :, 0, 0], self.fixed_scale)
            return gaussian_heatmaps(self.centres, same, xs, ys)
        if self.heatmap == "cone":
            return cone_heatmaps(self.centres, self.deviations, xs, ys)
        return gaussian_heatmaps(self.centres, self.variances, xs, ys)

    def moved(self, offset: Tensor) -> Parts:
        """The same parts with all points moved by `offset`, broadcast to `[N, K, n, 2]`."""
        return replace(self, points=self.points + offset)


class PointGenerator(nn.Module):
    """Draws `Parts` from two noise vectors, so that looks tell nothing about places.

    Args:
        config: sizes, divisor, layout and kind of heatmap.
        parts: K.
    """

    def __init__(self, config: GanSegConfig, parts: int) -> None:
        super().__init__()
        self.config, self.parts = config, parts
        coordinates = 2 * config.points_per_part * parts
        self.places = noise_network(config, config.point_layers, coordinates)
        self.appearance = noise_network(config, config.appearance_layers, config.embedding_size)
        self.constants = nn.Parameter(torch.empty(parts, config.embedding_size))

    def forward(self, place_noise: Tensor, appearance_noise: Tensor) -> Parts:
        """Noise vectors `[N, noise_size]` to parts; w_k = w_dynamic * w_k_const (eq. 2 and 3)."""
        output = at_least_float32(self.places(place_noise)) / self.config.point_divisor
        points = torch.tanh(output).view(-1, self.parts, self.config.points_per_part, 2)
        looks = at_least_float32(self.appearance(appearance_noise))
        return Parts(
            points,
            looks[:, None] * self.constants,
            heatmap=self.config.heatmap,
            fixed_scale=self.config.fixed_scale,
        )

    def spread(self, generator: torch.Generator) -> None:
        """Give every part a fixed random place to start from (`layout_spread`)."""
        layout = torch.randn(self.parts, 1, 2, generator=generator) * self.config.layout_spread
        same = layout.expand(-1, self.config.points_per_part, -1).reshape(-1)
        with torch.no_grad():
            self.places.output.bias.copy_(same * self.config.point_divisor)


def noise_network(config: GanSegConfig, layers: int, outputs: int) -> NoiseNetwork:
    """A perceptron of the configuration's widths."""
    return NoiseNetwork(config.noise_size, config.hidden_size, layers, outputs)
