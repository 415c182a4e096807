"""How often intervals over several training runs hold the true value, of 95 they should in 100.

Methods are made up: the values an image are normal, with a part that all runs share, since they are
tested on the same images, and a part of the run's own; every run has a deviation of training. Three
intervals of the mean are printed for 2, 3 and 5 runs and for several strengths of the training
noise, in standard errors over the images:

- `bootstrap`: `harness.statistics.seeds_interval`, which resamples runs and images;
- `student`: Student's t over the runs alone;
- `both`: Student's t with the noise of the images added, which leaderboards show
  (`harness.replicates.mean_interval`);

and `difference`: the interval of `harness compare` for two such methods on the same images.

    python benchmarks/intervals.py [--repeats 400]
"""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING

import numpy as np
from tabulate import tabulate

from harness.replicates import (
    Ends,
    difference_half_width,
    mean_interval,
    run_half_width,
    with_training_noise,
)
from harness.statistics import bootstrap_interval, seeds_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Test images, and the deviation of a run's own part of a value.
IMAGES, OWN = 200, 0.5
#: Runs, and deviations of training in standard errors over the images.
RUNS, NOISES = (2, 3, 5), (0.0, 1.0, 4.0)
#: Draws of one bootstrap; fewer than the harness takes, which is slower and no wider.
DRAWS = 1000


def made_up(shared: Floats, runs: int, noise: float, random: np.random.Generator) -> Floats:
    """Values `[R, N]` of a method whose true mean is 0."""
    training = noise / math.sqrt(IMAGES) * random.normal(size=(runs, 1))
    own: Floats = OWN * random.normal(size=(runs, IMAGES))
    return shared + training + own


def intervals(left: Floats, right: Floats, seed: int) -> dict[str, Ends]:
    """All intervals of one draw, whose true values are 0."""
    means = list(map(float, left.mean(axis=1)))
    others = list(map(float, right.mean(axis=1)))
    centre, half = float(left.mean()), run_half_width(means) or 0.0
    images = [bootstrap_interval(run, seed=seed, resamples=DRAWS) for run in left]
    gaps = left.mean(axis=0) - right.mean(axis=0)
    found = {
        "bootstrap": seeds_interval(list(left), seed=seed, resamples=DRAWS),
        "student": (centre - half, centre + half),
        "both": mean_interval(means, images),
        "difference": with_training_noise(
            float(gaps.mean()),
            bootstrap_interval(gaps, seed=seed, resamples=DRAWS),
            difference_half_width(means, others) or 0.0,
        ),
    }
    return {name: ends for name, ends in found.items() if ends is not None}


def coverage(runs: int, noise: float, repeats: int) -> dict[str, float]:
    """Share of draws, in per cent, whose interval holds the true value."""
    random = np.random.default_rng([runs, round(noise)])
    hits: dict[str, int] = {}
    for seed in range(repeats):
        shared = random.normal(size=IMAGES)
        left, right = (made_up(shared, runs, noise, random) for _ in range(2))
        for name, (low, high) in intervals(left, right, seed).items():
            hits[name] = hits.get(name, 0) + (low <= 0 <= high)
    return {name: 100 * count / repeats for name, count in hits.items()}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=400, help="made-up draws a line")
    repeats = parser.parse_args().repeats
    rows = [
        {"runs": runs, "training noise": noise, **coverage(runs, noise, repeats)}
        for runs in RUNS
        for noise in NOISES
    ]
    print(tabulate(rows, headers="keys", floatfmt=".1f"))


if __name__ == "__main__":
    main()
