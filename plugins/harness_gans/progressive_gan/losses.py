"""Losses of the Wasserstein GAN with gradient penalty and drift (appendix A)."""

from __future__ import annotations

import torch
from torch import Tensor

from harness.training.parallel import processes, share


def wasserstein_loss(real_values: Tensor, fake_values: Tensor) -> Tensor:
    """Mean of C(fake) less mean of C(real) (Arjovsky et al., 2017), which the critic lowers."""
    return fake_values.mean() - real_values.mean()


def drift(real_values: Tensor) -> Tensor:
    """Mean of C(real)^2, which keeps the critic's values from wandering off."""
    return real_values.square().mean()


def between(real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    """A random image on the straight line of every pair (Gulrajani et al., 2017).

    Args:
        real: `[N, 3, H, W]`, this process's rows.
        fake: `[N, 3, H, W]`.
        generator: source of the places, uniform and one a pair.
    """
    joint = processes() * len(real)
    place = share(torch.rand(joint, 1, 1, 1, generator=generator)).to(real)
    return real.lerp(fake, place)
