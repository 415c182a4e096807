"""Whether an edit of one part changes the image at that part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import APPEARANCE, KEYPOINTS, Evaluation, Measurement, Metric
from harness_metrics.edit_params import EditLocalityParams
from harness_metrics.fields import Bools, Floats, mean_over_images, nonzero
from harness_metrics.generated import Draw, inward, new_draw, standard_error

#: The direction of moves.
RIGHT = np.array([1.0, 0.0])


class EditLocality(Metric):
    """How much of the change by an exchanged look lies at the part, over an even spread.

    Higher is better; 1 is a change spread evenly over the image, 1 / area share of the region is
    the most there can be (5.1 for the default radius, more where the region leaves the image); mean
    over images and parts. For `images` new images and every part, the part's appearance is
    exchanged for that of the next image, the last one's for the first one's; positions, the other
    parts and the background stay. The change is the absolute difference of all pixels and colours
    at the suite's size. The region is the disc of `radius` around the part's keypoint: the pixels
    whose centres are nearer. The locality of an edit is the share of the change inside of the
    region, divided by the region's share of the pixels.

    An edit that changes nothing has locality 0 and share 0 and is counted in `details`, so that a
    generator never gains by ignoring its latents. An edit whose region holds no pixel is left out
    and counted.

    `also` holds the share itself, and both for moves: every keypoint is moved alone by `distance`
    to the right, or to the left where it would get nearer to the border than a tenth of the edge;
    the region is the disc where it was with the disc where it was put.

    It is a property of the network more than of what it learned: a generator that paints every part
    around its keypoint is local before the first step, too. Look at the row of the untrained
    method, and read the metric beside one of how good the images are and beside `move_consistency`.

    Source: the difference maps of He et al. 2021 (LatentKeypointGAN, fig. 6), of which it is a
        number; the measure is this project's own.
    """

    params: EditLocalityParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Locality over new images; no test image is looked at.

        Raises:
            DataError: the method's generator is not at hand.
        """
        params = self.params
        draw = new_draw(evaluation, params.images, params.seed, "edit_locality")
        parts = range(draw.points.shape[1])
        looks = _joined([self._look(draw, part) for part in parts])
        moves = _joined([self._move(draw, part) for part in parts])
        return _measurement(looks, moves)

    def _look(self, draw: Draw, part: int) -> Changes:
        """One part with the look that it has in the next image."""
        looks = draw.latents[APPEARANCE].copy()
        looks[:, part] = np.roll(looks[:, part], -1, axis=0)
        region = discs(draw.points[:, part], self.params.radius, draw.images.shape[-1])
        return changes(draw.images, draw.changed(**{APPEARANCE: looks}), region)

    def _move(self, draw: Draw, part: int) -> Changes:
        """One keypoint moved to the right or to the left."""
        points = draw.points
        points[:, [part]] += inward(points[:, [part]], self.params.distance * RIGHT)
        before, after = (
            discs(places[:, part], self.params.radius, draw.images.shape[-1])
            for places in (draw.points, points)
        )
        return changes(draw.images, draw.changed(**{KEYPOINTS: points}), before | after)


def _measurement(looks: Changes, moves: Changes) -> Measurement:
    """All numbers, from edits `[N, K]` of looks and of keypoints."""
    own = looks.locality
    by_part = _means(own, axis=0)
    return Measurement(
        value=mean_over_images(own.ravel()),
        excluded=nonzero(
            {
                "edits: region outside of the image": (looks.area == 0).sum(),
                "moves: region outside of the image": (moves.area == 0).sum(),
            }
        ),
        also={
            "share inside the region": float(looks.share.mean()),
            "one keypoint moved": mean_over_images(moves.locality.ravel()),
            "one keypoint moved, share inside the region": float(moves.share.mean()),
        },
        details={
            "images": float(len(own)),
            "standard error over images": standard_error(_means(own, axis=1)),
            "area share of the region": float(looks.area.mean()),
            "edits that change nothing": float((looks.change == 0).sum()),
            "area share of the region, one keypoint moved": float(moves.area.mean()),
            "moves that change nothing": float((moves.change == 0).sum()),
            **{f"part {part}": float(value) for part, value in enumerate(by_part)},
        },
    )


@dataclass(frozen=True)
class Changes:
    """What edits changed, all `float64 [N]` or `[N, K]`.

    Attributes:
        change: absolute difference of all pixels and colours.
        share: of it inside the region, 0 where nothing changed.
        area: share of the pixels inside the region.
    """

    change: Floats
    share: Floats
    area: Floats

    @property
    def locality(self) -> Floats:
        """Share over area, NaN where the region holds no pixel."""
        empty = self.area == 0
        return np.where(empty, np.nan, self.share / np.where(empty, 1.0, self.area))


def changes(before: NDArray[np.uint8], after: NDArray[np.uint8], region: Bools) -> Changes:
    """Where images differ.

    Args:
        before: `uint8 [N, 3, S, S]`.
        after: `uint8 [N, 3, S, S]`.
        region: `bool [N, S, S]`.
    """
    # int16 holds every difference of two bytes; the sum over the colours is at most 765.
    difference = np.abs(before.astype(np.int16) - after).sum(axis=1, dtype=np.int64)
    total = difference.sum(axis=(1, 2))
    inside = np.where(region, difference, 0).sum(axis=(1, 2))
    return Changes(
        change=total.astype(np.float64),
        share=inside / np.maximum(total, 1),
        area=region.mean(axis=(1, 2), dtype=np.float64),
    )


def discs(centres: Floats, radius: float, size: int) -> Bools:
    """Pixels `bool [N, size, size]` whose centres are nearer than a radius to a point `[N, 2]`."""
    axis = (np.arange(size) + 0.5) / size
    across, down = ((axis - centres[:, [i]]) ** 2 for i in (0, 1))
    near: Bools = down[:, :, None] + across[:, None, :] < radius**2
    return near


def _joined(parts: list[Changes]) -> Changes:
    """Changes `[N]` of every part as `[N, K]`."""
    return Changes(
        *(
            np.stack([getattr(one, name) for one in parts], 1)
            for name in ("change", "share", "area")
        )
    )


def _means(values: Floats, axis: int) -> Floats:
    """Means along an axis of what is not NaN; NaN where nothing is left."""
    kept = np.isfinite(values)
    total, count = np.where(kept, values, 0.0).sum(axis=axis), kept.sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
