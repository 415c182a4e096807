"""The auxiliary mapping F(z, c), which gives z back where c are the conditions of z (eq. 1).

The paper's section 4.3: an MLP combined with AdaIN, spectral normalisation in all linear layers.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness_editing.sgf.config import SgfConfig

#: Of the leaky ReLU; choice.
SLOPE = 0.2
#: Steps of the power method when weights are drawn; every training pass makes one more.
START_POWERS = 50
#: Latents that vary less than this over the pairs are constant, conditions that do say nothing.
LEAST_DEVIATION = 1e-4


class SpectralLayers(nn.Module):
    """Linear layers of one shape, each weight divided by its largest singular value.

    They lie in one tensor because fifteen small power methods take longer than one large one. The
    power method (Miyato et al., 2018) makes a step a training pass and stands still in evaluation.

    Args:
        count: layers.
        inputs: features in.
        outputs: features out.
        normalised: false for plain linear layers.
    """

    left: Tensor

    def __init__(self, count: int, inputs: int, outputs: int, *, normalised: bool) -> None:
        super().__init__()
        self.normalised = normalised
        self.weight = nn.Parameter(torch.zeros(count, outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(count, outputs))
        self.register_buffer("left", torch.zeros(count, 1, outputs))

    @torch.no_grad()
    def draw(self, generator: torch.Generator) -> None:
        """Orthogonal start weights, no bias."""
        for weight in self.weight:
            nn.init.orthogonal_(weight, generator=generator)
        self.bias.zero_()
        self.left.copy_(torch.randn(self.left.shape, generator=generator))
        for _ in range(START_POWERS):
            self.left.copy_(self._powers()[0])

    def layers(self) -> tuple[Tensor, Tensor]:
        """Weights `[count, outputs, inputs]` as they are applied, and biases `[count, outputs]`."""
        if not self.normalised:
            return self.weight, self.bias
        with torch.no_grad():
            left, right = self._powers()
            if self.training:
                self.left.copy_(left)
        return self.weight / (left @ self.weight @ right), self.bias

    def _powers(self) -> tuple[Tensor, Tensor]:
        """One step of the power method: left `[count, 1, outputs]`, right `[count, inputs, 1]`."""
        right = F.normalize(self.left @ self.weight, dim=2).mT
        left = F.normalize(self.weight @ right, dim=1).mT
        return left, right


class AuxiliaryMapping(nn.Module):
    """F: blocks of AdaIN, leaky ReLU and a linear layer, then a linear layer.

    Latents and conditions come in, and latents go out, as they are; inside they are standardised by
    their means and deviations over the pairs.

    Args:
        config: the configuration.
        latent_size: D.
        condition_count: C.
    """

    latent_mean: Tensor
    latent_deviation: Tensor
    condition_mean: Tensor
    condition_scale: Tensor

    def __init__(self, config: SgfConfig, latent_size: int, condition_count: int) -> None:
        super().__init__()
        self.normalise_first = config.normalise_first
        blocks, normalised = config.blocks, config.spectral_norm
        scales = latent_size if config.adain == "feature" else 1
        self.styles = SpectralLayers(
            blocks, condition_count, 2 * scales, normalised=normalised and config.style_norm
        )
        self.linear = SpectralLayers(blocks + 1, latent_size, latent_size, normalised=normalised)
        self.register_buffer("latent_mean", torch.zeros(latent_size))
        self.register_buffer("latent_deviation", torch.ones(latent_size))
        self.register_buffer("condition_mean", torch.zeros(condition_count))
        self.register_buffer("condition_scale", torch.ones(condition_count))

    def forward(self, latents: Tensor, conditions: Tensor) -> Tensor:
        """F of latents `[N, D]` and conditions `[N, C]`: latents `[N, D]`."""
        features = (latents - self.latent_mean) / self.latent_deviation
        styles = self._styles((conditions - self.condition_mean) * self.condition_scale)
        weights, biases = (stack.unbind() for stack in self.linear.layers())
        for index, style in enumerate(styles):
            scale, shift = style.chunk(2, dim=1)
            if index or self.normalise_first:
                features = F.layer_norm(features, features.shape[1:])
            features = F.leaky_relu((1.0 + scale) * features + shift, SLOPE)
            features = F.linear(features, weights[index], biases[index])
        features = F.linear(features, weights[-1], biases[-1])
        return self.latent_mean + self.latent_deviation * features

    def draw(self, generator: torch.Generator) -> None:
        """Draw the start weights."""
        self.styles.draw(generator)
        self.linear.draw(generator)

    @torch.no_grad()
    def standardise(self, latents: Tensor, conditions: Tensor) -> None:
        """Take the means and deviations of pairs, `[N, D]` and `[N, C]`."""
        self.latent_mean.copy_(latents.mean(dim=0))
        self.latent_deviation.copy_(latents.std(dim=0).clamp_min(LEAST_DEVIATION))
        self.condition_mean.copy_(conditions.mean(dim=0))
        deviation = conditions.std(dim=0)
        says = deviation >= LEAST_DEVIATION
        self.condition_scale.copy_(torch.where(says, 1.0 / deviation, 0.0))

    @property
    def spread(self) -> Tensor:
        """Mean variance of the latents' values over the pairs, `[]`."""
        return self.latent_deviation.square().mean()

    def _styles(self, conditions: Tensor) -> tuple[Tensor, ...]:
        """Scale and shift of every block, `[N, 2 D]` or `[N, 2]` each."""
        weights, biases = self.styles.layers()
        repeated = conditions.expand(len(weights), -1, -1)
        return torch.baddbmm(biases[:, None], repeated, weights.mT).unbind()
