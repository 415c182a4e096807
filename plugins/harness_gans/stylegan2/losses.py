"""The path length penalty, and what regularisers mean for Adam that come once in a while."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from harness.training.parallel import joint_mean, processes, share
from harness_gans.precision import at_least_float32

#: Added to a second moment's root (the official code).
ADAM_EPSILON = 1e-8


def path_lengths(images: Tensor, w: Tensor, generator: torch.Generator) -> Tensor:
    """How far an image moves along a random direction when its latents do (section 3.2).

    Args:
        images: `[N, 3, H, W]`, this process's rows, a differentiable function of `w`.
        w: `[N, L, D]`.
        generator: source of the directions y, N(0, 1) / root(H W).

    Returns:
        |J^T y| `[N]`, differentiable: the root of the mean over the L inputs of the squared length
        of the gradient of y . image. (The official code; the paper has one w for all layers.)
    """
    size = math.sqrt(images.shape[2] * images.shape[3])
    joint = (processes() * len(images), *images.shape[1:])
    directions = share(torch.randn(joint, generator=generator)).to(images) / size
    (slope,) = torch.autograd.grad((images * directions).sum(), w, create_graph=True)
    return at_least_float32(slope).square().sum(dim=2).mean(dim=1).sqrt()


class PathPenalty(nn.Module):
    """(length - a)^2 with a, the running mean of all lengths so far (eq. 4).

    Args:
        decay: share of the old mean that is kept.

    Attributes:
        mean: a, 0 at the start.
    """

    mean: Tensor

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, lengths: Tensor) -> Tensor:
        """The mean penalty of lengths `[N]`, which enter the running mean first, those of all."""
        mean = joint_mean(lengths.detach().mean())
        self.mean.lerp_(mean.to(self.mean), 1.0 - self.decay)
        return (lengths - self.mean).square().mean()


def lazy_adam(
    parameters: Iterable[nn.Parameter],
    rate: float,
    betas: tuple[float, float],
    interval: int | None,
) -> torch.optim.Adam:
    """Adam for a loss with a step of its own and a regulariser with one every `interval` steps.

    There are c = k / (k + 1) times as many steps of the loss as in all. So that k + 1 steps do what
    k did, rate and betas become c rate and beta^c (appendix B).

    Args:
        parameters: what it moves.
        rate: learning rate without a regulariser.
        betas: without a regulariser.
        interval: k, or `None` where there is no regulariser.
    """
    share = 1.0 if interval is None else interval / (interval + 1)
    lazy = (betas[0] ** share, betas[1] ** share)
    return torch.optim.Adam(parameters, share * rate, lazy, eps=ADAM_EPSILON, fused=True)
