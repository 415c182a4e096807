"""Whether the detector sees a keypoint where it was put."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from harness.contract import KEYPOINTS, Evaluation, Measurement, Metric, Predicted
from harness.errors import DataError, ShapeError
from harness_metrics.edit_params import MoveConsistencyParams
from harness_metrics.fields import Bools, Floats, keypoints_of, nonzero
from harness_metrics.generated import Draw, inward, new_draw, standard_error
from harness_metrics.landmark_regression import IMAGE_CENTRE

#: The directions of moves: to the right, and downwards.
AXES = np.eye(2)


class MoveConsistency(Metric):
    """Share of a motion that the method's own detector sees when all keypoints are moved together.

    1 is a motion that is obeyed, 0 one that is ignored; a fraction, which is negative for a motion
    the other way and above 1 for a longer one; mean over images and keypoints. The keypoints of
    `images` new images are moved by the vector m and the images drawn again, looks and background
    unchanged. The share of a keypoint is (d . m) / (m . m), where d leads from where the detector
    sees it in the image to where it sees it in the changed image. All keypoints of an image are
    moved by `together` to the right, or to the left where that takes fewer of them nearer to the
    border than a tenth of the edge.

    `also` holds the same downwards or upwards, and for keypoints that are moved alone by `single`
    along both axes, each reversed near the border likewise: the mean, which is low where the other
    keypoints outvote the moved one, the best keypoint (the largest of K means, so that it grows
    with K), and the mean distance between where a keypoint was put and where it is seen, in percent
    of the image edge. Read the last one beside the same distance in the unchanged images, in
    `details`: it is what the detector errs anyway.

    A keypoint that the detector does not find, before or after a move, has the share 0 and is
    taken to be seen at the image centre; it is counted.

    Source: the editing of He et al. 2021 (LatentKeypointGAN, fig. 5), of which it is a number; the
        measure is this project's own.
    """

    params: MoveConsistencyParams

    def measure(self, evaluation: Evaluation) -> Measurement:
        """Detected shares over new images; no test image is looked at.

        Raises:
            DataError: generator or detector are not at hand.
            ShapeError: the detector finds another number of keypoints than the generator has.
        """
        params = self.params
        if evaluation.predict is None:
            raise DataError("move_consistency needs the detector, and only predictions are known.")
        draw = new_draw(evaluation, params.images, params.seed, "move_consistency")
        look = _Detector(evaluation.predict, draw.points.shape)
        seen = look(draw.images)
        every = range(draw.points.shape[1])
        together = [_moved(draw, look, seen, list(every), params.together * a) for a in AXES]
        alone = [
            [_moved(draw, look, seen, [keypoint], params.single * axis) for axis in AXES]
            for keypoint in every
        ]
        return _measurement(seen, draw.points, together, alone)


def _measurement(
    seen: Floats, points: Floats, together: list[Moves], alone: list[list[Moves]]
) -> Measurement:
    """All numbers, from moves of all keypoints along both axes and of each one alone."""
    by_image = together[0].shares.mean(axis=1)
    by_keypoint = [float(np.mean([moves.shares for moves in axes])) for axes in alone]
    single = [moves for axes in alone for moves in axes]
    put = {"one": single, "all": together}
    distances = {name: float(np.mean([m.distances for m in moves])) for name, moves in put.items()}
    return Measurement(
        value=float(by_image.mean()),
        excluded=nonzero(
            {
                "keypoints: missing in new images": np.isnan(seen[..., 0]).sum(),
                "keypoints: missing in changed images": sum(
                    moves.missing for moves in [*together, *single]
                ),
            }
        ),
        also={
            "all keypoints, up or down": float(together[1].shares.mean()),
            "one keypoint": float(np.mean(by_keypoint)),
            "best keypoint": max(by_keypoint),
            "distance from where one was put, % of image edge": distances["one"],
        },
        details={
            "images": float(len(seen)),
            "standard error over images": standard_error(by_image),
            "distance in unchanged images, % of image edge": float(_distances(seen, points).mean()),
            "distance from where all were put, % of image edge": distances["all"],
            **{f"keypoint {keypoint}": share for keypoint, share in enumerate(by_keypoint)},
        },
    )


def _moved(
    draw: Draw, look: _Detector, seen: Floats, chosen: list[int], step: NDArray[np.float64]
) -> Moves:
    """The chosen keypoints moved by a step (right, down), or by its reverse."""
    points = draw.points
    shift = inward(points[:, chosen], step)
    points[:, chosen] += shift
    found = look(draw.changed(**{KEYPOINTS: points}))[:, chosen]
    shares = ((found - seen[:, chosen]) * shift).sum(axis=2) / (shift**2).sum(axis=2)
    return Moves(
        shares=np.nan_to_num(shares, nan=0.0),
        distances=_distances(found, points[:, chosen]),
        missing=int(np.isnan(found[..., 0]).sum()),
    )


@dataclass(frozen=True)
class Moves:
    """What is seen of a motion of M keypoints in N images.

    Attributes:
        shares: `float64 [N, M]`, 1 where the motion is obeyed.
        distances: `float64 [N, M]`, percent of the image edge, from where a keypoint was put.
        missing: keypoints that the detector did not find in the changed images.
    """

    shares: Floats
    distances: Floats
    missing: int


@dataclass(frozen=True)
class _Detector:
    """Where the method sees the keypoints of its own images."""

    predict: Callable[[NDArray[np.uint8]], Predicted]
    expected: tuple[int, ...]

    def __call__(self, images: NDArray[np.uint8]) -> Floats:
        """Keypoints `float64 [N, K, 2]`, NaN where missing."""
        found = keypoints_of(self.predict(images), "generated images")
        if found.shape != self.expected:
            raise ShapeError(
                f"The detector finds {found.shape[1]} keypoints where the generator has "
                f"{self.expected[1]}; move_consistency compares them one by one."
            )
        return found


def _distances(found: Floats, places: Floats) -> Floats:
    """Percent of the image edge; what is missing is taken to be at the image centre."""
    missing: Bools = np.isnan(found)
    gaps = np.where(missing, IMAGE_CENTRE, found) - places
    distances: Floats = 100 * np.sqrt((gaps**2).sum(axis=-1))
    return distances
