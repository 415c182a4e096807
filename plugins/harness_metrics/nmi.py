"""Normalised mutual information of predicted and true parts."""

from __future__ import annotations

import numpy as np

from harness_metrics.contingency import PooledAgreement
from harness_metrics.fields import Floats


class NormalisedMutualInformation(PooledAgreement):
    """Mutual information of two labellings over the mean of their entropies, in percent.

    Higher is better; 100 for equal labellings up to names, 0 for a constant prediction; both
    constant count as 100. The mean is arithmetic. Pooled over all test pixels.

    Source: Choudhury et al. 2021 (evaluation notebooks); denominators as in scikit-learn.
    """

    def score(self, table: Floats) -> float:
        """See `normalised_mutual_information`."""
        return normalised_mutual_information(table)


def normalised_mutual_information(table: Floats) -> float:
    """Normalised mutual information of a table of counts `[A, B]` with a positive sum, in [0, 1].

    >>> round(normalised_mutual_information(np.array([[2.0, 1.0, 0.0], [0.0, 1.0, 2.0]])), 6)
    0.515804
    """
    joint = table / table.sum()
    entropies = _entropy(joint.sum(axis=1)) + _entropy(joint.sum(axis=0))
    if entropies == 0:
        return 1.0
    information = entropies - _entropy(joint.ravel())
    return float(np.clip(2 * information / entropies, 0.0, 1.0))


def _entropy(shares: Floats) -> float:
    occurring = shares[shares > 0]
    return float(-(occurring * np.log(occurring)).sum())
