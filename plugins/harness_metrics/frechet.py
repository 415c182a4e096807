"""The Frechet distance of two normal distributions, without a matrix square root.

d^2 = |m1 - m2|^2 + tr S1 + tr S2 - 2 tr (S1 S2)^(1/2). With roots S = R^T R the last trace is the
sum of the singular values of R1 R2^T: no complex number can appear, and nothing is added to the
diagonals. Three routes give these values:

- Fewer vectors than dimensions: the centred vectors are roots, and R1 R2^T is of their number.
- Covariances of full rank: R by Cholesky, and the roots of the eigenvalues of R1 S2 R1^T, which
  cost half of what singular values cost and are taken where their rounding does no harm.
- Other covariances: R by a Cholesky factorisation with pivoting, which ends where what remains is
  rounding. So null spaces are dropped, whose roots of rounded zeros would add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from harness.errors import RunError, ShapeError
from harness_metrics.fields import Floats

if TYPE_CHECKING:
    from harness_metrics.gaussian_statistics import Gaussian

EPSILON = float(np.finfo(np.float64).eps)
#: The quick route may be off by this share of the trace.
QUICK_ERROR = 1e-10
#: Negative distances down to this share of the variances are rounding.
ROUNDING = 1e-9


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """Squared Frechet (2-Wasserstein) distance of two normal distributions.

    Returns:
        At least 0, in squared units of the features.

    Raises:
        ShapeError: the dimensions differ.
        RunError: rounding has left no number that could be trusted.

    Source: Heusel et al. 2017 (section 3); Dowson and Landau 1982 for the formula.
    """
    if one.mean.shape != other.mean.shape:
        raise ShapeError(
            f"Features have {len(one.mean)} and {len(other.mean)} dimensions; both sides need the "
            "same extractor."
        )
    variance = one.variance() + other.variance()
    shift = float(np.square(one.mean - other.mean).sum())
    value = shift + variance - 2.0 * trace_of_root(one, other)
    if not value >= -ROUNDING * (shift + variance):
        raise RunError(f"The Frechet distance came out as {value:g}; its covariances are broken.")
    return max(value, 0.0)


def trace_of_root(one: Gaussian, other: Gaussian) -> float:
    """The trace of (S1 S2)^(1/2), at least 0."""
    from scipy.linalg import svdvals
    from scipy.linalg.blas import dtrmm

    first, second = root(one), root(other)
    of_covariances = not one.rooted and not other.rooted
    if of_covariances and len(first) == len(second) == len(one.mean):
        # Both are upper triangles then, and the product with one costs half.
        product = dtrmm(1.0, first, second.T)
        found = _by_eigenvalues(product)
        if found is not None:
            return found
    else:
        product = first @ second.T
    return float(svdvals(product).sum()) if product.size else 0.0


def root(gaussian: Gaussian) -> Floats:
    """A matrix `float64 [r, d]` with `root.T @ root` the covariance.

    Of a covariance it has full rank r, and is an upper triangle where r = d.
    """
    from scipy.linalg.lapack import dpotrf, dpstrf

    if gaussian.rooted:
        return gaussian.matrix
    covariance, dimension = gaussian.matrix, len(gaussian.mean)
    triangle, failed = dpotrf(covariance)
    heights = triangle.diagonal()
    if not failed and heights.min() ** 2 > dimension * EPSILON * heights.max() ** 2:
        return np.asarray(triangle)
    triangle, order, rank, _ = dpstrf(covariance)
    rows = np.zeros((rank, dimension))
    rows[:, order - 1] = np.triu(triangle)[:rank]
    return rows


def _by_eigenvalues(product: Floats) -> float | None:
    """Sum of the singular values of a square matrix by the eigenvalues of its square.

    Rounding moves every eigenvalue by about EPSILON of the largest, which is much for the root of
    a small one. Where that could be seen in the sum, the answer is `None`.
    """
    import torch

    # torch's routine takes three quarters of the time that NumPy's takes.
    squares = torch.linalg.eigvalsh(torch.from_numpy(product @ product.T)).numpy()
    noise = EPSILON * squares[-1]
    if not squares[0] > noise:
        return None
    roots = np.sqrt(squares)
    found = float(roots.sum())
    return found if float((noise / (2.0 * roots)).sum()) < QUICK_ERROR * found else None
