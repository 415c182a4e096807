"""How many generated images look real, and how many real ones could have been generated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import Evaluation, Measurement, Metric
from harness.errors import ConfigError
from harness_metrics.fields import Bools, Floats
from harness_metrics.image_sets import ImageSets
from harness_metrics.params import PrecisionRecallParams

#: Distances that are held at once: 128 MiB of float64.
BLOCK = 2**24
#: Share of squared lengths that rounding may take from or add to a squared distance.
ROUNDING = 1e-12


class PrecisionRecall(Metric):
    """Harmonic mean of precision and recall, with density and coverage beside them.

    Higher is better; fraction. Around every image, a ball in feature space reaches to its k-th
    nearest other image of the same side, border included. Precision is the share of generated
    images inside at least one ball of a real image, recall the share of real images inside at least
    one ball of a generated one; the value is 2PR / (P + R), and 0 where both are 0. `details` holds
    both, and density (how many real balls hold a generated image, over k; may exceed 1) and
    coverage (the share of real balls that hold a generated image).

    Features are those of the parameter `extractor`. Values depend on the number of images of both
    sides; compare equal ones. There is no interval: repeated images would have balls of radius 0.

    Source: Kynkaanniemi et al. 2019 (eq. 1 and 2); Naeem et al. 2020 (eq. 3 and 4) for density and
        coverage; the harmonic mean as one number is this project's own.
    """

    params: PrecisionRecallParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Harmonic mean over all images of both sides.

        Raises:
            ConfigError: a side has no more images than neighbours.
            UnknownName: there is no such extractor.
            AssetMissing: its weights are not on this machine.
            DataError: they are other weights, or the images or labels are missing.
        """
        params = self.params
        sets = ImageSets.of(evaluation, params)
        fewest = sets.smaller()
        if params.neighbours >= fewest:
            raise ConfigError(
                f"precision_recall: {params.neighbours} neighbours need more images, but one side "
                f"has {fewest}."
            )
        found = overlap(sets.real_features(), sets.generated_features(), params.neighbours)
        details = {
            "precision": found.precision,
            "recall": found.recall,
            "density": found.density,
            "coverage": found.coverage,
        }
        return Measurement(found.harmonic_mean(), details={**details, **sets.details()})


@dataclass(frozen=True)
class Overlap:
    """How far generated and real images lie among each other, as fractions."""

    precision: float
    recall: float
    density: float
    coverage: float

    def harmonic_mean(self) -> float:
        """Of precision and recall."""
        total = self.precision + self.recall
        return 2.0 * self.precision * self.recall / total if total else 0.0


def overlap(real: NDArray[np.floating], made: NDArray[np.floating], neighbours: int) -> Overlap:
    """All four numbers, from blocks of distances.

    Args:
        real: features `[N, d]` of real images.
        made: features `[M, d]` of generated images.
        neighbours: k, smaller than N and M.

    >>> overlap(np.array([[0.0], [1], [2], [10]]), np.array([[0.5], [1.5], [2.5], [20], [21]]), 1)
    Overlap(precision=0.6, recall=0.75, density=1.2, coverage=1.0)
    """
    real_points, made_points = real.astype(np.float64), made.astype(np.float64)
    real_radii, made_radii = (
        radii(x, neighbours) * (1.0 + ROUNDING) for x in (real_points, made_points)
    )
    recalled: Bools = np.zeros(len(real), bool)
    covered: Bools = np.zeros(len(real), bool)
    hits = np.zeros(len(made))
    rows = max(1, BLOCK // len(real))
    for start in range(0, len(made), rows):
        part = slice(start, start + rows)
        apart = squared_distances(made_points[part], real_points)
        in_real = apart <= real_radii
        hits[part] = in_real.sum(axis=1)
        covered |= in_real.any(axis=0)
        recalled |= (apart <= made_radii[part, None]).any(axis=0)
    return Overlap(
        precision=float((hits > 0).mean()),
        recall=float(recalled.mean()),
        density=float(hits.mean() / neighbours),
        coverage=float(covered.mean()),
    )


def radii(points: Floats, neighbours: int) -> Floats:
    """Squared distance `float64 [N]` of every point `[N, d]` to its k-th nearest other one."""
    found = np.empty(len(points))
    rows = max(1, BLOCK // len(points))
    for start in range(0, len(points), rows):
        part = np.arange(start, min(start + rows, len(points)))
        apart = squared_distances(points[part], points)
        apart[np.arange(len(part)), part] = np.inf
        found[part] = np.partition(apart, neighbours - 1, axis=1)[:, neighbours - 1]
    return found


def squared_distances(one: Floats, other: Floats) -> Floats:
    """Squared distances `float64 [N, M]` of points `[N, d]` and `[M, d]`; 0 between equal ones.

    They are squared about a common centre, which keeps small what rounding takes, and what rounding
    may have left of 0 is 0.
    """
    centre = other.mean(axis=0)
    one, other = one - centre, other - centre
    squares = np.square(one).sum(axis=1)[:, None] + np.square(other).sum(axis=1)
    apart = squares - 2.0 * (one @ other.T)
    apart[apart < ROUNDING * squares] = 0.0
    return np.asarray(apart)
