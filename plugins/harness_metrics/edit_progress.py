"""How far edits get towards a wanted number of every sample, such as a distance of 0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import Curve, Measurement
from harness_metrics.fields import Floats, nonzero
from harness_metrics.latent_edits import Edits, strengths


@dataclass(frozen=True)
class Progress:
    """A number of every sample as one oracle sees it.

    Attributes:
        before: `float64 [N]`, of the starts.
        after: `float64 [S, N]`, of the edits.
        goal: what it is where all that is wanted is reached.
    """

    before: Floats
    after: Floats
    goal: float

    def share_of_the_way(self) -> float:
        """How much of the mean's way to the goal the longest edits go; NaN at the goal already."""
        start, end = self.before.mean(), self.after[-1].mean()
        return float((start - end) / (start - self.goal)) if start != self.goal else float("nan")

    def best(self) -> int:
        """The strength whose mean is nearest to the goal."""
        return int(np.abs(self.after.mean(axis=1) - self.goal).argmin())


def measurement(
    judge: Progress,
    guide: Progress,
    edits: Edits,
    *,
    y_label: str,
    excluded: Mapping[str, int],
    details: Mapping[str, float],
) -> Measurement:
    """The mean over samples by the judge at strength 1, and all that stands beside it.

    Args:
        judge: by the judge, which gives the value.
        guide: by the guide.
        edits: what was made.
        y_label: of the drawn curve, with the unit.
        excluded: what else was left out or replaced.
        details: further numbers.
    """
    final = judge.after[-1]
    levels = strengths(len(judge.after))

    def resample(positions: NDArray[np.int64]) -> float:
        return float(final[positions].mean())

    return Measurement(
        value=float(final.mean()),
        excluded=nonzero(
            {**excluded, "edits: not finite, counted as not made": (~edits.finite).sum()}
        ),
        also={
            "before editing": float(judge.before.mean()),
            "at the best strength": float(judge.after[judge.best()].mean()),
            "by the guide": float(guide.after[-1].mean()),
            "by the guide, before editing": float(guide.before.mean()),
        },
        details={
            "share of the way": judge.share_of_the_way(),
            "share of the way, by the guide": guide.share_of_the_way(),
            "best strength": float(levels[judge.best()]),
            "share of edits pulled back": float(edits.shortened.mean()),
            **details,
        },
        resample=resample,
        resampled=len(final),
        curve=Curve(
            x=levels,
            lines={"judge": judge.after.mean(axis=1), "guide": guide.after.mean(axis=1)},
            x_label="strength of the edit",
            y_label=y_label,
        ),
    )
