"""The kernel Inception distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric
from harness.errors import ConfigError
from harness_metrics.fields import Floats
from harness_metrics.image_sets import ImageSets
from harness_metrics.params import KidParams

#: The kernel is (x . y / d + 1) to this power.
DEGREE = 3


class Kid(Metric):
    """Unbiased squared discrepancy of generated and real images under a cubic kernel.

    Lower is better; no unit; 0 on average for equal distributions, so that single values may be
    slightly negative. Features are those of the parameter `extractor`: Inception's, as for `fid`,
    unless a suite names another. The value is the mean over random subsets of both sides, drawn
    without repeats inside of a subset. `details` holds their standard deviation (divisor
    subsets - 1); subsets share images, so this is no standard error of the mean.

    Source: Binkowski et al. 2018 (section 4 and eq. 4).
    """

    params: KidParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Mean discrepancy over the subsets.

        Raises:
            ConfigError: subsets are larger than one side.
            UnknownName: there is no such extractor.
            AssetMissing: its weights are not on this machine.
            DataError: they are other weights, or the images or labels are missing.
        """
        params = self.params
        sets = ImageSets.of(evaluation, params)
        size, fewest = params.subset_size, sets.smaller()
        if size > fewest:
            raise ConfigError(
                f"kid: subset_size = {size}, but one side has {fewest} images; make it smaller."
            )
        real, made = sets.real_features(), sets.generated_features()
        random = np.random.default_rng(params.seed)
        values = np.array(
            [
                discrepancy(
                    made[random.choice(len(made), size, replace=False)],
                    real[random.choice(len(real), size, replace=False)],
                )
                for _ in range(params.subsets)
            ]
        )
        spread = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        details = {"standard deviation of subsets": spread, **sets.details()}
        return Measurement(float(values.mean()), details=details)


def discrepancy(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Unbiased squared maximum mean discrepancy of two sets of m vectors `[m, d]`, m at least 2.

    A vector's kernel with itself is left out; pairs across the sets all count.

    >>> x, y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 1.0], [2.0, 0.0]])
    >>> round(discrepancy(x, y), 6)
    1.125
    """
    count = len(one)
    sides = one.astype(np.float64), other.astype(np.float64)
    within = sum(float(k.sum() - np.trace(k)) for k in (_kernel(side, side) for side in sides))
    across = float(_kernel(*sides).sum())
    return within / (count * (count - 1)) - 2.0 * across / count**2


def _kernel(one: Floats, other: Floats) -> Floats:
    return np.asarray((one @ other.T / one.shape[1] + 1.0) ** DEGREE)
