"""Seconds and errors of the Frechet distance of 2,048 features, against pytorch-fid's.

    python benchmarks/frechet_distance.py [--threads 1] [--repeats 1] [--busy]

Both get the same means and covariances in the same run: of 10,000 images, where the covariances are
well-conditioned, and of 1,000, where they have rank 999. The features are random, correlated and at
least 0, as Inception's are. What a distance is compared with is the sum of singular values of the
product of both sets of centred features, which needs no covariance and has no null space to find.
The last row of the small sets is the route that the metrics take for these: they hold the features.

pytorch-fid 0.3.0 asks scipy for something that scipy 1.18 no longer gives; the warning is silenced.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from harness_metrics.gaussian_statistics import Gaussian

    Floats = NDArray[np.float64]

#: Features, and images of both sides by what their covariances are.
DIMENSION = 2048
CASES = {"10,000 images, full rank": 10_000, "1,000 images, rank 999": 1_000}
#: Deviation and mean of the features before what is below 0 becomes 0.
SCALE, SHIFT = 0.1, 0.1


@dataclass(frozen=True)
class Watch:
    """How time is measured.

    Attributes:
        clock: seconds.
        repeats: the shortest of so many.
    """

    clock: Callable[[], float]
    repeats: int

    def measure(self, act: Callable[[], float]) -> tuple[float, float]:
        """Shortest seconds, and what was computed."""
        times = []
        for _ in range(self.repeats):
            before = self.clock()
            found = act()
            times.append(self.clock() - before)
        return min(times), found


def limit_threads(threads: int) -> None:
    """Let NumPy's and scipy's libraries use so many; works before they are imported."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)


def rows_of(case: str, count: int, watch: Watch) -> list[tuple[object, ...]]:
    """One row for every way to compute the distance of two sets."""
    import numpy as np

    from harness_metrics.frechet import frechet_distance
    from harness_metrics.gaussian_statistics import Gaussian

    sets = [features(count, seed) for seed in (1, 2)]
    one, other = (Gaussian(rows.mean(axis=0), np.cov(rows.T)) for rows in sets)
    exact = exact_distance(*sets)
    ways: dict[str, Callable[[], float]] = {
        "pytorch-fid": lambda: published_distance(one, other),
        "harness, from covariances": lambda: frechet_distance(one, other),
    }
    if count <= DIMENSION:
        held = [Gaussian(x.mean(axis=0), centred(x), rooted=True) for x in sets]
        ways["harness, from features"] = lambda: frechet_distance(*held)
    found: list[tuple[object, ...]] = []
    for name, act in ways.items():
        taken, value = watch.measure(act)
        first = taken if not found else float(str(found[0][2]))
        error = f"{(value - exact) / exact:+.0e}"
        found.append((case, name, taken, first / taken, f"{value:.10f}", error))
        print(*found[-1], sep="\t", file=sys.stderr, flush=True)
    return found


def features(count: int, seed: int) -> Floats:
    """Random features `float64 [count, 2048]`."""
    import numpy as np

    weights = np.random.default_rng(0).normal(size=(DIMENSION, DIMENSION))
    weights *= np.arange(1, DIMENSION + 1)[:, None] ** -0.5
    rows = np.random.default_rng(seed).normal(size=(count, DIMENSION)) @ weights
    return np.maximum(SCALE * rows + SHIFT * (1 + seed / 4), 0.0)


def centred(rows: Floats) -> Floats:
    """A root of the covariance."""
    return (rows - rows.mean(axis=0)) / (len(rows) - 1) ** 0.5


def exact_distance(one: Floats, other: Floats) -> float:
    """The distance by the singular values of a product of the features themselves."""
    import numpy as np
    from scipy.linalg import qr, svdvals

    roots = [centred(rows) for rows in (one, other)]
    shift = np.square(one.mean(axis=0) - other.mean(axis=0)).sum()
    variance = sum(np.square(root).sum() for root in roots)
    # More images than features: the triangle of a QR decomposition is a root as well.
    small = [qr(r, mode="r")[0][:DIMENSION] if len(r) > DIMENSION else r for r in roots]
    return float(shift + variance - 2.0 * svdvals(small[0] @ small[1].T).sum())


def published_distance(one: Gaussian, other: Gaussian) -> float:
    """pytorch-fid's distance."""
    from pytorch_fid.fid_score import calculate_frechet_distance

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        value = calculate_frechet_distance(one.mean, one.matrix, other.mean, other.matrix)
    return float(value)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=1, help="the shortest of so many counts")
    parser.add_argument(
        "--busy", action="store_true", help="count CPU seconds, on a machine that works for others"
    )
    options = parser.parse_args()
    limit_threads(options.threads)
    import torch
    from tabulate import tabulate

    torch.set_num_threads(options.threads)
    watch = Watch(time.process_time if options.busy else time.perf_counter, options.repeats)
    rows = [row for case, count in CASES.items() for row in rows_of(case, count, watch)]
    of_cpu = " of CPU time" if options.busy else ""
    print(f"Frechet distance of {DIMENSION} features, {options.threads} thread(s), shortest of")
    print(f"{options.repeats}; seconds{of_cpu}.")
    headers = ["covariances of", "computed by", "seconds", "times faster", "distance", "error"]
    print(tabulate(rows, headers, floatfmt=".2f", disable_numparse=[4, 5]))


if __name__ == "__main__":
    main()
