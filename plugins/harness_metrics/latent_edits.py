"""What metrics of latent editing share: paths of at most one length, and what oracles see there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import Editing, Evaluation
from harness.contract.edit_length import pulled_back
from harness.contract.editing import Conditions
from harness.errors import DataError, ShapeError
from harness_metrics.edit_params import LatentEditParams
from harness_metrics.fields import Bools, Floats

Latents = NDArray[np.float32]

#: Images that are drawn and looked at at once, which bounds the memory.
CHUNK = 256

#: The metric of every kind of conditions.
_METRICS: dict[Conditions, str] = {
    "attributes": "mds",
    "keypoints": "keypoint_edit_error",
    "embedding": "caption_edit_similarity",
}


@dataclass(frozen=True)
class Seen:
    """What both oracles answer to the same images, `float64 [..., C]`."""

    judge: Floats
    guide: Floats

    def take(self, rows: NDArray[np.int64]) -> Seen:
        """The answers to some of the images."""
        return Seen(self.judge[rows], self.guide[rows])


@dataclass(frozen=True)
class Edits:
    """N latents edited at S strengths.

    Attributes:
        seen: what oracles answer, `[S, N, C]`; where an edit is not finite, of the start.
        finite: `bool [S, N]`, whether an edit is a latent at all.
        shortened: `bool [S, N]`, whether an edit was pulled back to the longest length.
    """

    seen: Seen
    finite: Bools
    shortened: Bools


def editing_of(evaluation: Evaluation, conditions: Conditions, metric: str) -> Editing:
    """The editor with its generator and oracles.

    Args:
        evaluation: of an editor.
        conditions: what the metric scores.
        metric: who asks, for the message.

    Raises:
        DataError: the method is no editor, or the suite's oracles answer something else.
    """
    editing = evaluation.editing
    if editing is None:
        raise DataError(f"{metric} scores editors of latents, and the method is none.")
    if editing.conditions != conditions:
        raise DataError(
            f"{metric} scores edits of conditions '{conditions}', and the oracles of this suite "
            f"answer '{editing.conditions}'; score it by {_METRICS[editing.conditions]}."
        )
    return editing


def strengths(levels: int) -> Floats:
    """Strengths `float64 [levels]`, evenly from 0 to 1.

    >>> strengths(5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    return np.linspace(0.0, 1.0, levels)


def look(editing: Editing, latents: Latents) -> Seen:
    """What both oracles see in the images of latents, piece by piece; no image is kept.

    Args:
        editing: with generator and oracles.
        latents: `[N, D]` or `[N, L, D]`, finite.

    Returns:
        Answers `[N, C]`.

    Raises:
        ShapeError: guide and judge answer different numbers of conditions.
    """
    judge, guide = [], []
    for start in range(0, len(latents), CHUNK):
        images = editing.images(latents[start : start + CHUNK])
        judge.append(editing.judge(images))
        guide.append(editing.guide(images))
    return _seen(np.concatenate(judge), np.concatenate(guide))


def look_at_images(editing: Editing, images: NDArray[np.uint8]) -> Seen:
    """What both oracles see in images `uint8 [N, 3, S, S]` of a dataset, piece by piece.

    Raises:
        ShapeError: guide and judge answer different numbers of conditions.
    """
    pieces = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
    judge = np.concatenate([editing.judge(piece) for piece in pieces])
    return _seen(judge, np.concatenate([editing.guide(piece) for piece in pieces]))


def follow(editing: Editing, starts: Latents, wanted: Floats, params: LatentEditParams) -> Edits:
    """Edit latents at all strengths and look at the images.

    Args:
        editing: with editor, generator and oracles.
        starts: latents `[N, D]`.
        wanted: conditions `[N, C]`, NaN where nothing is asked.
        params: strengths and the longest edit.
    """
    path = editing.edit(starts, wanted.astype(np.float32), strengths(params.levels).tolist())
    path, finite, shortened = pulled_back(path, starts, params.longest * editing.radius)
    flat = look(editing, path.reshape(-1, *path.shape[2:]))
    shape = (*finite.shape, -1)
    return Edits(Seen(flat.judge.reshape(shape), flat.guide.reshape(shape)), finite, shortened)


def _seen(judge: NDArray[np.floating], guide: NDArray[np.floating]) -> Seen:
    if judge.shape != guide.shape:
        raise ShapeError(
            f"The judge's answers have shape {list(judge.shape)}, the guide's "
            f"{list(guide.shape)}; both must answer the same conditions [N, C]."
        )
    return Seen(judge.astype(np.float64), guide.astype(np.float64))
