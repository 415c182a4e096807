"""The perceptual loss: differences of features, each layer divided by its own mean."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from harness.errors import ConfigError
from harness.training.parallel import joint_mean
from harness.vision.perceptual.nets import FeatureNet

#: Least mean by which a layer is divided: one that is the same on both sides then counts 0.
LEAST_MEAN = 1e-12


class PerceptualLoss(nn.Module):
    """sum_l mean(M |f_l(real) - f_l(drawn)|^p) / w_l, with w_l the running mean of the l-th term.

    The w_l follow the terms in training mode only; in equilibrium every layer contributes 1. They
    are taken after the present batch is blended in, and no gradient flows through them (in the
    published code it does, which scales a layer's gradient by 1 - rate w, about 0.99).

    Args:
        net: a frozen network; the image itself is layer 0.
        rate: share of the present batch in the running means.
        start: their start values, one a layer; `None` starts them at the first batch's terms.
        power: p, 2 for squared differences or 1 for absolute ones.

    Raises:
        ConfigError: there is not one start value above 0 for each layer.

    Source: Jakab et al. 2018, section 3.2, after Chen and Koltun 2017; constants from the code.
    """

    means: Tensor

    def __init__(
        self,
        net: FeatureNet,
        *,
        rate: float = 0.01,
        start: tuple[float, ...] | None = None,
        power: Literal[1, 2] = 2,
    ) -> None:
        super().__init__()
        self.net = net.eval().requires_grad_(False)
        self.rate = rate
        self.power = power
        layers = 1 + net.layers
        if start is not None and (len(start) != layers or min(start) <= 0):
            raise ConfigError(
                f"perceptual_start is {start}, expected {layers} numbers above 0: one for the "
                f"image and one for each of the network's {net.layers} layers."
            )
        means = (torch.nan,) * layers if start is None else start
        self.register_buffer("means", torch.tensor(means))

    def forward(self, drawn: Tensor, real: Tensor, mask: Tensor | None = None) -> Tensor:
        """The loss of one batch.

        Args:
            drawn: `[N, 3, H, W]`, 0 to 255.
            real: likewise; no gradient flows into it.
            mask: `[N, 1, H, W]`, 0 to 1, resized to every layer; its zeros count in the means.

        Returns:
            A scalar, near the number of layers in equilibrium.
        """
        with torch.no_grad():
            targets = [real.detach(), *self.net(real)]
        guesses = [drawn, *self.net(drawn)]
        pairs = zip(guesses, targets, strict=True)
        terms = torch.stack([_masked_mean(a, b, mask, self.power) for a, b in pairs])
        # Of the joint batch, where several processes have its rows.
        means = self._updated(joint_mean(terms.detach()))
        return (terms / means.clamp_min(LEAST_MEAN)).sum()

    def error(self) -> Tensor:
        """Geometric mean of the layers' running means.

        It falls as long as the drawn images come closer to the real ones; the loss itself stays
        near the number of layers, because every layer is divided by its own running mean.
        """
        return self.means.clamp_min(LEAST_MEAN).log().mean().exp()

    def _updated(self, terms: Tensor) -> Tensor:
        blended = torch.where(self.means.isnan(), terms, self.means.lerp(terms, self.rate))
        if self.training:
            self.means.copy_(blended)
        return blended

    def train(self, mode: bool = True) -> PerceptualLoss:
        """Set whether the running means move; the network always stays in evaluation mode."""
        super().train(mode)
        self.net.eval()
        return self


def _masked_mean(guess: Tensor, target: Tensor, mask: Tensor | None, power: int) -> Tensor:
    """mean(M |a - b|^power) in float32."""
    gaps = guess.float() - target.float()
    gaps = gaps.square() if power == 2 else gaps.abs()
    if mask is None:
        return gaps.mean()
    if mask.shape[-2:] != gaps.shape[-2:]:
        mask = F.interpolate(mask, gaps.shape[-2:], mode="bilinear", align_corners=False)
    return (gaps.mean(dim=1, keepdim=True) * mask).mean()
