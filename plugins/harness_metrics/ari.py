"""Adjusted Rand index of predicted and true parts."""

from __future__ import annotations

import numpy as np

from harness_metrics.contingency import PooledAgreement
from harness_metrics.fields import Floats


class AdjustedRandIndex(PooledAgreement):
    """Share of pixel pairs on which two labellings agree, corrected for chance, in percent.

    Higher is better; 100 for equal labellings up to names, 0 for chance and for a constant
    prediction, below 0 for less than chance; both constant count as 100. Pooled over all test
    pixels.

    Source: Choudhury et al. 2021 (evaluation notebooks).
    """

    def score(self, table: Floats) -> float:
        """See `adjusted_rand_index`."""
        return adjusted_rand_index(table)


def adjusted_rand_index(table: Floats) -> float:
    """Adjusted Rand index of a table of counts `[A, B]` with a sum of two or more, in [-1, 1].

    Pair counts stay in float64: their products overflow 64-bit integers at millions of pixels.

    >>> round(adjusted_rand_index(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])), 6)
    0.242424
    """
    together = _pairs(table)
    ours, theirs = _pairs(table.sum(axis=1)), _pairs(table.sum(axis=0))
    expected = ours * (theirs / _pairs(table.sum()))
    largest = (ours + theirs) / 2
    if largest == expected:
        return 1.0
    return float((together - expected) / (largest - expected))


def _pairs(counts: Floats | np.float64) -> float:
    """Number of unordered pairs within the groups of these sizes."""
    sizes = np.asarray(counts, dtype=np.float64)
    return float((sizes * (sizes - 1) / 2).sum())
