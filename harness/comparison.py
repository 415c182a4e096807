"""Two methods on the same test images: differences, intervals and tests, with several runs a side.

Everything is paired by image. With one run a side the interval and the test speak of these two
trained networks on other images; with several they speak of the methods, as far as the runs go.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness.errors import DataError
from harness.fingerprint import changes
from harness.finished import FinishedRun, check_comparable, read_run, told
from harness.names import unknown_name
from harness.record import Score
from harness.replicates import (
    Ends,
    difference_half_width,
    improvement_probability,
    run_permutation_test,
    with_training_noise,
)
from harness.statistics import bootstrap_interval, holm, paired_permutation_test

Floats = NDArray[np.float64]

#: Images that are listed, and drawn, where two sides differ most.
LISTED = 8
#: How far a metric's value may be from the mean over images, relative to it, by rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Side:
    """One method: a run or several that differ in their seed only."""

    runs: tuple[FinishedRun, ...]

    @property
    def name(self) -> str:
        """Method and preset, such as `imm quick`."""
        method = self.runs[0].record.method
        return f"{method.name} {method.preset}"

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the runs, in their order."""
        return tuple(run.record.seed for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class Gap:
    """One image with the values of both sides, each a mean over its runs."""

    position: int
    image: str
    left: float
    right: float


@dataclass(frozen=True, kw_only=True)
class Compared:
    """One metric of two sides. All differences are left minus right, in the metric's unit.

    Attributes:
        metric: its name.
        unit: of all values.
        direction: `higher` or `lower`, whichever is better.
        images: test images with a value in every run.
        left_runs: mean over images, a run each.
        right_runs: the same of the right side.
        difference: of the means over runs.
        interval: its 95 % interval; `None` for one image.
        better: `left` or `right` where the interval does not hold zero, else empty.
        p_images: of sign flips of the differences an image, two-sided.
        p_adjusted: the same, adjusted for all metrics compared (Holm).
        p_runs: of dealing the runs out anew; `None` with one run a side.
        effect: mean of the differences an image over their deviation; `None` where that is zero.
        wins: share of images on which the left side is better; ties count one half.
        run_wins: the same of pairs of runs.
        largest: the images that differ most, the greatest difference first.
    """

    metric: str
    unit: str
    direction: str
    images: int
    left_runs: tuple[float, ...]
    right_runs: tuple[float, ...]
    difference: float
    interval: Ends | None
    better: str
    p_images: float
    p_runs: float | None
    effect: float | None
    wins: float
    run_wins: float
    largest: tuple[Gap, ...]
    p_adjusted: float = math.nan


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two sides under one protocol.

    Attributes:
        left: the first side.
        right: the second side.
        metrics: those that could be compared, in the order of the records.
        left_out: why others could not, by metric.
    """

    left: Side
    right: Side
    metrics: tuple[Compared, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)


def compare(left: Sequence[Path], right: Sequence[Path], metrics: Sequence[str] = ()) -> Comparison:
    """Compare two methods image by image.

    Args:
        left: run folders of the first one, which differ in their seed only.
        right: of the second one.
        metrics: names; none means all that have values an image.

    Raises:
        RecordError: a run is not finished, or its files were changed.
        DataError: the runs are not comparable, or no metric can be compared.
        UnknownName: no run has a metric of that name.
    """
    one, two = _side(left), _side(right)
    check_comparable([*one.runs, *two.runs])
    twice = {r.folder.resolve() for r in one.runs} & {r.folder.resolve() for r in two.runs}
    if twice:
        raise DataError(f"{min(twice)} stands on both sides; name two different runs.")
    values = [[run.per_image() for run in side.runs] for side in (one, two)]
    names = one.runs[0].test_ids() or two.runs[0].test_ids()
    found: list[Compared] = []
    left_out: dict[str, str] = {}
    for name in _wanted(metrics, [*one.runs, *two.runs]):
        scores = [run.record.score(name) for run in (*one.runs, *two.runs)]
        arrays = [[run.get(name) for run in side] for side in values]
        compared = _refusal(scores, arrays) or _compared(scores, arrays, names)
        if isinstance(compared, Compared):
            found.append(compared)
        else:
            left_out[name] = compared or "no test image has a value in every run"
    if not found:
        reasons = "; ".join(f"{name}: {why}" for name, why in left_out.items())
        raise DataError(f"{one.name} and {two.name} have nothing to compare ({reasons}).")
    return Comparison(left=one, right=two, metrics=_adjusted(found), left_out=left_out)


def _wanted(metrics: Sequence[str], runs: Sequence[FinishedRun]) -> list[str]:
    known = list(dict.fromkeys(score.metric for run in runs for score in run.record.scores))
    for name in metrics:
        if name not in known:
            raise unknown_name("metric", name, known)
    return list(metrics) or known


def _side(folders: Sequence[Path]) -> Side:
    runs = sorted((read_run(folder) for folder in folders), key=lambda run: run.record.seed)
    first = runs[0]
    for run in runs[1:]:
        here, there = first.record.method, run.record.method
        if here.fingerprint != there.fingerprint:
            keep = {"name", "plugin", "version", "preset", "config"}
            found = changes(here.model_dump(include=keep), there.model_dump(include=keep))
            raise DataError(
                f"{first.folder} and {run.folder} stand on one side but are not the same method: "
                f"they differ in {told(found)}."
            )
    for run, other in itertools.pairwise(runs):
        if run.record.seed == other.record.seed:
            raise DataError(
                f"{run.folder} and {other.folder} stand on one side and have the same seed "
                f"{run.record.seed}."
            )
    return Side(runs=tuple(runs))


def _refusal(scores: Sequence[Score | None], arrays: Sequence[Sequence[Floats | None]]) -> str:
    """Why a metric cannot be compared; empty when it can."""
    known = [score for score in scores if score is not None]
    if len(known) < len(scores):
        return "not measured in every run"
    missing = {score.missing or "undefined" for score in known if score.value is None}
    if missing:
        return "; ".join(sorted(missing))
    for score in known[1:]:
        if score.settings != known[0].settings:
            return f"measured otherwise: {told(changes(known[0].settings, score.settings))}"
    flat = [array for side in arrays for array in side]
    if any(array is None for array in flat):
        return "it has no values an image"
    counts = {len(array) for array in flat if array is not None}
    if len(counts) > 1:
        return f"the runs have values of {sorted(counts)} images"
    for score, array in zip(known, flat, strict=True):
        if array is not None and score.value is not None and not _is_mean(score.value, array):
            return "it is no mean over images"
    return ""


def _is_mean(value: float, array: Floats) -> bool:
    kept = array[np.isfinite(array)]
    return bool(len(kept)) and math.isclose(
        value, float(kept.mean()), rel_tol=ROUNDING, abs_tol=1e-12
    )


def _compared(
    scores: Sequence[Score | None],
    arrays: Sequence[Sequence[Floats | None]],
    names: Sequence[str] | None,
) -> Compared | None:
    """One metric from its values an image of every run; `None` without a common image."""
    score = next(score for score in scores if score is not None)
    left, right = (np.array(side, dtype=np.float64) for side in arrays)
    common = np.flatnonzero(np.isfinite(left).all(axis=0) & np.isfinite(right).all(axis=0))
    if not len(common):
        return None
    a, b = left[:, common], right[:, common]
    sign = 1 if score.direction == "higher" else -1
    gaps = a.mean(axis=0) - b.mean(axis=0)
    left_runs, right_runs = (tuple(map(float, side.mean(axis=1))) for side in (a, b))
    interval = _interval(gaps, left_runs, right_runs)
    several = len(left_runs) + len(right_runs) > 2
    return Compared(
        metric=score.metric,
        unit=score.unit,
        direction=score.direction,
        images=len(common),
        left_runs=left_runs,
        right_runs=right_runs,
        difference=float(gaps.mean()),
        interval=interval,
        better=_better(interval, sign),
        p_images=paired_permutation_test(gaps),
        p_runs=run_permutation_test(left_runs, right_runs) if several else None,
        effect=_effect(gaps),
        wins=float((np.sign(gaps) * sign / 2 + 0.5).mean()),
        run_wins=improvement_probability(left_runs, right_runs, sign=sign),
        largest=_largest(a, b, common, names),
    )


def _largest(
    left: Floats, right: Floats, common: NDArray[np.intp], names: Sequence[str] | None
) -> tuple[Gap, ...]:
    """The images that differ most, from values `[R, N]` of the images at the places `common`."""
    a, b = left.mean(axis=0), right.mean(axis=0)
    return tuple(
        Gap(
            position=int(common[index]),
            image=names[common[index]] if names else f"test image {common[index]}",
            left=float(a[index]),
            right=float(b[index]),
        )
        for index in np.argsort(-np.abs(a - b), kind="stable")[:LISTED]
    )


def _effect(gaps: Floats) -> float | None:
    """Mean over deviation (n - 1); `None` where all differences are equal or there is but one."""
    deviation = float(gaps.std(ddof=1)) if len(gaps) > 1 else 0.0
    return float(gaps.mean()) / deviation if deviation > 0 else None


def _interval(gaps: Floats, left: Sequence[float], right: Sequence[float]) -> Ends | None:
    """Over test images, resampled for both sides alike, and over training where it is known."""
    images = bootstrap_interval(gaps, seed=0)
    half = difference_half_width(left, right)
    return images if half is None else with_training_noise(float(gaps.mean()), images, half)


def _better(interval: Ends | None, sign: int) -> str:
    if interval is None or interval[0] <= 0 <= interval[1]:
        return ""
    return "left" if (interval[0] > 0) == (sign > 0) else "right"


def _adjusted(found: Sequence[Compared]) -> tuple[Compared, ...]:
    adjusted = holm([one.p_images for one in found])
    return tuple(replace(one, p_adjusted=float(p)) for one, p in zip(found, adjusted, strict=True))
