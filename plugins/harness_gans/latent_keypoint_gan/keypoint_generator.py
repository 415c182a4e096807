"""Noise to keypoints, their embeddings and the background's (paper 3.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from harness_gans.latent_keypoint_gan.config import LatentKeypointGanConfig
from harness_gans.noise_network import NoiseNetwork
from harness_gans.precision import at_least_float32


@dataclass(frozen=True)
class Noise:
    """What images are drawn from.

    There may be more images than poses: image P + i has the places and looks of image i and a
    background of its own.

    Attributes:
        positions: `[P, noise_size]`, normal.
        appearance: `[P, noise_size]`, normal.
        background: `[N, noise_size]`, normal, N >= P.
        jitter: `[P, K, 2]`, added to the positions before tanh, or `None`.
    """

    positions: Tensor
    appearance: Tensor
    background: Tensor
    jitter: Tensor | None = None

    @staticmethod
    def drawn(
        config: LatentKeypointGanConfig,
        poses: int,
        generator: torch.Generator,
        *,
        partners: int = 0,
        jitter: tuple[int, float] = (0, 0.0),
    ) -> Noise:
        """Fresh noise on the CPU.

        Args:
            config: size of the noise.
            poses: P.
            generator: source of all draws.
            partners: how many of the first images get a partner with another background, N - P.
            jitter: K and the standard deviation of the jitter; 0 draws none.
        """
        keypoints, deviation = jitter
        size = config.noise_size
        positions, appearance = torch.randn(2, poses, size, generator=generator)
        background = torch.randn(poses + partners, size, generator=generator)
        moves = None
        if deviation > 0:
            moves = deviation * torch.randn(poses, keypoints, 2, generator=generator)
        return Noise(positions, appearance, background, moves)

    def to(self, like: Tensor) -> Noise:
        """The same noise with the device and the type of `like`."""
        values = (self.positions, self.appearance, self.background, self.jitter)
        return Noise(*(v if v is None else v.to(like.device, like.dtype) for v in values))  # type: ignore[arg-type]

    def rows(self, take: Callable[[Tensor], Tensor]) -> Noise:
        """The noise of some of the images, each with its partner where it has one.

        Args:
            take: chooses rows of a tensor `[N, ...]`: of the poses with partners, then of the
                others, so that the partners still belong to the first poses.
        """
        poses = len(self.positions)
        partners = len(self.background) - poses

        def taken(values: Tensor) -> Tensor:
            parts = (values[:partners], values[partners:poses], values[poses:])
            return torch.cat([take(part) for part in parts if len(part)])

        jitter = None if self.jitter is None else taken(self.jitter)
        background = taken(self.background)
        return Noise(taken(self.positions), taken(self.appearance), background, jitter)


@dataclass(frozen=True)
class Latents:
    """What images are painted from; see `Noise` for images that share a pose.

    Attributes:
        points: `[P, K, 2]`, (x, y), signed as the configuration's grid says.
        appearance: `[P, K, E]`, the embeddings w_j.
        background: `[N, E]`, the embedding w_bg, or `[N, 0]` without a background.
    """

    points: Tensor
    appearance: Tensor
    background: Tensor


class KeypointGenerator(nn.Module):
    """Draws `Latents` from three noise vectors, so that places, looks and background are apart.

    Args:
        config: sizes, gain, divisor and layout.
        keypoints: K.
    """

    def __init__(self, config: LatentKeypointGanConfig, keypoints: int) -> None:
        super().__init__()
        self.config, self.keypoints = config, keypoints
        noise, hidden, size = config.noise_size, config.hidden_size, config.embedding_size
        depth = config.appearance_layers
        self.positions = NoiseNetwork(noise, hidden, config.position_layers, 2 * keypoints)
        self.appearance = NoiseNetwork(noise, hidden, depth, size)
        if config.separate_background:
            self.background = NoiseNetwork(noise, hidden, depth, size)
        self.constants = nn.Parameter(torch.empty(keypoints, size))

    def forward(self, noise: Noise) -> Latents:
        """Places by tanh, w_j = w_global * w_j_const (eq. 1), and w_bg."""
        output = at_least_float32(self.positions(noise.positions)) / self.config.position_divisor
        places = output.view(-1, self.keypoints, 2)
        if noise.jitter is not None:
            places = places + noise.jitter
        looks = at_least_float32(self.appearance(noise.appearance))
        background = noise.background[:, :0]
        if self.config.separate_background:
            background = at_least_float32(self.background(noise.background))
        return Latents(torch.tanh(places), looks[:, None] * self.constants, background)

    @torch.no_grad()
    def draw_start(self, generator: torch.Generator) -> None:
        """Constants N(0, 1), the small last layer of App. B, and the layout of the keypoints.

        The other weights must have been drawn before.
        """
        self.constants.normal_(generator=generator)
        self.positions.output.weight.mul_(self.config.position_gain)
        layout = torch.randn(2 * self.keypoints, generator=generator) * self.config.layout_spread
        self.positions.output.bias.copy_(layout * self.config.position_divisor)
