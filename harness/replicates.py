"""Several training runs of one configuration: the noise of training beside the noise of images.

A run is the unit of replication: it is averaged over its images first. Training noise follows
Student's t over the runs, since a bootstrap over two or three runs is far too narrow; the noise of
the test images, which all runs share, is added to it in quadrature. `benchmarks/intervals.py`
prints how often such intervals hold the true value, beside the bootstrap's.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

#: Up to this many ways to deal out the runs the test visits every one.
EXACT_SPLITS = 20_000
#: Random ways beyond that.
RANDOM_SPLITS = 10_000

#: Up to these degrees of freedom a quantile of Student's t is a finite sum.
WHOLE_FREEDOM = 2_000

#: Two ends of an interval.
Ends = tuple[float, float]


class Spread(NamedTuple):
    """Variance of training, pooled over several configurations, and its degrees of freedom."""

    variance: float
    freedom: int


def student(freedom: float) -> float:
    """97.5 % quantile of Student's t.

    For whole degrees of freedom up to `WHOLE_FREEDOM` it is computed here, because a leaderboard
    needs no others, and scipy takes longer to import than the leaderboard to make.

    >>> round(student(2), 3)
    4.303
    """
    if freedom == int(freedom) and 1 <= freedom <= WHOLE_FREEDOM:
        return _student_of_whole(int(freedom))
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.975))


def deviation(values: Sequence[float]) -> float:
    """Standard deviation of some runs (n - 1); exact to the last digits, and quick.

    >>> deviation([1.0, 2.0, 3.0])
    1.0
    """
    return math.sqrt(_squares(values) / (len(values) - 1))


def _squares(values: Sequence[float]) -> float:
    """Sum of the squared distances from the mean."""
    mean = math.fsum(values) / len(values)
    return math.fsum([(value - mean) ** 2 for value in values])


@cache
def _student_of_whole(freedom: int) -> float:
    """The quantile t by bisection for the angle atan(t / √freedom)."""
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _share_within(middle, freedom) < 0.95:
            low = middle
        else:
            high = middle
    return math.sqrt(freedom) * math.tan(low)


def _share_within(angle: float, freedom: int) -> float:
    """P(|T| < √freedom · tan(angle)) for Student's T.

    Abramowitz and Stegun, Handbook of Mathematical Functions, equations 26.7.3 and 26.7.4: a
    finite sum of powers of the angle's cosine.
    """
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = cosine if odd else 1.0, 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total


def run_half_width(values: Sequence[float]) -> float | None:
    """Half of the 95 % interval of the mean of some runs, by Student's t; `None` for one run.

    >>> round(run_half_width([1.0, 2.0, 3.0]), 3)
    2.484
    """
    if len(values) < 2:
        return None
    return student(len(values) - 1) * deviation(values) / math.sqrt(len(values))


def with_training_noise(centre: float, images: Ends | None, half: float) -> Ends:
    """An interval over test images, widened by training noise that is independent of it.

    Args:
        centre: the value inside the interval.
        images: ends of the 95 % interval over test images; `None` where it is not known.
        half: half of the 95 % interval of training noise.

    >>> with_training_noise(10.0, (7.0, 13.0), 4.0)
    (5.0, 15.0)
    """
    low, high = images if images is not None else (centre, centre)
    below, above = max(centre - low, 0.0), max(high - centre, 0.0)
    return centre - math.hypot(below, half), centre + math.hypot(above, half)


def mean_interval(values: Sequence[float], images: Sequence[Ends | None]) -> Ends | None:
    """95 % interval of the mean of some runs over training and test images.

    The noise of the images is the mean of what the runs' own intervals say: the runs share the
    images, so that more runs do not lessen it. With one run it is that run's interval.

    Args:
        values: one value a run.
        images: the runs' own intervals over test images; `None` where a run has none.
    """
    half = run_half_width(values)
    if half is None:
        return images[0]
    known = [(v - e[0], e[1] - v) for v, e in zip(values, images, strict=True) if e is not None]
    centre = math.fsum(values) / len(values)
    if not known:
        return with_training_noise(centre, None, half)
    below, above = [math.fsum(side) / len(known) for side in zip(*known, strict=True)]
    return with_training_noise(centre, (centre - below, centre + above), half)


def pooled_spread(groups: Sequence[Sequence[float]]) -> Spread | None:
    """Variance of single runs about the mean of their group, pooled; `None` without two runs.

    >>> pooled_spread([[1.0, 3.0], [5.0], [10.0, 10.0, 13.0]])
    Spread(variance=2.6666666666666665, freedom=3)
    """
    several = [group for group in groups if len(group) > 1]
    freedom = sum(len(group) - 1 for group in several)
    if not freedom:
        return None
    return Spread(math.fsum(_squares(group) for group in several) / freedom, freedom)


def difference_half_width(left: Sequence[float], right: Sequence[float]) -> float | None:
    """Half of Welch's 95 % interval of the difference of two means of runs.

    A side with one run counts as exact: nothing is known of its training noise. `None` where both
    sides have one.
    """
    parts = [
        (statistics.variance(side) / len(side), len(side) - 1)
        for side in (left, right)
        if len(side) > 1
    ]
    if not parts:
        return None
    total = sum(part for part, _ in parts)
    if total == 0:
        return 0.0
    freedom = total**2 / sum(part**2 / degrees for part, degrees in parts)
    return student(freedom) * math.sqrt(total)


def run_permutation_test(left: Sequence[float], right: Sequence[float]) -> float:
    """Two-sided p-value that two sets of runs have one mean, by dealing the runs out anew.

    Exact up to `EXACT_SPLITS` ways to deal them; beyond, `RANDOM_SPLITS` random ones and
    p = (b + 1) / (m + 1). Three runs against three cannot give less than 0.1.

    Returns:
        The p-value in (0, 1]; NaN where a side has no run.

    >>> run_permutation_test([1.0, 2.0, 3.0], [7.0, 8.0, 9.0])
    0.1
    """
    import numpy as np

    if not left or not right:
        return math.nan
    pooled, size = np.array([*left, *right], dtype=np.float64), len(left)
    exact = math.comb(len(pooled), size) <= EXACT_SPLITS
    if exact:
        chosen = np.array(list(itertools.combinations(range(len(pooled)), size)))
    else:
        random = np.random.default_rng(0)
        order = random.random((RANDOM_SPLITS, len(pooled))).argsort(axis=1)
        chosen = order[:, :size]
    sums = pooled[chosen].sum(axis=1)
    gaps = np.abs(sums / size - (pooled.sum() - sums) / (len(pooled) - size))
    observed = abs(statistics.fmean(left) - statistics.fmean(right))
    as_large = gaps >= observed - 1e-12 * np.abs(pooled).sum()
    return float(as_large.mean() if exact else (as_large.sum() + 1) / (RANDOM_SPLITS + 1))


def improvement_probability(left: Sequence[float], right: Sequence[float], *, sign: int) -> float:
    """Share of pairs of runs in which the left one is better; a tie counts one half.

    Args:
        left: one value a run.
        right: one value a run.
        sign: 1 when higher is better, else -1.

    >>> round(improvement_probability([3, 5, 7], [2, 5, 6], sign=1), 4)
    0.6111
    """
    pairs = [(sign * a, sign * b) for a in left for b in right]
    return statistics.fmean(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs)
