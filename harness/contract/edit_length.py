"""How long edits of latents may be, alike for all editors: what is longer is pulled back."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: The longest edit, in units of R, the mean distance of the generator's latents from their mean.
LONGEST = 1.5
#: Edits longer than the longest by this factor are pulled back: float32 cannot meet a length.
ROUNDING = 1 + 1e-6


def edit_lengths(path: NDArray[np.float32], starts: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far edits are from their starts; NaN or infinity where one is not finite.

    Args:
        path: `[S, N, D]`, or `[S, N, L, D]` with latents of their own for each layer, where the
            length of an edit is the root of the mean over layers of squared lengths.
        starts: latents `[N, D]`.

    Returns:
        `float64 [S, N]`, in the unit of the latents.
    """
    import numpy as np

    squares = ((path.astype(np.float64) - _start(path, starts)) ** 2).sum(axis=-1)
    lengths: NDArray[np.float64] = np.sqrt(squares.mean(axis=-1) if path.ndim == 4 else squares)
    return lengths


def pulled_back(
    path: NDArray[np.float32], starts: NDArray[np.float32], longest: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """A path with no edit longer than a length, and without numbers that are not finite.

    Args:
        path: `[S, N, D]`, or `[S, N, L, D]` with latents of their own for each layer.
        starts: latents `[N, D]`.
        longest: greatest distance from the start; a longer edit keeps its direction.

    Returns:
        The path; whether an edit was finite, `bool [S, N]`, the path has the start where not; and
        whether it was pulled back, `bool [S, N]`.
    """
    import numpy as np

    start, lengths = _start(path, starts), edit_lengths(path, starts)
    finite = np.isfinite(lengths)
    shortened = finite & (lengths > longest * ROUNDING)
    wide = (*lengths.shape, *[1] * (path.ndim - 2))
    share = longest / np.where(shortened, lengths, longest)
    change = path.astype(np.float64) - start
    shorter = start + np.where(finite.reshape(wide), change, 0.0) * share.reshape(wide)
    kept = np.where(shortened.reshape(wide) | ~finite.reshape(wide), shorter, path)
    return kept.astype(np.float32), finite, shortened


def _start(path: NDArray[np.float32], starts: NDArray[np.float32]) -> NDArray[np.float64]:
    """The starts in float64, in a form that goes with a path."""
    start: NDArray[np.float64] = starts.astype("float64")
    return start[:, None] if path.ndim == 4 else start
