"""Disentanglement of edits over their accuracy, and the area below that curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness_metrics.fields import Bools, Floats

#: An attribute is seen in an image from this probability on.
PRESENT = 0.5


@dataclass(frozen=True)
class Outcomes:
    """What edits did, as counts in float64, whose sums are exact.

    Attributes:
        success: `[..., S, N]`, 1 where the edited attribute changed to what was wanted, else 0.
        changed: `[..., S, N]`, how many of the other attributes changed.
        others: how many other attributes there are, at least 1.
    """

    success: Floats
    changed: Floats
    others: int

    def curves(self, positions: NDArray[np.int64] | None = None) -> Curves:
        """Both shares at every strength, over all samples or over some, with repeats.

        Accuracy is the share of samples that succeed; disentanglement the mean over all samples,
        successful or not, of the share of the other attributes that did not change.
        """
        samples = self.success.shape[-1]
        chosen = np.arange(samples) if positions is None else positions
        times = np.bincount(chosen, minlength=samples).astype(np.float64)
        accuracy = self.success @ times / len(chosen)
        return Curves(accuracy, 1.0 - self.changed @ times / (len(chosen) * self.others))


def outcomes(
    before: Floats,
    after: Floats,
    finite: Bools,
    place: int,
    threshold: float,
    *,
    crossing: bool = False,
) -> Outcomes:
    """Compare the probabilities of M attributes before and after edits of one of them.

    Args:
        before: `[N, M]`, M at least 2; up is wanted where the edited attribute is below `PRESENT`,
            else down.
        after: `[S, N, M]`.
        finite: `bool [S, N]`; an edit that is not failed and changed all other attributes.
        place: of the edited attribute among the M.
        threshold: an attribute changed when it moved by more than this.
        crossing: the edited attribute succeeds where it changed sides of `PRESENT` instead.

    Returns:
        Outcomes `[S, N]`.
    """
    moved = after - before
    present = before[:, place] >= PRESENT
    if crossing:
        success = (after[..., place] >= PRESENT) != present
    else:
        success = np.where(present, -1.0, 1.0) * moved[..., place] > threshold
    changes = np.abs(moved) > threshold
    changed = changes.sum(axis=-1) - changes[..., place]
    others = before.shape[1] - 1
    return Outcomes(
        (success & finite).astype(np.float64),
        np.where(finite, changed, others).astype(np.float64),
        others,
    )


def stacked(parts: Sequence[Outcomes]) -> Outcomes:
    """Outcomes `[S, N]` of A edited attributes as one of `[A, S, N]`."""
    return Outcomes(
        np.stack([part.success for part in parts]),
        np.stack([part.changed for part in parts]),
        parts[0].others,
    )


@dataclass(frozen=True)
class Curves:
    """Accuracy and disentanglement at S increasing strengths, `float64 [..., S]` in [0, 1].

    A curve begins at accuracy 0 with disentanglement 1. A strength belongs to it only where its
    accuracy is more than that of every lower one, and it ends at the largest accuracy.
    """

    accuracy: Floats
    disentanglement: Floats

    @property
    def kept(self) -> Bools:
        """`bool [..., S]`, the strengths that belong to the curve."""
        highest = np.maximum.accumulate(_after(self.accuracy, 0.0), axis=-1)
        kept: Bools = self.accuracy > highest[..., :-1]
        return kept

    def areas(self) -> Floats:
        """Areas `[...]` under the curves by trapezia, from accuracy 0 to the largest.

        Nothing is added beyond it and nothing is divided by it.

        >>> accuracy, kept = np.array([0.4, 0.8, 0.9]), np.array([0.95, 0.85, 0.7])
        >>> round(float(Curves(accuracy, kept).areas()), 4)
        0.8275
        """
        highest = np.maximum.accumulate(_after(self.accuracy, 0.0), axis=-1)
        steps = np.arange(1, self.accuracy.shape[-1] + 1)
        latest = np.maximum.accumulate(_after(np.where(self.kept, steps, 0), 0), axis=-1)
        heights = np.take_along_axis(_after(self.disentanglement, 1.0), latest, axis=-1)
        areas: Floats = (np.diff(highest) * (heights[..., 1:] + heights[..., :-1]) / 2).sum(axis=-1)
        return areas

    def points(self, attribute: int) -> tuple[Floats, Floats]:
        """Accuracy and disentanglement `[P]` of one curve of `[A, S]`, its beginning included."""
        kept = self.kept[attribute]
        return (
            np.append(0.0, self.accuracy[attribute][kept]),
            np.append(1.0, self.disentanglement[attribute][kept]),
        )

    def best(self, attribute: int) -> int | None:
        """The strength of one curve of `[A, S]` with the largest harmonic mean of both.

        The lowest one of equals; `None` where no strength belongs to the curve.
        """
        kept = np.flatnonzero(self.kept[attribute])
        if not len(kept):
            return None
        x, y = self.accuracy[attribute][kept], self.disentanglement[attribute][kept]
        return int(kept[np.argmax(2 * x * y / (x + y))])


def _after(values: NDArray[np.generic], first: float) -> Floats:
    """Values `[..., S]` with one before them, `[..., S + 1]`."""
    beginning = np.full((*values.shape[:-1], 1), first)
    return np.concatenate([beginning, values], axis=-1)
