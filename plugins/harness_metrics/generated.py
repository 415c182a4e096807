"""What metrics of edits share: new images with their latents, and moves that stay in the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.contract import KEYPOINTS, Evaluation
from harness.contract.arrays import Drawn
from harness.errors import DataError
from harness_metrics.fields import Floats

Latents = Mapping[str, NDArray[np.float32]]

#: A keypoint is moved the other way where it would get nearer to the border than this fraction.
MARGIN = 0.1


@dataclass(frozen=True)
class Draw:
    """New images of a generator, to be edited.

    Attributes:
        latents: `[N, ...]` by name.
        images: `uint8 [N, 3, S, S]`, drawn from these latents.
        render: the images of changed latents.
    """

    latents: Latents
    images: NDArray[np.uint8]
    render: Callable[[Latents], Drawn]

    @property
    def points(self) -> Floats:
        """Keypoints `float64 [N, K, 2]`, fractions."""
        return self.latents[KEYPOINTS].astype(np.float64)

    def changed(self, **latents: NDArray[Any]) -> NDArray[np.uint8]:
        """The images `uint8 [N, 3, S, S]` with other values of some latents."""
        single = {name: value.astype(np.float32) for name, value in latents.items()}
        return self.render({**self.latents, **single}).images


def new_draw(evaluation: Evaluation, count: int, seed: int, metric: str) -> Draw:
    """New images, rendered again from their latents so that an edit is all that changes.

    Args:
        evaluation: with the method's generator.
        count: number of images.
        seed: of the images.
        metric: who asks, for the message.

    Raises:
        DataError: the generator is not at hand.
    """
    if evaluation.sample is None or evaluation.render is None:
        raise DataError(f"{metric} edits generated images, and the method generates none.")
    batches = [batch.latents for batch in evaluation.sample(count, seed)]
    latents = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    return Draw(latents, evaluation.render(latents).images, evaluation.render)


def inward(points: Floats, shift: Floats) -> Floats:
    """A shift, or its reverse where it would take fewer points near the border.

    Args:
        points: `[N, M, 2]`, fractions, that are moved together in each of N images.
        shift: `[2]`, right and down in fractions of the edge.

    Returns:
        `[N, 1, 2]`: the shift itself unless more of the points would leave `MARGIN` to
        1 - `MARGIN` than with the reverse.
    """
    there, back = (_outside(points + direction) for direction in (shift, -shift))
    return np.where((there > back)[:, None, None], -shift, shift)


def standard_error(values: Floats) -> float:
    """Of the mean of `[N]` values without NaN; NaN for fewer than two."""
    kept = values[np.isfinite(values)]
    return float(kept.std(ddof=1) / np.sqrt(len(kept))) if len(kept) > 1 else float("nan")


def _outside(points: Floats) -> NDArray[np.int64]:
    inside = ((points >= MARGIN) & (points <= 1 - MARGIN)).all(axis=2)
    count: NDArray[np.int64] = (~inside).sum(axis=1)
    return count
