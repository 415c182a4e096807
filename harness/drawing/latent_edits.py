"""Edits of latents towards what is wanted, one after the other, and what oracles see of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from harness.contract.edit_length import LONGEST, edit_lengths, pulled_back
from harness.errors import ConfigError, UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.contract.editing import Editing


@dataclass(frozen=True)
class LatentEdit:
    """N latents on the way to what is wanted, at S strengths.

    Attributes:
        wanted: conditions `[N, C]`, NaN where nothing is asked.
        strengths: S, from 0, the start.
        latents: `[S, N, D]`, or `[S, N, L, D]` with latents of their own for each layer.
        images: `uint8 [S, N, 3, H, W]`.
        guide: the guide's answers, `[S, N, C]`.
        judge: the judge's, `[S, N, C]`.
        lengths: of the edits, `[S, N]`, in units of R, the mean distance of latents from their
            mean.
        cut: `bool [S, N]`, whether an edit would be longer than `LONGEST` and was pulled back.
        finite: `bool [S, N]`; where an edit is not finite, the start stands in its place.
    """

    wanted: NDArray[np.float32]
    strengths: tuple[float, ...]
    latents: NDArray[np.float32]
    images: NDArray[np.uint8]
    guide: NDArray[np.float32]
    judge: NDArray[np.float32]
    lengths: NDArray[np.float64]
    cut: NDArray[np.bool_]
    finite: NDArray[np.bool_]


def spaced(steps: int, strength: float = 1.0) -> tuple[float, ...]:
    """Strengths from 0 in equal steps.

    Args:
        steps: how many come after 0, at least 1.
        strength: the last one, above 0 and at most 1.

    Raises:
        ConfigError: there is no step, or the last strength is out of range.

    >>> spaced(2)
    (0.0, 0.5, 1.0)
    """
    if steps < 1:
        raise ConfigError(f"--steps must be at least 1 for an edit of latents, got {steps}.")
    if not 0 < strength <= 1:
        raise ConfigError(f"--strength must be above 0 and at most 1, got {strength:g}.")
    return tuple(np.linspace(0.0, strength, steps + 1).tolist())


def edited_latents(
    editing: Editing,
    starts: NDArray[np.float32],
    wanted: NDArray[np.float32],
    strengths: Sequence[float],
) -> LatentEdit:
    """Edit latents at several strengths; no edit is longer than `LONGEST`, as metrics have it.

    Args:
        editing: editor, generator and oracles.
        starts: latents `[N, D]`, N at least 1.
        wanted: conditions `[N, C]`, NaN where nothing is asked.
        strengths: S increasing numbers from 0 to 1.
    """
    path, finite, cut = limited_path(editing, starts, wanted, strengths)
    images = editing.images(path.reshape(-1, *path.shape[2:]))
    shape = path.shape[:2]
    guide, judge = (answer(images) for answer in (editing.guide, editing.judge))
    return LatentEdit(
        wanted=wanted,
        strengths=tuple(strengths),
        latents=path,
        images=images.reshape(*shape, *images.shape[1:]),
        guide=guide.reshape(*shape, -1),
        judge=judge.reshape(*shape, -1),
        lengths=edit_lengths(path, starts) / editing.radius,
        cut=cut,
        finite=finite,
    )


def limited_path(
    editing: Editing,
    starts: NDArray[np.float32],
    wanted: NDArray[np.float32],
    strengths: Sequence[float],
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """The latents of edits alone: path, `finite` and `cut`, as in `LatentEdit`."""
    path = editing.edit(starts, wanted, strengths)
    return pulled_back(path, starts, LONGEST * editing.radius)


def edited_in_sequence(
    editing: Editing,
    starts: NDArray[np.float32],
    goals: Sequence[NDArray[np.float32]],
    strengths: Sequence[float],
) -> list[LatentEdit]:
    """Edits of which each begins at the end of the one before.

    Args:
        editing: editor, generator and oracles.
        starts: latents `[N, D]`.
        goals: conditions `[C]` for all samples, one goal an edit.
        strengths: as for `edited_latents`, the same for every edit.

    Raises:
        UserError: an edit gave every layer latents of its own, from which none can begin.
    """
    edits: list[LatentEdit] = []
    for goal in goals:
        if edits:
            starts = _ends(edits[-1])
        wanted = np.repeat(goal[None], len(starts), axis=0)
        edits.append(edited_latents(editing, starts, wanted, strengths))
    return edits


def _ends(edit: LatentEdit) -> NDArray[np.float32]:
    """Where an edit ends, `[N, D]`."""
    ends: NDArray[np.float32] = edit.latents[-1]
    if ends.ndim == 2:
        return ends
    if not (ends == ends[:, :1]).all():
        raise UserError(
            "This editor gives every layer latents of its own, so that no edit can begin where one "
            "ends; ask for all at once, by several --want without --then."
        )
    first: NDArray[np.float32] = np.ascontiguousarray(ends[:, 0])
    return first
