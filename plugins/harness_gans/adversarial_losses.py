"""Losses between a generator and a discriminator, and the penalty on the discriminator's slope."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from harness_gans.precision import at_least_float32


def generator_loss(fake_logits: Tensor) -> Tensor:
    """Mean of log(1 + exp(-D(fake))), the non-saturating loss (Goodfellow et al., 2014)."""
    return F.softplus(-fake_logits).mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean of log(1 + exp(D(fake))) plus mean of log(1 + exp(-D(real)))."""
    return F.softplus(fake_logits).mean() + F.softplus(-real_logits).mean()


def hinge_generator_loss(fake_logits: Tensor) -> Tensor:
    """Mean of -D(fake) (Lim and Ye, 2017)."""
    return -fake_logits.mean()


def hinge_discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Mean of max(0, 1 + D(fake)) plus mean of max(0, 1 - D(real))."""
    return F.relu(1.0 + fake_logits).mean() + F.relu(1.0 - real_logits).mean()


def gradient_penalty(real: Tensor, real_logits: Tensor, kind: str) -> Tensor:
    """Penalty on the gradient g of D at real images.

    Args:
        real: `[N, 3, H, W]`, part of the graph of `real_logits`.
        real_logits: `[N]`.
        kind: `r1`, mean |g|^2, or `one_centred`, mean (|g| - 1)^2.

    Source: Mescheder et al., 2018, penalise |g|^2 with a factor 1/2 that is left out here, as in
    GANSeg (eq. 15) and LatentKeypointGAN (eq. 8), which print the mean of g itself and cite them;
    GANSeg's code has the second form.
    """
    (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    squares = at_least_float32(slope).square().sum(dim=(1, 2, 3))
    if kind == "r1":
        return squares.mean()
    return (squares.sqrt() - 1.0).square().mean()
