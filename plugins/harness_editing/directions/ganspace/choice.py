"""Which component, in which layers, stands for an attribute: chosen by what it does to images.

The paper's authors looked at every component and named it. Nobody does so here: a labelled sample
of latents decides instead, so this choice uses the guide where the paper's used an eye.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

#: Added to the changes of the other attributes, so that a ratio to none at all stays finite.
SIDE_FLOOR = 1e-3


@dataclass(frozen=True)
class Choice:
    """One candidate for each of C attributes.

    Attributes:
        components: `int64 [C]`.
        ranges: `int64 [C]`, positions among the ranges of layers.
        evidence: `float32 [C]`, the attribute's change or correlation; its sign is that of the
            direction.
    """

    components: Tensor
    ranges: Tensor
    evidence: Tensor


def layer_ranges(layers: int, runs: int) -> list[tuple[int, int]]:
    """All layers first, then `runs` runs of about equal length; ends are exclusive.

    >>> layer_ranges(8, 3)
    [(0, 8), (0, 3), (3, 5), (5, 8)]
    """
    marks = [round(index * layers / runs) for index in range(runs + 1)]
    parts = [pair for pair in pairwise(marks) if pair[0] < pair[1]]
    return list(dict.fromkeys([(0, layers), *parts]))


def by_effect(effects: Tensor, changes: Tensor, least: float) -> Choice:
    """What changes an attribute most for its changes of the others.

    Taken is the largest ratio of the attribute's effect to the mean change of the other attributes,
    among candidates with an effect of at least `least`; where there are none, the largest effect.

    Args:
        effects: `[K, R, C]`, mean change of each attribute by component and range of layers, with
            its sign.
        changes: `[K, R, C]`, mean size of the change, which does not cancel between samples.
        least: in the unit of the answers.
    """
    attributes = effects.shape[2]
    others = (changes.sum(dim=2, keepdim=True) - changes) / max(1, attributes - 1)
    sizes = effects.abs()
    ratios = (sizes / (others + SIDE_FLOOR)).masked_fill(sizes < least, -1.0).flatten(0, 1)
    best = torch.where((ratios > 0).any(dim=0), ratios.argmax(0), sizes.flatten(0, 1).argmax(0))
    return Choice(
        components=best // effects.shape[1],
        ranges=best % effects.shape[1],
        evidence=effects.flatten(0, 1).gather(0, best[None])[0],
    )


def by_correlation(coordinates: Tensor, answers: Tensor) -> Choice:
    """The component that correlates most with an attribute, in all layers.

    Args:
        coordinates: of latents along the components, `[N, K]`, each of some variance.
        answers: of the guide, `[N, C]`, each of some variance.
    """
    along, said = _standardised(coordinates), _standardised(answers)
    correlations = along.T @ said / len(along)
    best = correlations.abs().argmax(dim=0)
    return Choice(
        components=best,
        ranges=torch.zeros_like(best),
        evidence=correlations.gather(0, best[None])[0].float(),
    )


def _standardised(values: Tensor) -> Tensor:
    centred = values.double() - values.double().mean(dim=0)
    return centred / centred.square().mean(dim=0).sqrt()
