"""Photos drawn again after operations on the keypoints that a method found in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.drawing.operations import Operation, PointOperation
from harness.errors import ConfigError, UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from harness.saved import Fitted

    Points = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Manipulated:
    """Images drawn again after a change.

    Attributes:
        before: the keypoints before it, `[N, K, 2]` fractions.
        after: the keypoints that were drawn, `[N, K, 2]`.
        images: `uint8 [N, 3, S, S]`, S the method's image size.
    """

    before: Points
    after: Points
    images: NDArray[np.uint8]


def manipulated(
    fitted: Fitted,
    images: NDArray[np.uint8],
    operations: Sequence[Operation],
    appearance: NDArray[np.uint8] | None = None,
) -> Manipulated:
    """Images drawn again after operations on their keypoints.

    Args:
        fitted: a method with keypoints and `reconstruct`.
        images: `uint8 [N, 3, S, S]` of any size S.
        operations: on points, applied in this order.
        appearance: images `uint8 [N, 3, S, S]` whose look is taken; their own by default.

    Raises:
        UserError: the method finds no keypoints or cannot reconstruct, or an operation takes
            something from a generated image.
        ConfigError: an operation means a keypoint that there is none of.
    """
    changes = on_points(operations)
    before = found_keypoints(fitted, images)
    after = before
    for change in changes:
        after = change.apply(after)
    return Manipulated(before, after, fitted.reconstruct(images, after, appearance))


def on_points(operations: Sequence[Operation]) -> list[PointOperation]:
    """The same operations, where all of them can change photos.

    Raises:
        UserError: one takes something from a generated image.
    """
    points = [operation for operation in operations if isinstance(operation, PointOperation)]
    if len(points) < len(operations):
        other = next(one for one in operations if not isinstance(one, PointOperation))
        raise UserError(
            f"Operation '{other}' takes from a generated image and photos have none; use it with "
            "-n, or give a photo another photo's look with --appearance."
        )
    return points


def interpolation(
    fitted: Fitted, image_a: NDArray[np.uint8], image_b: NDArray[np.uint8], steps: int
) -> Manipulated:
    """One image in poses that lead to another's: keypoints go straight, at equal distances.

    Args:
        fitted: a method with keypoints and `reconstruct`.
        image_a: whose look is drawn, `uint8 [3, S, S]`.
        image_b: to whose pose it leads, `uint8 [3, S, S]`.
        steps: pictures, at least 2; the first has the pose of A, the last the pose of B.

    Returns:
        `before` repeats the keypoints of A; N is `steps`.

    Raises:
        UserError: the method finds no keypoints or cannot reconstruct.
        ConfigError: there are fewer than 2 steps.
    """
    check_steps(steps)
    start, end = found_keypoints(fitted, np.stack([image_a, image_b]))
    share = np.linspace(0, 1, steps, dtype=start.dtype)[:, None, None]
    after = (1 - share) * start + share * end
    images = np.repeat(image_a[None], steps, axis=0)
    before = np.repeat(start[None], steps, axis=0)
    return Manipulated(before, after, fitted.reconstruct(images, after))


def check_steps(steps: int) -> None:
    """Do nothing where there are enough pictures for a way from one image to another.

    Raises:
        ConfigError: there are fewer than 2.
    """
    if steps < 2:
        raise ConfigError(f"An interpolation needs at least 2 steps, got {steps}.")


def exchange(fitted: Fitted, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every image's geometry with every image's look.

    Args:
        fitted: a method with `reconstruct`.
        images: `uint8 [N, 3, S, S]`.

    Returns:
        `uint8 [N, N, 3, T, T]`, T the method's image size: entry (i, j) has the geometry of image i
        and the look of image j.

    Raises:
        UserError: the method cannot reconstruct.
    """
    rows = [
        fitted.reconstruct(np.repeat(image[None], len(images), axis=0), appearance=images)
        for image in images
    ]
    return np.stack(rows)


def found_keypoints(fitted: Fitted, images: NDArray[np.uint8]) -> Points:
    """The keypoints `[N, K, 2]` of images `uint8 [N, 3, S, S]`.

    Raises:
        UserError: the method finds no keypoints or cannot reconstruct.
    """
    fitted.require("reconstruct")
    points = fitted.predict(images).keypoints
    if points is None:
        raise UserError(f"{fitted.spec.name} finds no keypoints that could be changed.")
    return points
