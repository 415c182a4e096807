"""The surrogate gradient field H (eq. 6) by products of Jacobians with vectors alone (3.4)."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Protocol

import torch
from torch import Tensor

#: F: latents `[N, D]` and conditions `[N, C]` to latents `[N, D]`, every sample by itself.
Mapping = Callable[[Tensor, Tensor], Tensor]


class Products(Protocol):
    """Products of the Jacobians of F, at latents and conditions, with vectors."""

    def along_conditions(self, change: Tensor) -> Tensor:
        """dF/dc times a change of the conditions `[N, C]`: `[N, D]`."""

    def along_latents(self, change: Tensor) -> Tensor:
        """dF/dz times a change of the latents `[N, D]`: `[N, D]`."""


class BackwardProducts:
    """By the reverse mode twice: u -> J'u is linear in u, and its own reverse mode gives Jv.

    F is passed once; each product is a pass through the graph of the reverse mode.

    Args:
        mapping: F.
        latents: `[N, D]`.
        conditions: `[N, C]`.
    """

    def __init__(self, mapping: Mapping, latents: Tensor, conditions: Tensor) -> None:
        with torch.enable_grad():
            inputs = [x.detach().requires_grad_() for x in (latents, conditions)]
            output = mapping(*inputs)
            self.weights = torch.zeros_like(output, requires_grad=True)
            self.transposed = torch.autograd.grad(output, inputs, self.weights, create_graph=True)

    def along_conditions(self, change: Tensor) -> Tensor:
        """See `Products`."""
        return self._again(self.transposed[1], change)

    def along_latents(self, change: Tensor) -> Tensor:
        """See `Products`."""
        return self._again(self.transposed[0], change)

    def _again(self, transposed: Tensor, change: Tensor) -> Tensor:
        return torch.autograd.grad(transposed, self.weights, change, retain_graph=True)[0]


class ForwardProducts:
    """By forward-mode differentiation: each product is one pass through F with its derivative.

    Arguments as for `BackwardProducts`.
    """

    def __init__(self, mapping: Mapping, latents: Tensor, conditions: Tensor) -> None:
        load_forward_mode()
        self.mapping, self.latents, self.conditions = mapping, latents, conditions

    def along_conditions(self, change: Tensor) -> Tensor:
        """See `Products`."""
        return _product(lambda c: self.mapping(self.latents, c), self.conditions, change)

    def along_latents(self, change: Tensor) -> Tensor:
        """See `Products`."""
        return _product(lambda z: self.mapping(z, self.conditions), self.latents, change)


#: The ways by their names in the configuration.
PRODUCTS: dict[str, Callable[[Mapping, Tensor, Tensor], Products]] = {
    "backward": BackwardProducts,
    "forward": ForwardProducts,
}


def displacement(products: Products, change: Tensor, order: int) -> Tensor:
    """Where a change of the conditions sends the latents: the inner loop of algorithm 1.

    The inverse of eq. 6 is cut after the term of power `order` of its Neumann series.

    Args:
        products: of F at the latents and their conditions.
        change: of the conditions, `[N, C]`; H is this of c_1 - c_0.
        order: m, 0 or more.

    Returns:
        `[N, D]`.
    """
    term = products.along_conditions(change)
    total = term
    for _ in range(order):
        term = products.along_latents(term)
        total = total + term
    return total


def spectral_radius(
    products: Products, generator: torch.Generator, start: Tensor, powers: int = 20
) -> Tensor:
    """About the largest absolute eigenvalue of dF/dz of each sample, by the power method.

    The Neumann series converges where it is below 1 (eq. 2).

    Args:
        products: of F at the latents and their conditions.
        generator: draws the vectors that the method starts from.
        start: a tensor `[N, D]` of the latents' type and device.
        powers: how often dF/dz is applied; the growth of the second half of them is averaged, which
            complex pairs of eigenvalues need.

    Returns:
        `[N]`.
    """
    vector = torch.randn(start.shape, generator=generator).to(start)
    growths = []
    for _ in range(powers):
        vector = products.along_latents(vector / vector.norm(dim=1, keepdim=True))
        growths.append(vector.norm(dim=1).log())
    return torch.stack(growths[powers // 2 :]).mean(dim=0).exp()


@cache
def load_forward_mode() -> None:
    """Let torch load its forward mode, which takes seconds and warns of torch's own code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        _product(torch.square, torch.zeros(1), torch.zeros(1))


def _product(function: Callable[[Tensor], Tensor], at: Tensor, change: Tensor) -> Tensor:
    """The directional derivative of a function along a change of its argument."""
    product: Tensor = torch.func.jvp(function, (at,), (change,))[1]
    return product
