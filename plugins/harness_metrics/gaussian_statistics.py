"""Mean and covariance of feature vectors that come batch by batch, whatever their number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError, ShapeError
from harness_metrics.fields import Floats

#: Fewest vectors that have a covariance.
FEWEST = 2


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution in d dimensions, by its covariance or by a root of it.

    Attributes:
        mean: `float64 [d]`.
        matrix: the covariance, `float64 [d, d]`, or a root of it.
        rooted: the matrix is a root `[r, d]`, and `matrix.T @ matrix` the covariance. Of few
            vectors these are the centred vectors themselves: no null space has to be guessed.
    """

    mean: Floats
    matrix: Floats
    rooted: bool = False

    def variance(self) -> float:
        """Trace of the covariance."""
        return float(np.square(self.matrix).sum() if self.rooted else np.trace(self.matrix))


@dataclass
class GaussianStatistics:
    """What `Gaussian` needs of all vectors seen so far, in float64.

    Up to d vectors are kept as they are; whenever there would be more, they are folded into the sum
    of outer products about their mean. So memory stays below 2 d^2 numbers, small sets keep their
    exact vectors, and the costly products are of whole matrices. Sets merge: statistics of the
    pieces are those of the whole, up to rounding.

    Attributes:
        count: number of vectors that are folded in.
        mean: `float64 [d]` of these.
        scatter: `float64 [d, d]`, the sum of outer products of these about their mean.
        waiting: vectors that are not folded in yet, `float64 [n, d]` each.
    """

    count: int = 0
    mean: Floats = field(default_factory=lambda: np.zeros(0))
    scatter: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    waiting: list[Floats] = field(default_factory=list)

    def __len__(self) -> int:
        """Number of vectors."""
        return self.count + sum(map(len, self.waiting))

    def update(self, features: NDArray[np.floating[Any]]) -> None:
        """Take in vectors `[n, d]`.

        Raises:
            ShapeError: they have another form or dimension than those before.
            DataError: one of them is not finite; it is named by its place.
        """
        rows = np.array(features, dtype=np.float64)
        known = self._dimension()
        if rows.ndim != 2 or known not in (None, rows.shape[1]):
            raise ShapeError(
                f"Features have shape {list(rows.shape)}, expected [n, {known or 'd'}]."
            )
        wrong = ~np.isfinite(rows).all(axis=1)
        if wrong.any():
            raise DataError(
                f"The features of image {len(self) + int(wrong.argmax())} are not finite; look at "
                "the image, or use another extractor."
            )
        if not len(rows):
            return
        self.waiting.append(rows)
        if sum(map(len, self.waiting)) > rows.shape[1]:
            self._fold()

    def merge(self, other: GaussianStatistics) -> None:
        """Take in all that another set has seen; the other one stays as it is.

        Raises:
            ShapeError: its vectors have another dimension.
        """
        if other.count:
            if self._dimension() not in (None, len(other.mean)):
                raise ShapeError(
                    f"Statistics of {len(other.mean)} dimensions cannot join those of "
                    f"{self._dimension()}."
                )
            self._fold()
            self._add(other.count, other.mean, other.scatter.copy())
        for rows in other.waiting:
            self.update(rows)

    def gaussian(self) -> Gaussian:
        """The normal distribution with this mean and covariance (divisor n - 1).

        Raises:
            DataError: there are fewer than two vectors.
        """
        if len(self) < FEWEST:
            raise DataError(f"A covariance needs at least {FEWEST} images, got {len(self)}.")
        if not self.count:
            rows = np.concatenate(self.waiting)
            mean = rows.mean(axis=0)
            return Gaussian(mean, (rows - mean) / np.sqrt(len(rows) - 1), rooted=True)
        self._fold()
        return Gaussian(self.mean, self.scatter / (self.count - 1))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it, to be kept; `from_arrays` reads it."""
        waiting = np.concatenate([np.zeros((0, self._dimension() or 0)), *self.waiting])
        folded = {"count": np.array([self.count]), "mean": self.mean, "scatter": self.scatter}
        return {**folded, "waiting": waiting}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> GaussianStatistics:
        """What gave these arrays."""
        waiting = arrays["waiting"]
        rows = [waiting] if len(waiting) else []
        return cls(int(arrays["count"][0]), arrays["mean"], arrays["scatter"], rows)

    def _dimension(self) -> int | None:
        if self.count:
            return len(self.mean)
        return self.waiting[0].shape[1] if self.waiting else None

    def _fold(self) -> None:
        if not self.waiting:
            return
        rows = np.concatenate(self.waiting)
        self.waiting = []
        mean = rows.mean(axis=0)
        rows -= mean
        self._add(len(rows), mean, rows.T @ rows)

    def _add(self, count: int, mean: Floats, scatter: Floats) -> None:
        """Join folded statistics: the means' distance adds an outer product (Chan et al., 1979)."""
        if not self.count:
            self.count, self.mean, self.scatter = count, mean, scatter
            return
        total, apart = self.count + count, mean - self.mean
        scatter += self.scatter
        scatter += np.outer(apart * (self.count * count / total), apart)
        self.mean = self.mean + apart * (count / total)
        self.count, self.scatter = total, scatter
