"""Intervals and tests: how far a score can be trusted, and whether two methods differ.

Images are resampled, never landmarks or pixels, and regressors are not fitted anew: an interval is
conditional on the regressor. For the difference of two methods give the differences per image, so
that both see the same resampled images.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import ShapeError

Floats = NDArray[np.float64]

#: Resamples of a mean over images, and of a metric that must be recomputed.
RESAMPLES, METRIC_RESAMPLES = 10_000, 2_000

#: Up to this many images the permutation test visits every pattern of signs.
EXACT_LIMIT = 16

#: Random patterns of signs beyond that.
PERMUTATIONS = 10_000

#: Numbers drawn at once, which bounds the memory to some 10 MB.
BLOCK = 1_000_000


class Interval(NamedTuple):
    """Two ends of an interval, in the unit of the score."""

    low: float
    high: float


def bootstrap_interval(
    per_image: ArrayLike, *, seed: int, resamples: int = RESAMPLES, level: float = 0.95
) -> Interval | None:
    """Percentile bootstrap interval of the mean over images.

    Args:
        per_image: one value an image; NaN means that the image was left out.
        seed: of the random draws.
        resamples: number of draws.
        level: share of the resampled means inside the interval.

    Returns:
        The interval, `None` (undefined) with fewer than two images.

    Raises:
        ShapeError: `per_image` is not one-dimensional.
    """
    return seeds_interval([per_image], seed=seed, resamples=resamples, level=level)


def bootstrap_interval_of(
    resample: Callable[[NDArray[np.int64]], float],
    count: int,
    *,
    seed: int,
    resamples: int = METRIC_RESAMPLES,
    level: float = 0.95,
) -> Interval | None:
    """Percentile bootstrap interval of a metric that is no mean over images.

    Args:
        resample: the metric on these positions of the test split, with repeats.
        count: number of test images.
        seed: of the random draws.
        resamples: number of draws.
        level: share of the resampled values inside the interval.

    Returns:
        The interval over the defined values, `None` (undefined) with fewer than two images.
    """
    if count < 2:
        return None
    random = np.random.default_rng(seed)
    values = [resample(random.integers(0, count, count)) for _ in range(resamples)]
    return _percentiles(np.array(values, dtype=np.float64), level)


def seeds_interval(
    per_seed: Sequence[ArrayLike],
    *,
    seed: int,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Interval | None:
    """Percentile bootstrap interval of the mean over training runs and test images.

    Each draw resamples the runs, and resamples the images once for all runs, since all runs of a
    suite are tested on the same images; a run's value is its mean over images. With one run only
    images vary, with one image only runs.

    Args:
        per_seed: for every run, one value an image in the same order; NaN for images left out.
        seed: of the random draws.
        resamples: number of draws.
        level: share of the resampled means inside the interval.

    Returns:
        The interval, `None` (undefined) with fewer than two values in all.

    Raises:
        ShapeError: the runs differ in their number of images.
    """
    runs = [np.asarray(values, dtype=np.float64) for values in per_seed]
    if any(run.ndim != 1 or len(run) != len(runs[0]) for run in runs):
        shapes = [list(run.shape) for run in runs]
        raise ShapeError(f"Runs have shapes {shapes}, expected [N] with one N for all.")
    values = np.array(runs).reshape(len(runs), -1)
    values = values[:, ~np.isnan(values).all(axis=0)]
    if np.isfinite(values).sum() < 2:
        return None
    random = np.random.default_rng(seed)
    means = [_resampled_means(values, size, random) for size in _blocks(resamples, values.size)]
    return _percentiles(np.concatenate(means), level)


def paired_permutation_test(differences: ArrayLike) -> float:
    """Two-sided p-value that paired differences have a mean other than zero, by sign flips.

    Exact up to `EXACT_LIMIT` images; beyond, `PERMUTATIONS` random patterns and
    p = (b + 1) / (m + 1).

    Args:
        differences: one value an image; NaN means that the image was left out by one method.

    Returns:
        The p-value in (0, 1]; 1 when all differences are zero, NaN without an image.

    >>> paired_permutation_test([1, 2, 3, 4])
    0.125
    """
    values = np.asarray(differences, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan")
    observed = abs(values.sum()) - 1e-12 * np.abs(values).sum()
    if len(values) <= EXACT_LIMIT:
        signs = np.array(list(itertools.product((-1.0, 1.0), repeat=len(values))))
        return float((np.abs(signs @ values) >= observed).mean())
    random = np.random.default_rng(0)
    as_large = 0
    for size in _blocks(PERMUTATIONS, len(values)):
        signs = random.integers(0, 2, (size, len(values)), dtype=np.int8) * 2.0 - 1.0
        as_large += int((np.abs(signs @ values) >= observed).sum())
    return (as_large + 1) / (PERMUTATIONS + 1)


def holm(p_values: ArrayLike) -> Floats:
    """P-values adjusted for several comparisons by the step-down method of Holm.

    Args:
        p_values: `[M]`, each in [0, 1].

    Returns:
        Adjusted values `float64 [M]` in the same order.

    >>> holm([0.01, 0.04, 0.03]).round(6).tolist()
    [0.03, 0.06, 0.06]
    """
    values = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    factors = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return adjusted


def _resampled_means(values: Floats, draws: int, random: np.random.Generator) -> Floats:
    """Means `[draws]` of values `[S, N]` over resampled images and resampled runs."""
    runs, images = values.shape
    chosen = random.integers(0, images, (draws, images))
    means = np.stack([_mean_without_nan(run[chosen]) for run in values])
    picked = random.integers(0, runs, (runs, draws))
    return _mean_without_nan(np.take_along_axis(means, picked, axis=0).T)


def _mean_without_nan(values: Floats) -> Floats:
    """Mean over the last axis; NaN where nothing is left."""
    kept = np.isfinite(values)
    if kept.all() and values.shape[-1]:
        whole: Floats = values.sum(axis=-1) / values.shape[-1]
        return whole
    counts = kept.sum(axis=-1)
    sums = np.where(kept, values, 0.0).sum(axis=-1)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means


def _percentiles(values: Floats, level: float) -> Interval | None:
    kept = values[np.isfinite(values)]
    if not len(kept):
        return None
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _blocks(total: int, width: int) -> Iterator[int]:
    """Sizes of the blocks that make up `total` rows of this width."""
    size = max(1, BLOCK // max(width, 1))
    for start in range(0, total, size):
        yield min(size, total - start)
